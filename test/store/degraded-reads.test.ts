import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { StoreError } from "../../src/store/failure.ts";
import { DriveLatency } from "../../src/store/read/drive-latency.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { type Fault, type FaultPlan, withFaults } from "../support/faulty.ts";
import { buildStore, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// Any two of six drives may be gone, wrong, short, slow or dead: every byte is still right. With three, it is an error.

const bucket = "degraded";
const LARGE = pattern(2_500_001, 5);
const SMALL = pattern(150_000, 6);

let rig: TestStore;
let store: StoreContext;
let plan: FaultPlan = () => null;

beforeAll(async () => {
  rig = await openTestStore();
  store = buildStore({
    drives: rig.drives,
    engine: rig.store.engine,
    d1: rig.d1,
    decorateDrive: (drive) => withFaults(drive, (call) => plan(call)),
  });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
  await putObject(rig.store, put(bucket, "large", LARGE));
  await putObject(rig.store, put(bucket, "small", SMALL));
});
afterAll(() => rig.dispose());
beforeEach(() => {
  plan = () => null;
});

async function read(key: string, offset: number, length: number): Promise<Uint8Array> {
  const object = await openObject(store, { bucket, key, hint: { offset, length } });
  return readAll(await object.read({ offset, length }));
}

function combinations(count: number): string[][] {
  const names = rig.drives.map(({ name }) => name);
  const grow = (chosen: string[], from: number): string[][] =>
    chosen.length === count
      ? [chosen]
      : names.slice(from).flatMap((name, at) => grow([...chosen, name], from + at + 1));
  return grow([], 0);
}

const FAULTS: [string, (call: { kind: string }) => Fault | null][] = [
  ["absent", ({ kind }) => (kind === "get" ? { kind: "absent" } : null)],
  ["unreachable", ({ kind }) => (kind === "get" ? { kind: "fail", fault: "unreachable" } : null)],
  ["corrupt", ({ kind }) => (kind === "read" ? { kind: "corrupt", at: 12_345 } : null)],
  ["truncated", ({ kind }) => (kind === "read" ? { kind: "truncate" } : null)],
];

describe("with two drives of six faulty", () => {
  it.each(FAULTS)("%s: every pair of drives, whole objects and ranges", { tags: ["slow"] }, async (_name, fault) => {
    for (const faulty of combinations(2)) {
      plan = (call) => (faulty.includes(call.drive) ? fault(call) : null);
      expect(Buffer.compare(await read("large", 0, LARGE.length), LARGE)).toBe(0);
      expect(Buffer.compare(await read("small", 0, SMALL.length), SMALL)).toBe(0);
      for (const [offset, length] of [
        [0, 1],
        [LARGE.length - 1, 1],
        [1_048_570, 12],
        [262_100, 600_000],
      ] as const) {
        expect(Buffer.compare(await read("large", offset, length), LARGE.slice(offset, offset + length))).toBe(0);
      }
    }
  });

  it("that fail in mid-stream, after some frames were read", { tags: ["slow"] }, async () => {
    for (const faulty of combinations(2)) {
      const reads = new Map<string, number>();
      plan = ({ drive, kind }) => {
        if (kind !== "read" || !faulty.includes(drive)) return null;
        reads.set(drive, (reads.get(drive) ?? 0) + 1);
        return (reads.get(drive) ?? 0) > 1 ? { kind: "fail", fault: "unreachable" } : null;
      };
      expect(Buffer.compare(await read("large", 0, LARGE.length), LARGE)).toBe(0);
    }
  });

  it("that hang: others are asked in their place", async () => {
    const [faulty] = combinations(2);
    plan = ({ drive, kind }) => (faulty?.includes(drive) && kind === "read" ? { kind: "hang" } : null);
    expect(Buffer.compare(await read("large", 0, LARGE.length), LARGE)).toBe(0);
  });

  it.each<Fault>([{ kind: "hang" }, { kind: "fail", fault: "timeout" }])(
    "that $kind: a later blob and a later read ask others at once",
    async (fault) => {
      const [faulty = []] = combinations(2);
      const asked: string[] = [];
      plan = ({ drive, kind }) => {
        if (kind !== "get" || !faulty.includes(drive)) return null;
        asked.push(drive);
        return fault;
      };
      const isolate = { ...store, latency: Object.assign(new DriveLatency(), { hedgeMs: () => 5 }) };
      for (let time = 0; time < 3; time++) {
        const object = await openObject(isolate, { bucket, key: "large" });
        expect(Buffer.compare(await readAll(await object.read({ offset: 0, length: LARGE.length })), LARGE)).toBe(0);
      }
      expect(new Set(asked).size).toBe(asked.length);
    },
  );

  it("that are all slow: what comes late is still taken where nothing else is left", async () => {
    const slow = { ...store, latency: Object.assign(new DriveLatency(), { hedgeMs: () => 5 }) };
    const held: (() => void)[] = [];
    const drives = store.drives.map((drive) => ({
      ...drive,
      name: drive.name,
      settleMs: 0,
      get: async (key: string, range?: { offset: number; length: number }) => {
        const reader = await drive.get(key, range);
        if (!reader) return null;
        const read = async (length: number) => {
          await new Promise<void>((resolve) => {
            held.push(resolve);
            setTimeout(resolve, 20 + 10 * (held.length % 3));
          });
          return reader.read(length);
        };
        return { read, cancel: () => reader.cancel() };
      },
    }));
    const object = await openObject({ ...slow, drives: drives as never }, { bucket, key: "large" });
    expect(Buffer.compare(await readAll(await object.read({ offset: 0, length: LARGE.length })), LARGE)).toBe(0);
    expect(held.length).toBeGreaterThan(4);
  });

  it("whose stream is cut once: it is opened anew", async () => {
    let gets = 0;
    const reads = new Map<string, number>();
    plan = ({ drive, kind }) => {
      if (kind === "get") gets++;
      if (kind !== "read") return null;
      reads.set(drive, (reads.get(drive) ?? 0) + 1);
      return reads.get(drive) === 2 ? { kind: "fail", fault: "unreachable" } : null;
    };
    const patient = { ...store, latency: Object.assign(new DriveLatency(), { hedgeMs: () => 60_000 }) };
    const object = await openObject(patient, { bucket, key: "large" });
    expect(Buffer.compare(await readAll(await object.read({ offset: 0, length: LARGE.length })), LARGE)).toBe(0);
    // Four shards opened twice, and none given up for a parity shard.
    expect(gets).toBe(8);
  });

  it("notes what is damaged for healing, and not what is only out of reach", async () => {
    await rig.d1.batch([rig.d1.prepare("DELETE FROM damage")]);
    plan = ({ kind, drive }) => {
      if (drive === "drive-1" && kind === "get") return { kind: "fail", fault: "unreachable" };
      return drive === "drive-2" && kind === "read" ? { kind: "corrupt", at: 1 } : null;
    };
    await read("large", 0, LARGE.length);
    plan = () => null;
    const [found] = await rig.d1.batch<{ cause: string }>([rig.d1.prepare("SELECT cause FROM damage")]);
    const results = found?.results ?? [];
    const corrupt = results.filter(({ cause }) => cause === "corrupt").length;
    expect(results.length).toBe(corrupt);
    expect(corrupt).toBeLessThanOrEqual(1);
  });
});

describe("with too many drives faulty", () => {
  it.each(FAULTS)("%s: three drives of a 4+2 blob are an error before the first byte", async (_name, fault) => {
    for (const faulty of combinations(3)) {
      plan = (call) => (faulty.includes(call.drive) ? fault(call) : null);
      const failure = await read("large", 0, LARGE.length).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreError);
      expect((failure as StoreError).failure.kind).toBe("drives-unavailable");
    }
  });
});

