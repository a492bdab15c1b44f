import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import { Arrivals } from "../queues/arrivals.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { StoreContext } from "../store/context.ts";
import { DeliveryPool } from "../topics/delivery-pool.ts";
import { openTopics } from "../topics/open-topics.ts";
import { deliver, type EventContext } from "./deliver.ts";
import { parseEventSettings, parseFunctions } from "./settings.ts";
import { openTargets } from "./targets.ts";

export interface EventParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly tell: (line: string) => void;
  /** What seals messages of queues; null without a root key: then there are no queues. */
  readonly sealer: Sealer | null;
  /** For endpoints of topics' subscriptions. */
  readonly fetch: typeof fetch;
  /** Of the isolate; absent: nobody waits for messages in it. */
  readonly arrivals?: Arrivals;
}

/** How events are delivered, as the Worker's bindings and variables say. Throws an `Error` that says what to mend. */
export function openEvents(
  env: Readonly<Record<string, unknown>>,
  { metadata, databases, dataKeysOfService }: StoreContext,
  { clock, random, tell, sealer, fetch, arrivals = new Arrivals(clock) }: EventParts,
): EventContext {
  const keysOfService = dataKeysOfService ?? null;
  const topics = sealer && openTopics(env, { metadata, sealer, clock, random, arrivals, tell, fetch, keysOfService });
  const inside = sealer && {
    queues: { bare: metadata.queues, sealer, clock, random, arrivals, keysOfService },
    topics: { topics: metadata.topics.topics, sealer, clock, random },
  };
  return {
    databases: databases?.all.map((store) => store.metadata) ?? [metadata],
    targets: openTargets(inside, env, parseFunctions(env)),
    topics,
    clock,
    settings: parseEventSettings(env),
    tell,
  };
}

/** Of a run of the background jobs. */
const MS_PER_RUN = 10_000;
/** Configurations that were replaced are kept for so long: a write that began before may still name one. */
const REPLACED_MS = 24 * 3600 * 1000;

interface Log {
  info(line: string): void;
  error(line: string): void;
}

/** Delivers what no request has delivered after its answer, and writes a line about it. What is wrong with a target is a line too. */
export function deliverRest(events: EventContext, log: Log): Promise<void> {
  return logged(log, deliverAll(events));
}

/** The same to endpoints of topics' subscriptions, which may take their time. */
export function deliverToEndpoints(events: EventContext, log: Log): Promise<void> {
  return logged(log, postDue(events));
}

async function logged(log: Log, delivering: Promise<string | null>): Promise<void> {
  try {
    const line = await delivering;
    if (line !== null) log.info(line);
  } catch (error) {
    log.error(`events: ${String(error)}`);
  }
}

async function deliverAll(events: EventContext): Promise<string | null> {
  const { clock, databases } = events;
  const untilMs = clock.now() + MS_PER_RUN;
  const report = await deliver(events, () => clock.now() >= untilMs);
  for (const { outbox } of databases) await outbox.forgetReplaced(clock.now() - REPLACED_MS);
  return report.announced + report.delivered + report.givenUp > 0 ? `events ${JSON.stringify(report)}` : null;
}

async function postDue({ clock, topics }: EventContext): Promise<string | null> {
  if (topics === null) return null;
  const untilMs = clock.now() + MS_PER_RUN;
  // A run is too short for all of them, and remembers nothing of the one before.
  const after = await topics.tables.deliveries.placeAt((topics.random(1)[0] ?? 0) / 256);
  const report = await new DeliveryPool(topics, after).run(() => clock.now() >= untilMs);
  return report.delivered + report.givenUp + report.waiting > 0 ? `subscriptions ${JSON.stringify(report)}` : null;
}
