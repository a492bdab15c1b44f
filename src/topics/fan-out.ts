import type { QueueRow } from "../metadata/queues/queues.ts";
import { isQueueChanged } from "../metadata/queues/queues.ts";
import { type FreshPublications, isPublicationTaken } from "../metadata/topics/publications.ts";
import type { SubscriptionRow } from "../metadata/topics/subscriptions.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import { bodyOf, isWanted, type OpenedPublication, openPublication, queueMessage } from "./letters.ts";
import { findQueues, postToQueue, type QueueMessage, type QueuePost, queueProblem } from "./queue-endpoints.ts";
import { topicArn } from "./settings.ts";
import type { DeliveryContext } from "./topic-context.ts";

/** What a pass did. */
export interface FanOutReport {
  /** Publications that every subscription has, or waits for, now. */
  published: number;
  /** Messages that reached their queues. */
  delivered: number;
  /** Messages that could not be delivered and went to a dead letter queue, or were dropped. */
  givenUp: number;
}

const PUBLICATIONS_MAX = 20;
/** Of the contents of publications that go on together: a queue's messages are one parameter, and D1 takes 2 MB. */
const CONTENT_BYTES = 700_000;
/** Of all messages for queues in one batch. */
const BATCH_BYTES = 8_000_000;
const SUBSCRIPTIONS_MAX = 100;

/**
 * Brings fresh publications to the subscriptions of their topics, until none is left or `isSpent` says so. A queue of this server gets
 * its message by the very batch that notes how far the publication has come: once, whatever stops. For other endpoints that batch leaves
 * rows of `deliveries`. Two that do this at the same time do no harm: the second finds that the publications have gone on.
 */
export async function fanOut(context: DeliveryContext, isSpent: () => boolean): Promise<FanOutReport> {
  const report: FanOutReport = { published: 0, delivered: 0, givenUp: 0 };
  while (!isSpent()) {
    const fresh = await context.tables.publications.fresh({
      ...{ publications: PUBLICATIONS_MAX, bytes: CONTENT_BYTES, subscriptions: SUBSCRIPTIONS_MAX },
    });
    if (fresh === null) return report;
    try {
      await goOn(context, fresh, report);
    } catch (error) {
      if (!isPublicationTaken(error) && !isQueueChanged(error)) throw error;
    }
  }
  return report;
}

async function goOn(context: DeliveryContext, fresh: FreshPublications, report: FanOutReport): Promise<void> {
  const { topic, publications } = fresh;
  const opened = publications.flatMap((row): OpenedPublication[] => {
    const publication = openPublication(context, row);
    if (publication === null) context.tell(`message ${row.messageId} of a topic cannot be decrypted; it is dropped`);
    return publication === null ? [] : [{ row, publication }];
  });
  const contentBytes = publications.reduce((sum, { content }) => sum + content.length, 0);
  const some = fresh.subscriptions.slice(0, Math.max(1, Math.floor(BATCH_BYTES / Math.max(1, contentBytes))));
  const isLast = some.length === fresh.subscriptions.length && some.length < SUBSCRIPTIONS_MAX;
  const sorted = topic === null ? NOTHING : await sort(context, { topic, opened, subscriptions: some });
  const nowMs = context.clock.now();
  const reached = topic === null || isLast ? null : (some.at(-1)?.place ?? null);
  await context.tables.publications.advance(
    fresh,
    { reached, deliveries: sorted.deliveries, nowMs },
    sorted.posts.flatMap(({ statements }) => statements),
  );
  for (const post of sorted.posts) post.committed();
  for (const line of sorted.lines) context.tell(line);
  if (reached === null) report.published += publications.length;
  report.delivered += sorted.delivered;
  report.givenUp += sorted.givenUp;
}

interface Sorted {
  readonly posts: QueuePost[];
  readonly deliveries: [subscription: number, publication: number][];
  /** For the log. */
  readonly lines: string[];
  delivered: number;
  givenUp: number;
}

