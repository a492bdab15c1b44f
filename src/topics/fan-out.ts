import { isAccessChanged } from "../metadata/database.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import { isQueueChanged } from "../metadata/queues/queues.ts";
import { type FreshPublications, isPublicationTaken } from "../metadata/topics/publications.ts";
import type { SubscriptionRow } from "../metadata/topics/subscriptions.ts";
import type { TopicRow } from "../metadata/topics/topics.ts";
import type { Effort } from "./filter-match.ts";
import {
  bodyOf,
  isWanted,
  deadLetter as letterFor,
  type OpenedPublication,
  openedPublication,
  openPublication,
  queueMessage,
} from "./letters.ts";
import {
  encodedBytes,
  findQueues,
  type OpenedQueue,
  openQueue,
  postsToQueue,
  type QueueMessage,
  type QueuePost,
} from "./queue-endpoints.ts";
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
/** Of the contents of publications that go on together. */
const CONTENT_BYTES = 700_000;
/** Of all messages for queues in one batch, encoded. Each subscription is whole: the last one may go above it. */
const BATCH_BYTES = 8_000_000;
const SUBSCRIPTIONS_MAX = 100;
/** Of matching filters before what was found is written down, and others have their turn. The last subscription may go above it. */
const EFFORT_STEPS = 500_000;

/** A topic that fails is tried again after a second, then after twice as long as before. */
const BACKOFF_MS = { first: 1_000, max: 300_000 } as const;
/** A publication that fails so often in a row is given up, for the one subscription that it fails for. */
const FAILURES_MAX = 10;

/**
 * Brings fresh publications to the subscriptions of their topics, until none is left or `isSpent` says so. A queue of this server gets
 * its message by the very batch that notes how far the publication has come: once, whatever stops. For other endpoints that batch leaves
 * rows of `deliveries`. Two that do this at the same time do no harm: the second finds that the publications have gone on.
 *
 * A queue whose KMS cannot be reached gets its messages like other endpoints, by rows of `deliveries`: those of a FIFO topic lose their order
 * by that. A topic that fails, whatever the reason, waits, and the others go on. Rejects if that cannot be written down: then D1 itself is gone.
 */
export async function fanOut(context: DeliveryContext, isSpent: () => boolean): Promise<FanOutReport> {
  const report: FanOutReport = { published: 0, delivered: 0, givenUp: 0 };
  while (!isSpent()) {
    const fresh = await context.tables.publications.fresh({
      ...{ publications: PUBLICATIONS_MAX, bytes: CONTENT_BYTES, subscriptions: SUBSCRIPTIONS_MAX },
      nowMs: context.clock.now(),
    });
    if (fresh === null) return report;
    try {
      await goOn(context, fresh, report);
    } catch (error) {
      if (!isPublicationTaken(error) && !isQueueChanged(error) && !isAccessChanged(error))
        await failed(context, fresh, error);
    }
  }
  return report;
}

/** Lets the topic wait; after too many failures the one subscription that is next goes without the publication. */
async function failed(context: DeliveryContext, fresh: FreshPublications, error: unknown): Promise<void> {
  const { publications, subscriptions, topic, failures } = fresh;
  const topicId = publications[0]?.topicId ?? 0;
  const attempts = failures + 1;
  const reason = error instanceof Error ? error.message : String(error);
  const name = topic === null ? `a deleted topic (${topicId})` : topicArn(topic);
  if (attempts >= FAILURES_MAX && publications.length === 1 && subscriptions.length <= 1) {
    const reached = subscriptions[0]?.place ?? null;
    const nowMs = context.clock.now();
    await context.tables.publications.advance(fresh, { reached, deliveries: [], nowMs }, []);
    context.tell(`message ${publications[0]?.messageId} of ${name} is dropped for one subscription (${reason})`);
    return;
  }
  const delayMs = Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** failures);
  await context.tables.publications.noteFailure(topicId, { attempts, nextMs: context.clock.now() + delayMs });
  context.tell(`messages of ${name} cannot be delivered yet (${reason}); attempt ${attempts}`);
}

async function goOn(context: DeliveryContext, fresh: FreshPublications, report: FanOutReport): Promise<void> {
  const { topic, publications } = fresh;
  const opened = publications.flatMap((row): OpenedPublication[] => {
    const publication = openPublication(context, row);
    if (publication === null) context.tell(`message ${row.messageId} of a topic cannot be decrypted; it is dropped`);
    return publication === null ? [] : [openedPublication(row, publication)];
  });
  const sorted = topic === null ? NOTHING : await sort(context, { topic, opened, subscriptions: fresh.subscriptions });
  const nowMs = context.clock.now();
  const { subscriptions, failures } = fresh;
  const isLast = failures === 0 && subscriptions.length < SUBSCRIPTIONS_MAX && sorted.done === subscriptions.length;
  // Null too if there is no further subscription.
  const reached = topic === null || isLast ? null : (subscriptions[sorted.done - 1]?.place ?? null);
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
  /** Subscriptions that were looked at. */
  done: number;
  /** Of `posts`, encoded. */
  bytes: number;
  /** What filters have cost. */
  readonly effort: Effort;
  delivered: number;
  givenUp: number;
}

