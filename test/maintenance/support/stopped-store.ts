import { DriveError } from "../../../src/drives/drive.ts";
import { MetadataUnavailable } from "../../../src/metadata/database.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { type Fault, withFaults } from "../../support/faulty.ts";
import { buildStore } from "../../support/store.ts";
import type { MaintenanceRig } from "./rig.ts";

/** A call fails; takes effect and fails all the same; the process dies before it; the process dies right after it. */
export const STOPS = ["fail", "fail-after", "die", "die-after"] as const;
export type Stop = (typeof STOPS)[number];

export interface StoppedStore {
  store: StoreContext;
  /** Resolves when the process dies. */
  death: Promise<void>;
  /** How many calls were made. */
  calls(): number;
}

/** A store on the drives and the D1 of a rig whose Nth call, to either, is stopped. */
export function stoppedStore(rig: MaintenanceRig, stop: Stop, n: number): StoppedStore {
  let calls = 0;
  let isDead = false;
  const { promise: death, resolve: die } = Promise.withResolvers<void>();
  const strike = (): Stop | null => {
    if (isDead) return "die";
    if (++calls !== n) return null;
    if (stop === "fail" || stop === "fail-after") return stop;
    isDead = true;
    die();
    return stop;
  };
  const faults: Record<Stop, Fault> = {
    fail: { kind: "fail", fault: "unreachable" },
    "fail-after": { kind: "fail-after", fault: "unreachable" },
    die: { kind: "hang" },
    // Whatever the dead process makes of the error, it reaches nothing any more.
    "die-after": { kind: "fail-after", fault: "unreachable" },
  };
  const store = buildStore({
    drives: rig.rig.drives,
    engine: rig.rig.store.engine,
    d1: rig.rig.d1,
    clock: rig.clock,
    settings: rig.rig.store.settings,
    decorateDrive: (drive) =>
      withFaults(drive, () => {
        const struck = strike();
        return struck && faults[struck];
      }),
    decorateD1: (d1) =>
      new Proxy(d1, {
        get(target, name) {
          if (name !== "batch") return Reflect.get(target, name).bind(target);
          return async (statements: D1PreparedStatement[]) => {
            const struck = strike();
            if (struck === "die") return new Promise(() => {});
            if (struck === "fail") throw new Error("D1_ERROR: Network connection lost.");
            const results = await target.batch(statements);
            if (struck !== null) throw new Error("D1_ERROR: Network connection lost.");
            return results;
          };
        },
      }),
  });
  return { store, death, calls: () => calls };
}

/** Runs work until it ends or its process dies. It may fail with what a failed call leads to, and with nothing else. */
export async function untilDeath(
  { store, death }: StoppedStore,
  work: (store: StoreContext) => Promise<unknown>,
): Promise<void> {
  const failed = await Promise.race([work(store), death]).then(
    () => null,
    (error: unknown) => error,
  );
  for (const error of failed instanceof AggregateError ? failed.errors : [failed]) {
    if (error !== null && !isOfACall(error)) throw error;
  }
}

function isOfACall(error: unknown): boolean {
  if (error instanceof MetadataUnavailable || error instanceof DriveError) return true;
  return error instanceof Error && isOfACall(error.cause);
}
