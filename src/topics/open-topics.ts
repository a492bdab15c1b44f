import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { Arrivals } from "../queues/arrivals.ts";
import type { ServiceKeys } from "../queues/service-keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { Signers } from "./signers.ts";
import type { DeliveryContext } from "./topic-context.ts";
import { openWebhooks } from "./webhook.ts";

export interface TopicParts {
  /** Of the first database. */
  readonly metadata: Pick<Metadata, "queues" | "topics">;
  readonly sealer: Sealer;
  /** Absent: there is no KMS. */
  readonly keysOfService?: ServiceKeys | null;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly arrivals: Arrivals;
  readonly tell: (line: string) => void;
  /** For endpoints outside, unless the binding WEBHOOKS leads there. */
  readonly fetch: typeof fetch;
}

interface Fetcher {
  fetch: typeof fetch;
}

/** How topics deliver, as the Worker's bindings and variables say. Throws an `Error` that says what to mend. */
export function openTopics(env: Readonly<Record<string, unknown>>, parts: TopicParts): DeliveryContext {
  const { metadata, sealer, clock, random, arrivals, tell, keysOfService = null } = parts;
  const { topics: tables, queues } = metadata;
  const binding = env.WEBHOOKS as Fetcher | undefined;
  const outbound: typeof fetch = binding ? (...call) => binding.fetch(...call) : parts.fetch;
  const webhooks = openWebhooks({ fetch: outbound, allowsPrivate: allowsPrivate(env), clock });
  const signers = new Signers({ certificates: tables.certificates, sealer, clock, random });
  const publicOrigin = parsePublicOrigin(env);
  const about = { keysOfService, signers, webhooks, publicOrigin, tell };
  return { tables, queues, sealer, clock, random, arrivals, ...about };
}

/** `SHERD_WEBHOOK_PRIVATE`: whether endpoints of subscriptions may have private addresses. */
export function allowsPrivate(vars: Readonly<Record<string, unknown>>): boolean {
  const value = vars.SHERD_WEBHOOK_PRIVATE;
  const text = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (/^(|0|false|no)$/.test(text)) return false;
  if (/^(1|true|yes)$/.test(text)) return true;
  throw new Error("SHERD_WEBHOOK_PRIVATE must be 1 or 0");
}

/** `SHERD_PUBLIC_URL`, for example `https://files.example.com`: the origin; null if it is not set. Throws an `Error` that says what to mend. */
export function parsePublicOrigin(vars: Readonly<Record<string, unknown>>): string | null {
  const value = vars.SHERD_PUBLIC_URL;
  const text = typeof value === "string" ? value.trim() : "";
  if (text === "") return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new Error("SHERD_PUBLIC_URL must be http:// or https:// with a host, and a port where that is needed");
  }
  return url.origin;
}
