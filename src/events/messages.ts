import { createHash } from "node:crypto";
import { firstAccount } from "../auth/principal.ts";
import type { ListenerRow, NewsRow } from "../metadata/events/outbox-table.ts";
import { formatVersionId } from "../store/version-id.ts";
import { busEvent, type Change, eventMessage } from "./record.ts";
import { type NotificationConfiguration, ruleMatches } from "./rules.ts";
import type { Source } from "./target.ts";

/** A message for one target. */
export interface OutgoingNews {
  readonly arn: string;
  readonly source: Source;
  /** Order of a target's messages. No two of them have the same. */
  readonly place: number;
  readonly text: string;
}

/** What each of those is to be told who asked for it, in the order of the news. */
export function messagesOf(
  news: readonly NewsRow[],
  listeners: readonly ListenerRow[],
  { busArn }: { readonly busArn: string | null },
): OutgoingNews[] {
  const known = new Map(listeners.map((row) => [row.id, { row, configuration: configurationOf(row) }]));
  return news.flatMap((item) => {
    const listener = known.get(item.notificationId);
    if (listener === undefined) return [];
    const { row, configuration } = listener;
    const change = changeOf(item, row);
    const source = { arn: `arn:aws:s3:::${row.bucket}`, accountId: row.ownerAccount ?? firstAccount.accountId };
    const told = configuration.rules
      .filter((rule) => ruleMatches(rule, item.event, item.key))
      .map((rule) => ({ arn: rule.target, source, place: 2 * item.id, text: eventMessage(change, rule.id) }));
    if (!configuration.eventBridge || busArn === null) return told;
    const text = busEvent(change, { eventId: eventIdOf(item), accountId: source.accountId });
    return text === null ? told : [...told, { arn: busArn, source, place: 2 * item.id + 1, text }];
  });
}

/** A UUID that is the same whenever the event is sent. */
function eventIdOf({ notificationId, id }: NewsRow): string {
  const hex = createHash("sha256").update(`${notificationId} ${id}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function configurationOf({ configuration }: ListenerRow): NotificationConfiguration {
  return JSON.parse(configuration) as NotificationConfiguration;
}

function changeOf(news: NewsRow, { bucket, owner, region }: ListenerRow): Change {
  const { id, key, event, sizeBytes, etag, atMs, origin, detail, isNull, seq, versionId } = news;
  const version = isNull ? null : formatVersionId({ seq, id: versionId, isNull });
  return { id, bucket, owner, region, key, event, sizeBytes, etag, atMs, origin, detail, versionId: version };
}
