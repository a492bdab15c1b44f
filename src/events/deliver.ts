import { parseArn } from "../base/arn.ts";
import type { Clock } from "../base/clock.ts";
import { GuardError } from "../metadata/database.ts";
import type { UndeliveredRow } from "../metadata/events/outbox-table.ts";
import type { Metadata } from "../metadata/metadata.ts";
import { isKmsUnavailable } from "../sealing/data-keys.ts";
import { fanOut } from "../topics/fan-out.ts";
import type { DeliveryContext } from "../topics/topic-context.ts";
import { messagesOf, type OutgoingNews } from "./messages.ts";
import type { EventSettings } from "./settings.ts";
import { type Source, type Target, TargetRefused, type Targets } from "./target.ts";

/** All that delivery works with. */
export interface EventContext {
  /** Every database, the first one first: queues and topics lie in that. */
  readonly databases: readonly Pick<Metadata, "outbox" | "run">[];
  readonly targets: Targets;
  /** Null: there are no topics. */
  readonly topics: DeliveryContext | null;
  readonly clock: Clock;
  readonly settings: EventSettings;
  /** Is told of what was given up. */
  readonly tell: (line: string) => void;
}

/** What a pass did. */
export interface DeliveryReport {
  /** News that was taken out of the outbox. */
  announced: number;
  /** Messages that reached their targets. */
  delivered: number;
  /** Messages that wait. */
  waiting: number;
  /** Messages that went to the dead letter queue, or were dropped. */
  givenUp: number;
}

/** News of one pass, messages of one claim and target. */
const NEWS_MAX = 100;
const CLAIM_MAX = 50;
/** Whoever has claimed messages and says nothing for so long is dead. */
const CLAIM_MS = 60_000;
const BACKOFF_MAX_MS = 300_000;
/** How often a pass begins anew because something changed under it. */
const OVERTAKEN_MAX = 3;

/**
 * Delivers what lies in the outboxes until nothing is due or `isSpent` says so, then what was published to topics, as far as their
 * subscribers are queues of this server.
 *
 * News goes to queues and topics of this server in the very batch that takes it out of the outbox: once, whatever stops, if the bucket
 * lies in the first database; from another one at least once. What goes elsewhere, or cannot be delivered, is kept in table
 * `undelivered` by the same batch, and tried from there, in the order of each target. Two that deliver at the same time do no harm: the
 * second finds that its news is gone.
 */
export async function deliver(context: EventContext, isSpent: () => boolean): Promise<DeliveryReport> {
  const report: DeliveryReport = { announced: 0, delivered: 0, waiting: 0, givenUp: 0 };
  let hasPublications = false;
  for (const database of context.databases) {
    let seen: Announced = { found: NEWS_MAX, hasWaiting: true, hasPublications: true };
    let overtaken = 0;
    while (!isSpent() && seen.found === NEWS_MAX && overtaken < OVERTAKEN_MAX) {
      const announced = await announce(context, database, report);
      if (announced === null) overtaken++;
      else seen = announced;
      hasPublications ||= seen.hasPublications;
    }
    // Most often nothing waits: what was read with the news says so.
    while (seen.hasWaiting && !isSpent() && (await retry(context, database, report)) === CLAIM_MAX);
    // What waited may have been for a topic.
    hasPublications ||= seen.hasWaiting;
  }
  if (context.topics !== null && hasPublications) {
    const { delivered, givenUp } = await fanOut(context.topics, isSpent);
    report.delivered += delivered;
    report.givenUp += givenUp;
  }
  return report;
}

type EventDatabase = EventContext["databases"][number];

interface Announced {
  /** How much news there was. */
  readonly found: number;
  /** Whether messages wait for their targets. */
  readonly hasWaiting: boolean;
  /** Whether topics have publications that go on. */
  readonly hasPublications: boolean;
}

