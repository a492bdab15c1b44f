import type { Statement } from "../database.ts";
import { requireTopic, type TopicRow } from "./topics.ts";

/** A message on its way to a topic's subscriptions. */
export interface NewPublication {
  /** A UUID. */
  readonly messageId: string;
  readonly atMs: number;
  /** What the content is sealed for; null: it is plain. */
  readonly sealedAs: string | null;
  readonly content: string;
}

/** Publishes as part of any batch of the first database, which fails with topic_changed unless the topic is still what was read. */
export function publishStatements(
  topic: Pick<TopicRow, "id" | "revision">,
  messages: readonly NewPublication[],
): Statement[] {
  return [
    requireTopic(topic),
    {
      sql: `INSERT INTO publications (topic_id, message_id, at_ms, sealed_as, content, reached)
            SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, 0 FROM json_each(?2) RETURNING id`,
      values: [
        topic.id,
        JSON.stringify(messages.map(({ messageId, atMs, sealedAs, content }) => [messageId, atMs, sealedAs, content])),
      ],
      isNews: true,
    },
  ];
}

/** Sends a message to one subscription alone, by its id. */
export function publishDirectly(
  topicId: number,
  subscriptionId: string,
  { messageId, atMs, sealedAs, content }: NewPublication,
): Statement[] {
  return [
    {
      sql: `INSERT INTO publications (topic_id, message_id, at_ms, sealed_as, content, reached) VALUES (?1, ?2, ?3, ?4, ?5, NULL) RETURNING id`,
      values: [topicId, messageId, atMs, sealedAs, content],
      isNews: true,
    },
    {
      sql: `INSERT INTO deliveries (subscription, publication, since_ms, next_ms)
            SELECT s.place, last_insert_rowid(), ?2, 0 FROM subscriptions s WHERE s.id = ?1`,
      values: [subscriptionId, atMs],
    },
  ];
}
