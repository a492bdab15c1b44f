import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { type Host, type HostDrive, type HostState, openHost, spacesOf } from "../../src/store/host.ts";
import { withReserve } from "../../src/store/placement/reserved-drives.ts";
import { putObject } from "../../src/store/write/write.ts";
import { openTestStore, pattern, put, type TestStore } from "../support/store.ts";

const MB = 1_000_000;
const bucket = "filling";
let rig: TestStore;
let state: HostState;
let store: StoreContext;

const drive = (freeBytes: number, sharedBy = 1): HostDrive => ({
  trouble: null,
  advice: "",
  freeBytes,
  totalBytes: 1e9,
  sharedBy,
});

beforeEach(async () => {
  const host: Host = {
    state: async () => state,
    known: () => state,
    metrics: async () => null,
    errors: async () => null,
    startJobs: async () => {},
    measure: async () => spacesOf(state),
  };
  state = {
    atMs: 0,
    hasJobsProcess: false,
    reserveBytes: 100 * MB,
    metadata: { freeBytes: 1e9, totalBytes: 1e9 },
    drives: {},
  };
  for (let number = 1; number <= 6; number++) state.drives = { ...state.drives, [`drive-${number}`]: drive(1e9) };
  rig = await openTestStore({ decorateDrive: (inner) => withReserve(inner, host) });
  store = { ...rig.store, host, space: host };
  await createBucket(store, { name: bucket, owner: "owner", region: "us-east-1" } as never);
});
afterEach(() => rig.dispose());

function setFree(freeBytes: number, numbers: readonly number[], sharedBy = 1): void {
  const changed = numbers.map((number) => [`drive-${number}`, drive(freeBytes, sharedBy)] as const);
  state = { ...state, drives: { ...state.drives, ...Object.fromEntries(changed) } };
}

const write = (key: string, bytes: number) => putObject(store, put(bucket, key, pattern(bytes)));
const noSpace = (where: string) => expect.objectContaining({ failure: { kind: "no-space", where } });

describe("below the reserve", () => {
  test("of the metadata nothing new is written, and deletions go on", async () => {
    await write("small", 100);
    state = { ...state, metadata: { freeBytes: 99 * MB, totalBytes: 1e9 } };
    await expect(write("another", 100)).rejects.toEqual(noSpace("metadata"));
    await expect(write("large", 500_000)).rejects.toEqual(noSpace("metadata"));
    await deleteObject(store, { bucket, key: "small" } as never);
    expect(rig.drives.every(({ shards }) => shards.size === 0)).toBe(true);
  });

  test("of two drives too few are left for 4+2; a small body needs none", async () => {
    setFree(99 * MB, [1, 2]);
    await expect(write("large", 500_000)).rejects.toEqual(noSpace("drives"));
    await write("small", 100);
  });

  test("of one drive it gets no shard, and the others do", async () => {
    setFree(99 * MB, [3]);
    await write("large", 500_000);
    expect(rig.drives.map(({ shards }) => shards.size)).toEqual([1, 1, 0, 1, 1, 1]);
  });

  test("counts what drives of one disk get together", async () => {
    setFree(100 * MB + 400_000, [1, 2, 3, 4, 5, 6], 6);
    await expect(write("large", 400_000)).rejects.toEqual(noSpace("drives"));
    setFree(100 * MB + 700_000, [1, 2, 3, 4, 5, 6], 6);
    await write("large", 400_000);
  });

  test("snapshots are taken all the same: without one nothing that was deleted since the last is freed", async () => {
    await write("small", 100);
    setFree(99 * MB, [1, 2, 3, 4, 5, 6]);
    const reports = await runJobs(store, [snapshot]);
    expect(reports.get("snapshot")).toMatchObject({ snapshots: 1 });
  });
});

describe("the binding HOST", () => {
  const nowMs = () => now;
  let now = 0;

  test("is asked again when its answer is two seconds old, and is nothing that a write waits for when it fails", {
    tags: ["slow"],
  }, async () => {
    let asked = 0;
    let status = 200;
    const binding = {
      fetch: async () => {
        asked += 1;
        return Response.json(state, { status });
      },
    };
    const host = openHost(binding, nowMs);
    expect(await host?.state()).toEqual(state);
    now += 1_900;
    await host?.state();
    expect(asked).toBe(1);
    now += 200;
    status = 500;
    expect(await host?.state()).toBeNull();
    expect(asked).toBe(2);
    expect(await host?.measure()).toEqual([]);
  });

  test("is absent on Cloudflare", () => {
    for (const binding of [undefined, null, "text", {}]) expect(openHost(binding, nowMs)).toBeUndefined();
  });
});
