import { systemClock } from "../../../src/base/clock.ts";
import type { Drive } from "../../../src/drives/drive.ts";
import { MemoryDrive } from "../../../src/drives/memory.ts";
import { withTimeout } from "../../../src/drives/timeout.ts";
import type { Geometry } from "../../../src/erasure/geometry.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { StoreError } from "../../../src/store/failure.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import { blobBytesMax, PUTS_AT_ONCE } from "../../../src/store/write/blob-layouts.ts";
import { Connections } from "../../support/connections.ts";
import { type FaultPlan, withFaults } from "../../support/faulty.ts";
import { buildStore, readAll, type TestStore } from "../../support/store.ts";

export const bucket = "wide";
export const SIX_THREE = { k: 6, m: 3 };
export const ONE_BLOB = blobBytesMax(SIX_THREE);

export interface Wide {
  store: StoreContext;
  drives: MemoryDrive[];
  connections: Connections;
  counted: { roundTrips: number; calls: number };
}

interface WideOptions {
  drives?: MemoryDrive[];
  plan?: FaultPlan;
  isBad?: (drive: Drive) => boolean;
}

/** Twenty drives behind six connections. Only those that `isBad` are given up on: time must not decide about the others. */
export function openWide(rig: TestStore, geometry: Geometry, options: WideOptions = {}): Wide {
  const connections = new Connections(PUTS_AT_ONCE);
  const drives = options.drives ?? Array.from({ length: 20 }, (_, index) => new MemoryDrive({ name: `wide-${index}` }));
  const counted = { roundTrips: 0, calls: 0 };
  const plan: FaultPlan = (call) => {
    if (call.kind === "close") counted.calls += 1;
    return options.plan?.(call) ?? null;
  };
  const times = { clock: systemClock, callMs: 20, stepMs: 20, closeMs: 20, bulkMs: 20 };
  const parts = {
    drives,
    engine: rig.store.engine,
    d1: rig.d1,
    settings: { storageClasses: { STANDARD: geometry, STANDARD_IA: { k: 4, m: 2 } }, partBytesMin: 1 },
    decorateDrive: (drive: Drive) => {
      const faulty = connections.over(withFaults(drive, plan));
      return options.isBad?.(drive) ? withTimeout(faulty, times) : faulty;
    },
  };
  const store = buildStore(parts, ({ roundTrips }) => {
    counted.roundTrips += roundTrips;
  });
  return { store, drives, connections, counted };
}

export async function contentOf(store: StoreContext, key: string): Promise<Uint8Array | null> {
  try {
    const { head, read } = await openObject(store, { bucket, key });
    return await readAll(await read({ offset: 0, length: head.sizeBytes }));
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "no-such-key") return null;
    throw error;
  }
}

export const same = (a: Uint8Array | null, b: Uint8Array) => a !== null && Buffer.compare(a, b) === 0;
