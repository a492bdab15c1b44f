import type { MessageCounts } from "../metadata/queues/message-rows.ts";

/** How long the counts of a large queue are remembered. */
const REMEMBERED_MS = 60_000;
const QUEUES_MAX = 1_000;

/** What an isolate counted in large queues. */
export class CountMemory {
  readonly #known = new Map<number, { counts: MessageCounts; atMs: number }>();

  recall(queueId: number, nowMs: number): MessageCounts | undefined {
    const known = this.#known.get(queueId);
    return known !== undefined && nowMs - known.atMs < REMEMBERED_MS ? known.counts : undefined;
  }

  remember(queueId: number, counts: MessageCounts, atMs: number): void {
    this.#known.delete(queueId);
    this.#known.set(queueId, { counts, atMs });
    const [oldest] = this.#known.keys();
    if (this.#known.size > QUEUES_MAX && oldest !== undefined) this.#known.delete(oldest);
  }
}
