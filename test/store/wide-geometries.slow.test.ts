import { afterAll, beforeAll, expect, it } from "vitest";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { StoreError } from "../../src/store/failure.ts";
import { putObject } from "../../src/store/write/write.ts";
import type { FaultPlan } from "../support/faulty.ts";
import { withBatchFaults } from "../support/faulty-d1.ts";
import { buildStore, openTestStore, pattern, put, type TestStore } from "../support/store.ts";
import { bucket, contentOf, ONE_BLOB, openWide, SIX_THREE, same } from "./support/wide.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterAll(() => rig.dispose());

const bytes = pattern(ONE_BLOB + 9_000, 7);

it.each(["fail", "fail-after"] as const)(
  "a body of several blobs is wholly there or not at all, whichever call does %s",
  async (fault) => {
    for (let n = 1; ; n++) {
      let calls = 0;
      const strike = () => ++calls === n;
      const plan: FaultPlan = ({ kind }) =>
        (kind === "close" || kind === "write") && strike() ? { kind: fault, fault: "unreachable" } : null;
      const { store, drives } = openWide(rig, SIX_THREE, { plan });
      const crashing: StoreContext = {
        ...buildStore({
          drives: store.drives,
          engine: store.engine,
          d1: rig.d1,
          settings: store.settings,
          decorateD1: (d1) => withBatchFaults(d1, () => (strike() ? fault : null)),
        }),
      };
      const key = `nth-${fault}-${n}`;
      const acknowledged = await putObject(crashing, put(bucket, key, bytes)).then(
        () => true,
        (error: unknown) => {
          if (error instanceof StoreError) return false;
          throw error;
        },
      );
      const content = await contentOf({ ...store, drives }, key);
      expect(same(content, bytes) || (!acknowledged && content === null)).toBe(true);
      if (calls < n) return;
    }
  },
);