describe("shards that are whole but not the right ones", () => {
  it("another blob's shard, and frames in another order, do not verify", async () => {
    await putObject(rig.store, put(bucket, "other", pattern(LARGE.length, 7)));
    await putObject(rig.store, put(bucket, "victim", LARGE));
    const found = await rig.store.metadata.objects.open(
      { bucket, key: "victim", version: { kind: "current" } },
      { offset: 0, length: null },
    );
    const others = await rig.store.metadata.objects.open(
      { bucket, key: "other", version: { kind: "current" } },
      { offset: 0, length: null },
    );
    const shards = (blob: typeof found) =>
      (blob?.blobs[0]?.shards ?? []).map((place) => {
        const drive = rig.drives.find(({ name }) => name === place?.[0])!;
        return { drive, key: place?.[1] as string };
      });
    const [first, second] = shards(found);
    const [foreign] = shards(others);
    first?.drive.shards.set(first.key, foreign?.drive.shards.get(foreign.key) as Uint8Array);
    const bytes = second?.drive.shards.get(second.key) as Uint8Array;
    const frame = 262_144 + 8;
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(64 + frame, 64 + 2 * frame), 64);
    swapped.set(bytes.subarray(64, 64 + frame), 64 + frame);
    second?.drive.shards.set(second.key, swapped);
    expect(Buffer.compare(await read("victim", 0, LARGE.length), LARGE)).toBe(0);
  });
});
