import { afterAll, expect, it } from "vitest";
import { withCircuitBreaker } from "../../src/drives/circuit-breaker.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { type FaultPlan, withFaults } from "../support/faulty.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// All drives lie at one provider, which goes away and comes back with every shard in place.

const bucket = "outage";
const BODIES = new Map([
  ["large", pattern(3_000_000, 1)],
  ["small", pattern(100_000, 2)],
]);
let rig: TestStore | null = null;
afterAll(() => rig?.dispose());

it("the first read after an outage succeeds, whatever was remembered of it", async () => {
  const clock = new ManualClock();
  let plan: FaultPlan = () => null;
  const isAway = { kind: "fail", fault: "unreachable" } as const;
  rig = await openTestStore({
    clock,
    decorateDrive: (drive) =>
      withCircuitBreaker(
        withFaults(drive, (call) => plan(call)),
        { clock, failuresMax: 5, openMs: 10_000 },
      ),
  });
  const { store } = rig;
  await createBucket(store, { name: bucket, owner: "root", region: "us-east-1" });
  for (const [key, bytes] of BODIES) await putObject(store, put(bucket, key, bytes));
  const read = async (key: string) => {
    const { head, read: open } = await openObject(store, { bucket, key });
    return readAll(await open({ offset: 0, length: head.sizeBytes }));
  };
  plan = () => isAway;
  for (let n = 0; n < 20; n++) {
    for (const key of BODIES.keys()) {
      await expect(read(key)).rejects.toThrow(/too few drives answer, 0 of the [14] needed: drive-\d: .*made to fail/);
    }
  }
  plan = () => null;
  // No time has passed: every breaker is open and every drive under suspicion.
  for (const [key, bytes] of BODIES) expect([key, Buffer.compare(await read(key), bytes)]).toEqual([key, 0]);
  expect(await rig.store.metadata.census.backlog()).toMatchObject({ damage: { rows: 0 } });
});
