import { afterAll, beforeAll, expect, test } from "vitest";
import { usageMetrics } from "../../src/admin/usage-metrics.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { putObject } from "../../src/store/write/write.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore();
  for (const [name, owner] of [
    ["large", "ann"],
    ["middle", "bob"],
    ["small", "bob"],
  ] as const) {
    await createBucket(rig.store, { name, owner, region: "us-east-1" });
  }
  await putObject(rig.store, put("large", "a", pattern(5_000)));
  await putObject(rig.store, put("middle", "a", pattern(300)));
  for (const key of ["a", "b"]) await putObject(rig.store, put("small", key, pattern(20)));
  await runJobs(rig.store);
});
afterAll(() => rig.dispose());

async function samples(name: string, seriesMax?: number) {
  const metrics = await usageMetrics(rig.store, seriesMax);
  return metrics.find((metric) => metric.name === name)?.samples.map(({ labels, value }) => [labels, value]);
}

test("the largest buckets and accounts have samples of their own, and the others one together", async () => {
  expect(await samples("sherd_bucket_bytes", 1)).toEqual([
    [{ bucket: "large" }, 5_000],
    [{ bucket: "" }, 340],
  ]);
  expect(await samples("sherd_bucket_versions", 1)).toEqual([
    [{ bucket: "large" }, 1],
    [{ bucket: "" }, 3],
  ]);
  expect(await samples("sherd_account_bytes", 1)).toEqual([
    [{ account: "ann" }, 5_000],
    [{ account: "" }, 340],
  ]);
});

test("where all have samples of their own there are no others", async () => {
  const buckets = ["large", "middle", "small"].map((bucket) => ({ bucket }));
  expect((await samples("sherd_bucket_bytes"))?.map(([labels]) => labels)).toEqual(buckets);
  expect((await samples("sherd_bucket_bytes", 3))?.map(([labels]) => labels)).toEqual(buckets);
  expect((await samples("sherd_account_bytes"))?.map(([labels]) => labels)).toEqual([
    { account: "ann" },
    { account: "bob" },
  ]);
});
