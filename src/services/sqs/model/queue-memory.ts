import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Queues } from "../../../metadata/queues/all.ts";
import type { QueueRow } from "../../../metadata/queues/queues.ts";
import { queueArn } from "../../../queues/settings.ts";

/** A queue with its policy compiled. */
export interface KnownQueue extends QueueRow {
  readonly arn: string;
  /** Null: it has none. */
  readonly policy: Policy | null;
}

/** Which queue an operation is about. */
export interface QueueName {
  readonly accountId: string;
  readonly name: string;
}

/** A remembered queue that was changed makes an operation try again, which costs a round trip more: so it is remembered for a minute. */
const REMEMBERED_MS = 60_000;
/** Policies have 8 KB at the most. */
const QUEUES_MAX = 1_000;

/**
 * Queues that an isolate has read lately, so that an operation is one round trip: its batch fails if the queue is another one by now
 * (`requireQueue`), and is tried again with what there is.
 */
export class QueueMemory {
  readonly #clock: Clock;
  readonly #known = new Map<string, { queue: KnownQueue; readMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is remembered; undefined: nothing. */
  recall({ accountId, name }: QueueName): KnownQueue | undefined {
    const known = this.#known.get(`${accountId}/${name}`);
    return known !== undefined && this.#clock.now() - known.readMs < REMEMBERED_MS ? known.queue : undefined;
  }

  /** The queue as it is now; null: there is none. One round trip. */
  async read(tables: Queues, { accountId, name }: QueueName): Promise<KnownQueue | null> {
    const id = `${accountId}/${name}`;
    const readMs = this.#clock.now();
    const row = await tables.queues.find(accountId, name);
    this.#known.delete(id);
    if (row === null) return null;
    const queue = know(row);
    this.#known.set(id, { queue, readMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > QUEUES_MAX && oldest !== undefined) this.#known.delete(oldest);
    return queue;
  }

  forget({ accountId, name }: QueueName): void {
    this.#known.delete(`${accountId}/${name}`);
  }
}

function know(row: QueueRow): KnownQueue {
  const arn = queueArn(row);
  const text = row.attributes.Policy;
  if (text === undefined) return { ...row, arn, policy: null };
  const parsed = parsePolicy(text, { kind: "resource", arn });
  if (!parsed.ok) throw new Error(`the policy of ${arn} cannot be read: ${JSON.stringify(parsed.failure)}`);
  return { ...row, arn, policy: parsed.policy };
}
