import { DeliveryPool } from "../topics/delivery-pool.ts";
import { deliver, type EventContext } from "./deliver.ts";

/** A request's lifetime may be prolonged beyond its answer. */
interface Lifetime {
  waitUntil(work: Promise<unknown>): void;
}

/** No invocation delivers longer than this after its answer: the platform gives it 30 seconds. */
const WORK_MS = 20_000;

/** An isolate begins no two deliveries within this time: what is written meanwhile goes together. News that comes alone does not wait. */
const GATHER_MS = 50;

/**
 * Delivers news right after the answer of the request that caused it. One delivery at a time in an isolate: those that find one running
 * leave their news to it. What is not delivered so, because an isolate dies or a target does not answer, the background job finds.
 */
export class Announcer {
  readonly #context: EventContext;
  readonly #failed: (error: unknown) => void;
  /** For endpoints of topics' subscriptions that are not here. */
  readonly #pool: DeliveryPool | null;
  #hasNews = false;
  #runsUntilMs = 0;
  #nextMs = 0;

  constructor(context: EventContext, failed: (error: unknown) => void) {
    this.#context = context;
    this.#failed = failed;
    this.#pool = context.topics && new DeliveryPool(context.topics);
  }

  /** Something was put into an outbox. */
  note(): void {
    this.#hasNews = true;
  }

  /** To be called when a request is answered. */
  afterAnswer(lifetime: Lifetime): void {
    // One whose request was ended by the platform says so no more.
    if (!this.#hasNews || this.#context.clock.now() < this.#runsUntilMs) return;
    lifetime.waitUntil(this.#run());
  }

  async #run(): Promise<void> {
    const { clock } = this.#context;
    const untilMs = clock.now() + WORK_MS;
    this.#runsUntilMs = untilMs;
    try {
      while (this.#hasNews && clock.now() < untilMs) {
        const waitMs = this.#nextMs - clock.now();
        // A clock that was set back does not hold up deliveries.
        if (waitMs > 0 && waitMs <= GATHER_MS) await clock.sleep(waitMs);
        this.#nextMs = clock.now() + GATHER_MS;
        this.#hasNews = false;
        await deliver(this.#context, () => clock.now() >= untilMs);
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#runsUntilMs = 0;
    }
    // An endpoint may take its time: what happens meanwhile is delivered by the next one that notices.
    await this.#pool?.run(() => clock.now() >= untilMs).catch(this.#failed);
  }
}
