import type { Allowance, ByteBudget } from "../../../base/byte-budget.ts";
import type { Clock } from "../../../base/clock.ts";
import { SelectFailure } from "../../../select/failure.ts";
import type { InputFormat } from "../../../select/request.ts";

/** How long a query waits for others to end. */
const WAIT_MS = 10_000;

/**
 * Reserves memory for a query from the allowance of an isolate's queries. Throws Busy if there is
 * not enough for ten seconds.
 */
export async function takeMemory(budget: ByteBudget, input: InputFormat, clock: Clock): Promise<Allowance> {
  const mib = memoryMib(input);
  const atOnce = budget.tryTake(mib);
  if (atOnce !== null) return atOnce;
  const waiting = budget.take(mib);
  const timer = clock.timer(WAIT_MS);
  const first = await Promise.race([waiting, timer.done]);
  timer.cancel();
  if (first !== undefined) return first;
  void waiting.then((late) => late.release());
  throw new SelectFailure("Busy");
}

/** The most memory that a query over this input holds, besides its answer. */
function memoryMib(input: InputFormat): number {
  if (input.kind === "parquet") return 48;
  // A row of 1 MB becomes up to 22 MB of values: see `EXACT_ROW_MAX` of json-reader.ts.
  return (input.kind === "json" ? 24 : 6) + (input.compression === "BZIP2" ? 6 : 0);
}