const emptySorted = (): Sorted => ({
  ...{ posts: [], deliveries: [], lines: [], done: 0, bytes: 0, delivered: 0, givenUp: 0 },
  effort: { steps: 0 },
});
const NOTHING: Readonly<Sorted> = emptySorted();

interface Sending {
  readonly topic: TopicRow;
  readonly opened: readonly OpenedPublication[];
  readonly subscriptions: readonly SubscriptionRow[];
}

/** What goes to queues at once, and what is to be delivered later: of as many subscriptions as one batch takes, one at least. */
async function sort(context: DeliveryContext, sending: Sending): Promise<Sorted> {
  const sorted = emptySorted();
  const arns = sending.subscriptions.flatMap(({ protocol, endpoint, attributes, token }) =>
    protocol === "sqs" && token === null ? [endpoint, ...deadLetterArn(attributes)] : [],
  );
  const queues = await findQueues(context.queues.queues, arns);
  for (const subscription of sending.subscriptions) {
    if (sorted.bytes >= BATCH_BYTES || sorted.effort.steps >= EFFORT_STEPS) break;
    sorted.done++;
    if (subscription.token !== null) continue;
    const wanted = sending.opened.filter((one) => isWanted(subscription, one, sorted.effort));
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
  const queue = await openQueue(context, queues.get(subscription.endpoint), topic);
  // This subscription alone is tried again.
  const later = ({ row }: OpenedPublication): [number, number] => [subscription.place, row.id];
  if (queue === "unavailable") {
    sorted.deliveries.push(...wanted.map(later));
    return;
  }
  const good: QueueMessage[] = [];
  const refused: { opened: OpenedPublication; letter: QueueMessage | null; reason: string }[] = [];
  for (const opened of wanted) {
    const body = await bodyOf(context, { topic, subscription, opened });
    const message = queueMessage(body, { topic, subscription, opened });
    if ("problem" in message) refused.push({ opened, letter: letterFor(body, null), reason: message.problem });
    else if ("problem" in queue) refused.push({ opened, letter: message, reason: queue.problem });
    else good.push(message);
  }
  if (!("problem" in queue)) addPosts(context, sorted, { queue, messages: good });
  sorted.delivered += good.length;
  if (refused.length === 0) return;
  const [arn] = deadLetterArn(subscription.attributes);
  const dead = await openQueue(context, arn === undefined ? undefined : queues.get(arn), topic);
  if (dead === "unavailable") {
    sorted.deliveries.push(...refused.map(({ opened }) => later(opened)));
    return;
  }
  const isTaken = !("problem" in dead);
  sorted.givenUp += refused.length;
  for (const [reason, some] of Map.groupBy(refused, (one) => one.reason)) {
    const letters = isTaken ? some.flatMap(({ letter }) => letter ?? []) : [];
    if (isTaken) addPosts(context, sorted, { queue: dead, messages: letters });
    const about = { topic, subscription, count: some.length, reason };
    sorted.lines.push(givenUpLine({ ...about, deadLetter: arn, letters: letters.length }));
  }
}

function addPosts(
  context: DeliveryContext,
  sorted: Sorted,
  { queue, messages }: { queue: OpenedQueue; messages: readonly QueueMessage[] },
): void {
  sorted.posts.push(...postsToQueue(context, queue, messages));
  for (const message of messages) sorted.bytes += encodedBytes(message);
}

/** The line for the log about messages that were given up. */
export function givenUpLine(about: {
  topic: TopicRow;
  subscription: Pick<SubscriptionRow, "id">;
  count: number;
  reason: string;
  deadLetter: string | undefined;
  /** How many of them the dead letter queue takes. */
  letters: number;
}): string {
  const { topic, subscription, count, reason, deadLetter, letters } = about;
  const part = letters === count ? "they" : `${letters} of them`;
  const fate = letters === 0 ? "they are dropped" : `${part} go to ${deadLetter}`;
  return `${count} messages for subscription ${topicArn(topic)}:${subscription.id} could not be delivered (${reason}); ${fate}`;
}

/** The ARN of a subscription's dead letter queue, which was checked when it was put. */
export function deadLetterArn(attributes: SubscriptionRow["attributes"]): string[] {
  if (attributes.RedrivePolicy === undefined) return [];
  return [`${(JSON.parse(attributes.RedrivePolicy) as { deadLetterTargetArn: string }).deadLetterTargetArn}`];
}
