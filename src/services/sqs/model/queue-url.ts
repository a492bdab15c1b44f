import { isQueueName } from "../../../queues/settings.ts";
import type { QueueName } from "./queue-memory.ts";

export function queueUrl(origin: string, { accountId, name }: QueueName): string {
  return `${origin}/${accountId}/${name}`;
}

/** The queue that a URL names, by whatever host: the last two parts of its path. Null: it names none. */
export function parseQueueUrl(url: string): QueueName | null {
  if (url.length > 2_048) return null;
  const path = /^https?:\/\/[^/?#]+(\/[^?#]*)$/i.exec(url)?.[1] ?? (url.startsWith("/") ? url : "");
  return parseQueuePath(path.replace(/\/$/, ""));
}

/** The queue that a path of a request names: `/100000000001/name`. */
export function parseQueuePath(path: string): QueueName | null {
  const [, accountId = "", name = ""] = /^\/(?:queue\/)?(\d{12})\/([^/]+)$/.exec(path) ?? [];
  return accountId !== "" && isQueueName(name) ? { accountId, name } : null;
}
