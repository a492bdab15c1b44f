import type { Clock } from "../base/clock.ts";
import { SelectFailure } from "./failure.ts";

/** Units that one record may cost. */
const RECORD_MAX_UNITS = 64 * 1024 * 1024;
/** Units after which others get their turn: 10 to 20 ms. */
const TURN_UNITS = 8 * 1024 * 1024;
/** An operator on short values, or a short field. */
const OPERATOR_UNITS = 100;

/** Thrown by an expression whose turn is over. It is evaluated again after a rest, and finds the results that it had. */
export class Paused extends Error {
  override readonly name = "Paused";
}
const PAUSED = new Paused();

/** Counts what a query costs, in units of about a nanosecond: a character that is compared, searched or changed is one or a few. */
export class Work {
  /** Number of the current record. */
  record = 0;
  readonly #clock: Clock;
  #operators = 0;
  #ofRecord = 0;
  #ofTurn = 0;
  /** Whether a result was kept since the last rest: a pause without one would be repeated for ever. */
  #hasProgress = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called for each operator and field of the query: every record costs them. */
  addOperator(): void {
    this.#operators += 1;
  }

  beginRecord(): void {
    this.record += 1;
    this.#ofRecord = 0;
    this.#ofTurn += this.#operators * OPERATOR_UNITS;
  }

  /** Counts work on the current record, before it is done. Throws ExternalEvalException for a record that costs too much. */
  spend(units: number): void {
    this.#ofTurn += units;
    this.#ofRecord += units;
    if (this.#ofRecord > RECORD_MAX_UNITS) {
      throw new SelectFailure("ExternalEvalException", "A record takes too much work. Use fewer operators.");
    }
  }

  /** Counts work that belongs to no record. */
  spendOutside(units: number): void {
    this.#ofTurn += units;
  }

  get isTurnOver(): boolean {
    return this.#ofTurn >= TURN_UNITS;
  }

  /** Lets other requests of the isolate run. */
  async rest(): Promise<void> {
    this.#ofTurn = 0;
    this.#hasProgress = false;
    await this.#clock.sleep(0);
  }

  /**
   * The same getter, at which an evaluation may pause: it keeps its result for as long as the record is current. Texts are not kept: a thousand of
   * them would not fit into memory.
   */
  resumable<T>(getter: () => T): () => T {
    let keptOf = -1;
    let kept: T;
    return () => {
      if (keptOf === this.record) return kept;
      if (this.#hasProgress && this.isTurnOver) throw PAUSED;
      const value = getter();
      if (typeof value !== "string") {
        kept = value;
        keptOf = this.record;
        this.#hasProgress = true;
      }
      return value;
    };
  }
}
