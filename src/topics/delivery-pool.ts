import type { DueLine } from "../metadata/topics/deliveries.ts";
import { type DeliveryReport, serveSubscription } from "./deliver.ts";
import type { DeliveryContext } from "./topic-context.ts";

/** Subscriptions that are served at the same time: Cloudflare's edge waits for the heads of six answers at most. */
const SLOTS = { quick: 4, slow: 1 } as const;
type Lane = keyof typeof SLOTS;
/** Quick slots that subscriptions of one account may have at a time: one is left for the others. */
const ACCOUNT_SLOTS = SLOTS.quick - 1;

/** How long an endpoint that did not answer, or answered slowly, counts as slow, and of how many an isolate remembers it. */
const SLOW_MS = 300_000;
const REMEMBERED_MAX = 10_000;
const PLACES_PER_READ = 100;

/** One pass: what has been served in it, and how far it has come. */
interface Pass {
  readonly served: Set<number>;
  hasServed: boolean;
}

/**
 * Makes the deliveries that are due, in an isolate. Subscriptions are served side by side, each with one claim a pass, and the next pass
 * goes on where the last one stopped: none is served twice while another waits. Those whose endpoints did not answer lately, or slowly,
 * have a slot of their own, and no account has all the others: whoever hangs holds up no other for longer than its first time.
 */
export class DeliveryPool {
  readonly #context: DeliveryContext;
  readonly #busy: Record<Lane, number> = { quick: 0, slow: 0 };
  /** Quick slots by accounts. */
  readonly #busyOf = new Map<string, number>();
  readonly #slowUntil = new Map<number, number>();
  /** The place that was served last, by lanes. */
  readonly #after: Record<Lane, number>;

  constructor(context: DeliveryContext, after = 0) {
    this.#context = context;
    this.#after = { quick: after, slow: after };
  }

  /** Sets free slots to work until nothing is due or `isSpent` says so. Resolves when those that it set to work have ended. */
  async run(isSpent: () => boolean): Promise<DeliveryReport> {
    const report: DeliveryReport = { delivered: 0, givenUp: 0, waiting: 0 };
    if (!(await this.#isAnyDue())) return report;
    const lanes = (["quick", "slow"] as const).map(async (lane) => {
      const pass: Pass = { served: new Set(), hasServed: false };
      const free = Array.from({ length: SLOTS[lane] - this.#busy[lane] });
      return Promise.allSettled(free.map(() => this.#work(lane, isSpent, { report, pass })));
    });
    const ended = (await Promise.all(lanes)).flat();
    // What turned out to be slow meanwhile may have missed its slot.
    const pass: Pass = { served: new Set(), hasServed: false };
    if (this.#busy.slow < SLOTS.slow)
      ended.push(...(await Promise.allSettled([this.#work("slow", isSpent, { report, pass })])));
    const failed = ended.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return report;
  }

  /** Otherwise each slot would look for itself. */
  async #isAnyDue(): Promise<boolean> {
    const { tables, clock } = this.#context;
    return (await tables.deliveries.dueAfter(0, { nowMs: clock.now(), limit: 1 })).length > 0;
  }

  async #work(
    lane: Lane,
    isSpent: () => boolean,
    { report, pass }: { report: DeliveryReport; pass: Pass },
  ): Promise<void> {
    this.#busy[lane]++;
    try {
      while (!isSpent()) {
        const next = await this.#next(lane, pass.served);
        if (next === null) {
          if (!pass.hasServed) return;
          // All had their turn: what has come since, or was left, is for the next pass.
          pass.hasServed = false;
          pass.served.clear();
          continue;
        }
        await this.#serve(next, isSpent, { lane, report, pass });
      }
    } finally {
      this.#busy[lane]--;
    }
  }

  /** One claim. What fails is for the log: the claim ends by itself, and the others go on. */
  async #serve(
    { place, accountId }: DueLine,
    isSpent: () => boolean,
    { lane, report, pass }: { lane: Lane; report: DeliveryReport; pass: Pass },
  ): Promise<void> {
    const serving = { place, isSpent, isSlow: lane === "slow", noteSlow: () => this.#noteSlow(place) };
    try {
      if (await serveSubscription(this.#context, serving, report)) pass.hasServed = true;
    } catch (error) {
      this.#context.tell(
        `deliveries of subscription ${place} failed: ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      if (lane === "quick") this.#occupy(accountId, -1);
    }
  }

  #occupy(accountId: string | null, slots: number): void {
    if (accountId === null) return;
    const busy = (this.#busyOf.get(accountId) ?? 0) + slots;
    if (busy > 0) this.#busyOf.set(accountId, busy);
    else this.#busyOf.delete(accountId);
  }

  /** Takes a subscription of the lane that something is due for, the next one in their circle. One D1 round trip for each page of others. */
  async #next(lane: Lane, served: Set<number>): Promise<DueLine | null> {
    const nowMs = this.#context.clock.now();
    const start = this.#after[lane];
    for (let after = start, isRound = false; ; ) {
      const lines = await this.#context.tables.deliveries.dueAfter(after, { nowMs, limit: PLACES_PER_READ });
      const found = lines.find(
        (one) => this.#laneOf(one.place, nowMs) === lane && !served.has(one.place) && this.#mayHave(one, lane),
      );
      if (found !== undefined) {
        // At once: another slot may be looking at the same page.
        this.#after[lane] = found.place;
        served.add(found.place);
        if (lane === "quick") this.#occupy(found.accountId, 1);
        return found;
      }
      after = lines.at(-1)?.place ?? after;
      if (lines.length === PLACES_PER_READ && !(isRound && after >= start)) continue;
      if (isRound || start === 0) return null;
      isRound = true;
      after = 0;
    }
  }

  #mayHave({ accountId }: DueLine, lane: Lane): boolean {
    return lane === "slow" || accountId === null || (this.#busyOf.get(accountId) ?? 0) < ACCOUNT_SLOTS;
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
