/** How long a count is taken for true. */
const REMEMBERED_MS = 60_000;
/** Queues of which an isolate remembers a count. */
const QUEUES_MAX = 1_000;

/**
 * How many messages of a queue are in flight, as far as an isolate knows: what it counted last, and what it received since. Counting reads
 * an index entry for each, so it is done once a minute, or when the limit comes near.
 */
export class FlightMemory {
  readonly #known = new Map<number, { count: number; atMs: number }>();

  /** Whether `limit` messages are in flight. `count` counts up to `limit`. */
  async isFull(
    queueId: number,
    { nowMs, limit, count }: { nowMs: number; limit: number; count: () => Promise<number> },
  ): Promise<boolean> {
    const known = this.#known.get(queueId);
    if (known !== undefined && known.count < limit && nowMs - known.atMs < REMEMBERED_MS) return false;
    const counted = await count();
    this.#known.delete(queueId);
    this.#known.set(queueId, { count: counted, atMs: nowMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > QUEUES_MAX && oldest !== undefined) this.#known.delete(oldest);
    return counted >= limit;
  }

  /** Notes that messages were received. */
  add(queueId: number, messages: number): void {
    const known = this.#known.get(queueId);
    if (known !== undefined) known.count += messages;
  }
}