/** One pass over the outbox of a database. Null: something changed under it, and nothing was taken. */
async function announce(
  context: EventContext,
  database: EventDatabase,
  report: DeliveryReport,
): Promise<Announced | null> {
  const { news, listeners, waiting, hasPublications } = await database.outbox.oldest(NEWS_MAX);
  if (news.length === 0) return { found: 0, hasWaiting: waiting.length > 0, hasPublications };
  const sorted = await sortByTarget(context, messagesOf(news, listeners, context.settings), new Set(waiting));
  const batches = sorted.now.map(({ target, messages }) => target.batch(messages.map(({ text }) => text)));
  const statements = batches.flatMap((batch) => batch.statements);
  const [first] = context.databases;
  try {
    // The news of another database is announced before it is taken: twice, if this stops in between.
    if (database !== first && statements.length > 0) await (first as EventDatabase).run(statements);
    await database.outbox.take(
      news.map(({ id }) => id),
      sorted.later.map((message) => undelivered(message, context.clock.now())),
      database === first ? statements : [],
    );
  } catch (error) {
    if (isOvertaken(error)) return null;
    throw error;
  }
  for (const batch of batches) batch.committed();
  report.announced += news.length;
  report.delivered += sorted.now.reduce((sum, { messages }) => sum + messages.length, 0);
  report.waiting += sorted.later.length;
  return {
    found: news.length,
    hasWaiting: waiting.length + sorted.later.length > 0,
    hasPublications: hasPublications || sorted.now.some(({ messages }) => isTopic(messages)),
  };
}

function isTopic([message]: readonly OutgoingNews[]): boolean {
  return message !== undefined && parseArn(message.arn)?.service === "sns";
}

/** Somebody else has taken some of the news, or a queue, its key or a topic is another one by now: what is left is read again. */
function isOvertaken(error: unknown): boolean {
  return (
    error instanceof GuardError &&
    ["news_taken", "queue_changed", "topic_changed", "access_changed"].includes(error.guard)
  );
}

type InBatch = Extract<Target, { kind: "inBatch" }>;

interface Sorted {
  now: { target: InBatch; messages: OutgoingNews[] }[];
  later: OutgoingNews[];
}

/** Messages that can be delivered in a batch, and those that must wait: behind others, for a target outside, because it refuses, or for its KMS. */
async function sortByTarget(
  { targets }: EventContext,
  messages: readonly OutgoingNews[],
  waiting: ReadonlySet<string>,
): Promise<Sorted> {
  const sorted: Sorted = { now: [], later: [] };
  for (const group of groupsOf(messages)) {
    const [{ arn, source }] = group as [OutgoingNews];
    const target = waiting.has(lineOf(arn, source)) ? null : await openOrNull(targets, arn, source);
    if (target?.kind === "inBatch") sorted.now.push({ target, messages: group });
    else sorted.later.push(...group);
  }
  return sorted;
}

async function openOrNull(targets: Targets, arn: string, source: Source): Promise<Target | null> {
  try {
    return await targets.open(arn, source);
  } catch (error) {
    if (error instanceof TargetRefused || isKmsUnavailable(error)) return null;
    throw error;
  }
}

/** What waits for a target waits in a line for each bucket: one that the target refuses holds up no other. */
function lineOf(arn: string, source: Source): string {
  return `${arn} ${source.arn}`;
}

/** By target and bucket, in their order. */
function groupsOf(messages: readonly OutgoingNews[]): OutgoingNews[][] {
  const groups = new Map<string, OutgoingNews[]>();
  for (const message of messages) {
    const name = lineOf(message.arn, message.source);
    groups.set(name, [...(groups.get(name) ?? []), message]);
  }
  return [...groups.values()];
}

function undelivered({ arn, place, text, source }: OutgoingNews, nowMs: number): UndeliveredRow {
  return { target: lineOf(arn, source), place, message: JSON.stringify([source, text]), sinceMs: nowMs, attempts: 0 };
}

