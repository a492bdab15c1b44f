import { strict as assert } from "node:assert";
import type { Drive } from "../../src/drives/drive.ts";
import { withTimeout } from "../../src/drives/timeout.ts";
import type { ErasureEngine } from "../../src/erasure/engine.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { StoreError } from "../../src/store/failure.ts";
import type { StoreSettings } from "../../src/store/settings.ts";
import { type Fault, withFaults } from "./faulty.ts";
import { withBatchFaults } from "./faulty-d1.ts";
import { createEngine } from "./kernel.ts";
import { ManualClock } from "./manual-clock.ts";
import { buildStore, type TestStore } from "./store.ts";

/** A call has no effect and fails; it takes effect and fails all the same; it never ends and has no effect. */
export const STRIKES = ["fail", "fail-after", "hang"] as const;
export type Strike = (typeof STRIKES)[number];

const FAULTS: Record<Strike, Fault> = {
  fail: { kind: "fail", fault: "unreachable" },
  "fail-after": { kind: "fail-after", fault: "unreachable" },
  hang: { kind: "hang" },
};

const TIMES = { callMs: 1_000, stepMs: 1_000, closeMs: 2_000, bulkMs: 2_000 };
/** By then every drive that hangs has been given up. An operation that is still under way waits for D1, which nothing bounds. */
const GIVE_UP_MS = 30_000;

export interface FailingRun {
  rig: TestStore;
  settings: Partial<StoreSettings>;
  strike: Strike;
  operation(store: StoreContext, n: number): Promise<unknown>;
  /** `acknowledged`: the operation succeeded. Otherwise its client heard a failure, or nothing. */
  check(acknowledged: boolean, n: number): Promise<void>;
}

/** Runs an operation on stores whose Nth call goes wrong, N = 1, 2, …, until it makes no Nth call. Returns how many calls it makes. */
export async function failEachCall(run: FailingRun): Promise<number> {
  const engine = await createEngine(4);
  const idle = engine.idleMd5s;
  for (let n = 1; ; n++) {
    let calls = 0;
    const isStruck = () => ++calls === n;
    const clock = new ManualClock(Date.now());
    const store = strickenStore(
      run,
      { engine: run.strike === "hang" ? await createEngine(4) : engine, clock },
      isStruck,
    );
    await run.check(await isAcknowledged(clock, run.operation(store, n)), n);
    assert.deepEqual(engine.idleMd5s, idle, `what bodies hold of the engine after the failure of call ${n}`);
    if (calls < n) return n - 1;
  }
}

function strickenStore(
  { rig, settings, strike }: FailingRun,
  { engine, clock }: { engine: ErasureEngine; clock: ManualClock },
  isStruck: () => boolean,
): StoreContext {
  const faulty = (drive: Drive) => withFaults(drive, () => (isStruck() ? FAULTS[strike] : null));
  return buildStore({
    drives: rig.drives,
    engine,
    d1: rig.d1,
    settings,
    clock,
    decorateDrive: (drive) => withTimeout(faulty(drive), { clock, ...TIMES }),
    decorateD1: (d1) => withBatchFaults(d1, () => (isStruck() ? strike : null)),
  });
}

/** False if it is refused, or does not end though much time passes. */
async function isAcknowledged(clock: ManualClock, operation: Promise<unknown>): Promise<boolean> {
  let outcome: { acknowledged: boolean } | { error: unknown } | null = null;
  operation.then(
    () => {
      outcome = { acknowledged: true };
    },
    (error: unknown) => {
      outcome = error instanceof StoreError ? { acknowledged: false } : { error };
    },
  );
  for (let atMs = 0; outcome === null && atMs < GIVE_UP_MS; atMs += 500) await clock.advance(500);
  const ended = outcome as { acknowledged: boolean } | { error: unknown } | null;
  if (ended && "error" in ended) throw ended.error;
  return ended?.acknowledged ?? false;
}