const NOTHING: Sorted = { posts: [], deliveries: [], lines: [], delivered: 0, givenUp: 0 };

interface Sending {
  readonly topic: TopicRow;
  readonly opened: readonly OpenedPublication[];
  readonly subscriptions: readonly SubscriptionRow[];
}

/** What goes to queues at once, and what is to be delivered later. */
async function sort(context: DeliveryContext, sending: Sending): Promise<Sorted> {
  const sorted: Sorted = { posts: [], deliveries: [], lines: [], delivered: 0, givenUp: 0 };
  const confirmed = sending.subscriptions.filter(({ token }) => token === null);
  const arns = confirmed.flatMap(({ protocol, endpoint, attributes }) =>
    protocol === "sqs" ? [endpoint, ...deadLetterArn(attributes)] : [],
  );
  const queues = await findQueues(context.queues.queues, arns);
  for (const subscription of confirmed) {
    const wanted = sending.opened.filter((one) => isWanted(subscription, one));
    if (wanted.length === 0) continue;
    if (subscription.protocol !== "sqs") {
      sorted.deliveries.push(...wanted.map(({ row }): [number, number] => [subscription.place, row.id]));
    } else await sortForQueue(context, sorted, { topic: sending.topic, subscription, wanted, queues });
  }
  return sorted;
}

interface QueueSending {
  readonly topic: TopicRow;
  readonly subscription: SubscriptionRow;
  readonly wanted: readonly OpenedPublication[];
  readonly queues: ReadonlyMap<string, QueueRow>;
}

async function sortForQueue(
  context: DeliveryContext,
  sorted: Sorted,
  { topic, subscription, wanted, queues }: QueueSending,
): Promise<void> {
  const nowMs = context.clock.now();
  const queue = queues.get(subscription.endpoint);
  const problem = queueProblem(queue, topic, nowMs);
  const good: QueueMessage[] = [];
  const failed: QueueMessage[] = [];
  for (const opened of wanted) {
    const body = await bodyOf(context, { topic, subscription, opened });
    const message = queueMessage(body, { topic, subscription, opened });
    // The dead letter queue takes no more attributes either.
    if (message === null) failed.push({ body, attributes: new Map(), groupId: null, deduplicationId: null });
    else (problem === null ? good : failed).push(message);
  }
  if (queue !== undefined && good.length > 0) sorted.posts.push(postToQueue(context, queue, good));
  sorted.delivered += good.length;
  if (failed.length === 0) return;
  const [arn] = deadLetterArn(subscription.attributes);
  const dead = arn === undefined ? undefined : queues.get(arn);
  const isTaken = dead !== undefined && queueProblem(dead, topic, nowMs) === null;
  if (isTaken) sorted.posts.push(postToQueue(context, dead, failed));
  sorted.givenUp += failed.length;
  sorted.lines.push(
    givenUpLine({
      topic,
      subscription,
      count: failed.length,
      reason: problem ?? "too many attributes for a raw message",
      deadLetter: isTaken ? arn : undefined,
    }),
  );
}

/** The line for the log about messages that were given up. */
export function givenUpLine(about: {
  topic: TopicRow;
  subscription: Pick<SubscriptionRow, "id">;
  count: number;
  reason: string;
  deadLetter: string | undefined;
}): string {
  const { topic, subscription, count, reason, deadLetter } = about;
  const fate = deadLetter === undefined ? "they are dropped" : `they go to ${deadLetter}`;
  return `${count} messages for subscription ${topicArn(topic)}:${subscription.id} could not be delivered (${reason}); ${fate}`;
}

/** The ARN of a subscription's dead letter queue, which was checked when it was put. */
export function deadLetterArn(attributes: SubscriptionRow["attributes"]): string[] {
  if (attributes.RedrivePolicy === undefined) return [];
  return [`${(JSON.parse(attributes.RedrivePolicy) as { deadLetterTargetArn: string }).deadLetterTargetArn}`];
}