/** One pass over what waits. Gives how many messages it had of the target that it had most of. */
async function retry(context: EventContext, database: EventDatabase, report: DeliveryReport): Promise<number> {
  const nowMs = context.clock.now();
  const claimed = await database.outbox.claim({ nowMs, untilMs: nowMs + CLAIM_MS, limit: CLAIM_MAX });
  const byTarget = Map.groupBy(claimed, ({ target }) => target);
  let most = 0;
  for (const [line, rows] of byTarget) {
    const [arn = ""] = line.split(" ");
    const done = await retryOne(context, { database, arn, rows });
    report.delivered += done.delivered;
    report.givenUp += done.givenUp;
    report.waiting += rows.length - done.delivered - done.givenUp;
    if (done.delivered + done.givenUp === rows.length) most = Math.max(most, rows.length);
  }
  return most;
}

async function retryOne(
  context: EventContext,
  { database, arn, rows }: { database: EventDatabase; arn: string; rows: readonly UndeliveredRow[] },
): Promise<{ delivered: number; givenUp: number }> {
  const nowMs = context.clock.now();
  try {
    await sendRows(context, { database, arn, rows });
    return { delivered: rows.length, givenUp: 0 };
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    const isOver = ({ sinceMs }: UndeliveredRow) => nowMs - sinceMs > context.settings.retrySeconds * 1000;
    const aged = rows.filter(isOver);
    const over = (await giveUp(context, aged, failure)) ? aged : [];
    const backoffMs = Math.min(BACKOFF_MAX_MS, 1000 * 2 ** Math.min(20, rows[0]?.attempts ?? 0));
    const others = rows.filter((row) => !over.includes(row));
    await database.outbox.settle(
      over,
      others.map(({ target, place }) => ({ target, place, nextMs: nowMs + backoffMs, failure })),
    );
    return { delivered: 0, givenUp: over.length };
  }
}

/** Sends messages of one target in their order, and takes them out. */
async function sendRows(
  { targets, databases: [first] }: EventContext,
  { database, arn, rows }: { database: EventDatabase; arn: string; rows: readonly UndeliveredRow[] },
): Promise<void> {
  for (const group of Map.groupBy(rows, ({ message }) => JSON.stringify(JSON.parse(message)[0])).values()) {
    const messages = group.map(({ message }) => JSON.parse(message) as [Source, string]);
    const target = await targets.open(arn, (messages[0] as [Source, string])[0]);
    const texts = messages.map(([, text]) => text);
    if (target.kind === "outside") {
      await target.send(texts);
      await database.outbox.settle(group, []);
      continue;
    }
    const { statements, committed } = target.batch(texts);
    if (database !== first) await (first as EventDatabase).run(statements);
    await database.outbox.settle(group, [], database === first ? statements : []);
    committed();
  }
}

/** Sends messages at once, of which nothing is kept. Throws what the target throws, and `MetadataUnavailable`. */
export async function sendNow(
  { databases: [first] }: Pick<EventContext, "databases">,
  target: Target,
  messages: readonly string[],
): Promise<void> {
  if (target.kind === "outside") return target.send(messages);
  const { statements, committed } = target.batch(messages);
  await (first as EventDatabase).run(statements);
  committed();
}

/** False: the KMS of the dead letter queue cannot be reached, and they wait. */
async function giveUp(context: EventContext, rows: readonly UndeliveredRow[], failure: string): Promise<boolean> {
  const [row] = rows;
  if (row === undefined) return true;
  const { deadLetterArn } = context.settings;
  context.tell(
    `${rows.length} events for ${row.target.replace(" ", " of ")} could not be delivered (${failure}); ` +
      (deadLetterArn === null ? "they are dropped" : `they go to ${deadLetterArn}`),
  );
  if (deadLetterArn === null) return true;
  const messages = rows.map(({ message }) => JSON.parse(message) as [Source, string]);
  try {
    const target = await context.targets.open(deadLetterArn, (messages[0] as [Source, string])[0]);
    await sendNow(
      context,
      target,
      messages.map(([, text]) => text),
    );
  } catch (error) {
    if (isKmsUnavailable(error)) {
      context.tell(`the KMS of ${deadLetterArn} cannot be reached; they wait`);
      return false;
    }
    // Whoever cannot be reached now is tried again; one that refuses would hold them for ever.
    if (!(error instanceof TargetRefused)) throw error;
    context.tell(`${deadLetterArn} does not take them (${error.message}); they are dropped`);
  }
  return true;
}
