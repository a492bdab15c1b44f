import { type DeliveryReport, serveSubscription } from "./deliver.ts";
import type { DeliveryContext } from "./topic-context.ts";

/** Subscriptions that are served at the same time: Cloudflare's edge waits for the heads of six answers at most. */
const SLOTS = { quick: 4, slow: 1 } as const;
type Lane = keyof typeof SLOTS;

/** How long an endpoint that did not answer counts as slow, and of how many an isolate remembers it. */
const SLOW_MS = 300_000;
const REMEMBERED_MAX = 10_000;
const PLACES_PER_READ = 100;

/**
 * Makes the deliveries that are due, in an isolate. Subscriptions are served side by side, and those whose endpoints did not answer lately
 * have a slot of their own: whoever hangs holds up no other for longer than its first time.
 */
export class DeliveryPool {
  readonly #context: DeliveryContext;
  readonly #busy: Record<Lane, number> = { quick: 0, slow: 0 };
  readonly #slowUntil = new Map<number, number>();

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Sets free slots to work until nothing is due or `isSpent` says so. Resolves when those that it set to work have ended. */
  async run(isSpent: () => boolean): Promise<DeliveryReport> {
    const report: DeliveryReport = { delivered: 0, givenUp: 0, waiting: 0 };
    const free = (["quick", "slow"] as const).flatMap((lane) =>
      Array.from({ length: SLOTS[lane] - this.#busy[lane] }, () => lane),
    );
    const ended = await Promise.allSettled(free.map((lane) => this.#work(lane, isSpent, report)));
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return report;
  }

  async #work(lane: Lane, isSpent: () => boolean, report: DeliveryReport): Promise<void> {
    this.#busy[lane]++;
    const tried = new Set<number>();
    try {
      while (!isSpent()) {
        const place = await this.#next(lane, tried);
        if (place === null) return;
        const note = () => this.#noteSlow(place);
        // What nothing can be claimed of, somebody else has.
        if (!(await serveSubscription(this.#context, { place, isSpent, noteSlow: note }, report))) tried.add(place);
      }
    } finally {
      this.#busy[lane]--;
    }
  }

  /** A subscription of the lane that something is due for. One D1 round trip for each page of others. */
  async #next(lane: Lane, tried: ReadonlySet<number>): Promise<number | null> {
    const nowMs = this.#context.clock.now();
    for (let after = 0; ; ) {
      const places = await this.#context.tables.deliveries.dueAfter(after, { nowMs, limit: PLACES_PER_READ });
      const own = places.filter((place) => this.#laneOf(place, nowMs) === lane && !tried.has(place));
      // Not always the first, which all free slots would ask for.
      if (own.length > 0) return own[Math.min(own.length - 1, this.#busy[lane] - 1)] as number;
      if (places.length < PLACES_PER_READ) return null;
      after = places.at(-1) as number;
    }
  }

  #laneOf(place: number, nowMs: number): Lane {
    return (this.#slowUntil.get(place) ?? 0) > nowMs ? "slow" : "quick";
  }

  #noteSlow(place: number): void {
    this.#slowUntil.delete(place);
    this.#slowUntil.set(place, this.#context.clock.now() + SLOW_MS);
    const [oldest] = this.#slowUntil.keys();
    if (this.#slowUntil.size > REMEMBERED_MAX && oldest !== undefined) this.#slowUntil.delete(oldest);
  }
}
