import { firstAccount } from "../src/auth/principal.ts";
import { Announcer } from "../src/events/announcer.ts";
import { deliver, type EventContext } from "../src/events/deliver.ts";
import { openEvents } from "../src/events/open-events.ts";
import { type JobReports, runJobs } from "../src/maintenance/run/run-jobs.ts";
import type { QueueRow } from "../src/metadata/queues/queues.ts";
import { Arrivals } from "../src/queues/arrivals.ts";
import { CountMemory } from "../src/queues/count-memory.ts";
import { FlightMemory } from "../src/queues/flight-memory.ts";
import type { QueueContext } from "../src/queues/queue-context.ts";
import { receiveMessages } from "../src/queues/receive.ts";
import { queueArn } from "../src/queues/settings.ts";
import { deleteMessages } from "../src/queues/settle.ts";
import { rootSealer } from "../src/sealing/root-sealer.ts";
import { setNotifications } from "../src/store/buckets/notifications.ts";
import type { StoreContext } from "../src/store/context.ts";
import { topicArn } from "../src/topics/settings.ts";
import { TEST_ROOT_KEY } from "../test/support/sealing.ts";
import type { Announcements } from "./announcements.ts";
import { Violation } from "./oracle.ts";
import type { Process } from "./scheduler.ts";
import type { World } from "./world.ts";

/** Buckets that notify a queue, and those that notify a topic with the queue as subscriber. */
const TELL_QUEUE = ["plain", "locked"];
const TELL_TOPIC = ["versioned", "suspending"];
const REGION = "us-east-1";
const VISIBILITY_SECONDS = 30;
/** Without failures, all announcements are received after this many rounds. */
const ROUNDS_MAX = 500;

/** Parts that a process needs to deliver and to receive. */
export interface Listening {
  events: EventContext;
  announcer: Announcer;
  queues: QueueContext;
}

/** A process with the store that runs in it. */
export interface Host {
  process: Process;
  store: StoreContext;
  listening: Listening;
}

/** `failed` is called with errors of deliveries after an answer. */
export function listen(store: StoreContext, failed: (error: unknown) => void): Listening {
  const { clock, random, metadata } = store;
  const sealer = rootSealer([TEST_ROOT_KEY], random);
  const arrivals = new Arrivals(clock);
  const noFetch = () => Promise.reject(new Violation("nobody subscribed from outside"));
  // A topic that waits because D1 did not answer is told of as well, and loses nothing.
  const tell = (line: string) => {
    if (!line.includes("cannot be delivered yet")) failed(new Violation(`a message was given up: ${line}`));
  };
  const events = openEvents({}, store, { clock, random, tell, sealer, fetch: noFetch, arrivals });
  const memories = { arrivals, flights: new FlightMemory(), counts: new CountMemory() };
  const queues = {
    tables: metadata.queues,
    bare: metadata.queues,
    sealer,
    clock,
    random,
    keys: () => null,
    ...memories,
  };
  return { events, announcer: new Announcer(events, failed), queues };
}

/** Makes the queue and the topic, and lets every bucket notify one of them of everything. */
export async function subscribeToAll(store: StoreContext): Promise<void> {
  const { accountId } = firstAccount;
  const named = { accountId, region: REGION, createdMs: store.clock.now(), revision: "first", tags: [] };
  const sending = { Effect: "Allow", Principal: { Service: ["s3.amazonaws.com", "sns.amazonaws.com"] }, Resource: "*" };
  const letting = (Action: string) => JSON.stringify({ Version: "2012-10-17", Statement: [{ ...sending, Action }] });
  const attributes = { Policy: letting("sqs:SendMessage"), VisibilityTimeout: `${VISIBILITY_SECONDS}` };
  const { queues, topics } = store.metadata;
  await queues.queues.create({ ...named, name: "news", modifiedMs: named.createdMs, attributes, deadLetter: null }, 0);
  const queue = await queueOf(store);
  await topics.topics.create({ ...named, name: "news", attributes: { Policy: letting("sns:Publish") } });
  const topic = await topics.topics.find(accountId, "news");
  if (topic === null) throw new Error("the topic is not there");
  const subscription = { id: "subscription", accountId, protocol: "sqs", endpoint: queueArn(queue), origin: "" };
  const confirmed = { createdMs: named.createdMs, token: null, authenticated: true };
  const raw = { RawMessageDelivery: "true" };
  await topics.subscriptions.create(topic, { ...subscription, ...confirmed, attributes: raw }, null);
  const tells = async (bucket: string, kind: "queue" | "topic", target: string) => {
    const rule = { id: bucket, kind, target, events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] };
    const rules = [{ ...rule, prefix: null, suffix: null }];
    await setNotifications(store, bucket, { rules, eventBridge: false });
  };
  for (const bucket of TELL_QUEUE) await tells(bucket, "queue", queueArn(queue));
  for (const bucket of TELL_TOPIC) await tells(bucket, "topic", topicArn(topic));
}

async function queueOf({ metadata }: Pick<StoreContext, "metadata">): Promise<QueueRow> {
  const queue = await metadata.queues.queues.find(firstAccount.accountId, "news");
  if (queue === null) throw new Error("the queue is not there");
  return queue;
}

/**
 * A consumer's turn: receives some messages, records them, and deletes them. Returns their number.
 */
export async function consume(
  { store, listening }: Pick<Host, "store" | "listening">,
  announcements: Announcements,
): Promise<number> {
  const { queues } = listening;
  const queue = await queueOf(store);
  const request = { count: 10, visibilitySeconds: undefined, waitSeconds: 0, attemptId: null, signal: null };
  const received = await receiveMessages(queues, queue, request);
  if (received.kind !== "messages") throw new Violation("too much is in flight");
  for (const { content } of received.messages) announcements.received(content.body);
  const handles = received.messages.map(({ receiptHandle }) => receiptHandle);
  if (handles.length > 0) await deleteMessages(queues, queue, handles);
  return handles.length;
}

/** Work after the answer to a request, unless its process dies first. */
export function announceAfterAnswer({ listening }: Host): void {
  listening.announcer.note();
  listening.announcer.afterAnswer({ waitUntil: () => {} });
}

/** Work of a cron trigger: the jobs, and the rest of the announcements. */
export async function runBackground({ store, listening }: Host): Promise<JobReports> {
  const reports = await runJobs(store);
  await deliver(listening.events, () => false);
  return reports;
}

/** Without failures, delivers and receives until no message is on its way. */
export async function receiveRest(host: Host, world: World, announcements: Announcements): Promise<void> {
  const onItsWay = ["outbox", "undelivered", "publications", "messages"].map(
    (table) => `(SELECT count(*) FROM ${table})`,
  );
  const rest = world.d1.database.prepare(`SELECT ${onItsWay.join(" + ")} AS count`);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await deliver(host.listening.events, () => false);
    while ((await consume(host, announcements)) > 0);
    if ((rest.get() as { count: number }).count === 0) return;
    // Until others can have what a dead process has claimed or received.
    await host.store.clock.sleep(VISIBILITY_SECONDS * 1000);
  }
  throw new Violation("messages never arrive, although nothing fails");
}
