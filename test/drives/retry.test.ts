import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { describe, test } from "vitest";
import type { Drive, DriveFault } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { type RetryOptions, withRetry } from "../../src/drives/retry.ts";
import { type DriveCall, type Fault, withFaults } from "../support/faulty.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { assertFails, freshKey, pattern, putShard } from "./contract.ts";

interface Rig {
  drive: Drive;
  memory: MemoryDrive;
  clock: ManualClock;
  calls: DriveCall["kind"][];
}

/** A drive whose first calls go wrong, one fault each. */
function rig(faults: (Fault | null)[], options: Partial<RetryOptions> = {}): Rig {
  const clock = new ManualClock();
  const memory = new MemoryDrive({ name: "memory" });
  const calls: DriveCall["kind"][] = [];
  const inner = withFaults(memory, ({ kind }) => {
    calls.push(kind);
    return faults[calls.length - 1] ?? null;
  });
  const random = (count: number) => new Uint8Array(count).fill(255);
  const drive = withRetry(inner, { clock, random, attemptsMax: 3, delayMs: 100, spanMs: 10_000, ...options });
  return { drive, memory, clock, calls };
}

const fail = (fault: DriveFault = "unknown"): Fault => ({ kind: "fail", fault });

describe("withRetry", () => {
  test.each([
    ["get", (drive: Drive, key: string) => drive.get(key)],
    ["head", (drive: Drive, key: string) => drive.head(key)],
    ["delete", (drive: Drive, key: string) => drive.delete([key])],
    ["list", (drive: Drive) => drive.list({ limit: 1 })],
  ] as const)("repeats a %s that failed, after 100 and 200 ms", async (kind, call) => {
    const { drive, clock, calls } = rig([fail("unreachable"), fail("throttled")]);
    const done = call(drive, freshKey());
    await clock.advance(99);
    deepStrictEqual(calls, [kind]);
    await clock.advance(1);
    deepStrictEqual(calls, [kind, kind]);
    await clock.advance(199);
    strictEqual(calls.length, 2);
    await clock.advance(1);
    await done;
    strictEqual(calls.length, 3);
  });

  test("gives up after the last attempt, with its error", async () => {
    const { drive, clock, calls } = rig([fail("unknown"), fail("unknown"), fail("throttled"), fail()]);
    const failed = assertFails(drive.head(freshKey()), "throttled");
    await clock.advance(10_000);
    await failed;
    strictEqual(calls.length, 3);
  });

  test("no attempt begins after its time", async () => {
    const { drive, clock, calls } = rig([fail("timeout"), fail("timeout"), fail()], { spanMs: 299 });
    const failed = assertFails(drive.head(freshKey()), "timeout");
    await clock.advance(10_000);
    await failed;
    strictEqual(calls.length, 2);
  });

  test("the wait is a random part of the whole", async () => {
    const { drive, clock, calls } = rig([fail()], { random: (count) => new Uint8Array(count).fill(128) });
    const done = drive.head(freshKey());
    await clock.advance(50);
    strictEqual(calls.length, 1);
    await clock.advance(1);
    strictEqual(calls.length, 2);
    await done;
  });

  test.each(["refused", "full", "short", "circuit-open"] as const)("does not repeat what is %s", async (fault) => {
    const { drive, calls } = rig([fail(fault)]);
    await assertFails(drive.get(freshKey()), fault);
    strictEqual(calls.length, 1);
  });

  test("an absent key is an answer", async () => {
    const { drive, calls } = rig([]);
    strictEqual(await drive.get(freshKey()), null);
    deepStrictEqual(calls, ["get"]);
  });

  test("a delete whose answer was lost is repeated and succeeds", async () => {
    const { drive, memory, clock } = rig([null, null, { kind: "fail-after", fault: "unreachable" }]);
    const key = freshKey();
    await putShard(drive, key, pattern(10));
    const done = drive.delete([key]);
    await clock.advance(1000);
    await done;
    strictEqual(memory.shards.size, 0);
  });

  test.each([0, 1])("a put is not repeated, whether write or close fails (%s)", async (failing) => {
    const { drive, memory, calls } = rig([failing === 0 ? fail() : null, fail()]);
    const writer = drive.put(freshKey(), 10);
    const written = writer.write(pattern(10));
    if (failing === 0) await assertFails(written, "unknown");
    else {
      await written;
      await assertFails(writer.close(), "unknown");
    }
    deepStrictEqual(calls, ["write", "close"].slice(0, failing + 1));
    strictEqual(memory.shards.size, 0);
  });

  test("a read that has begun is not repeated", async () => {
    const { drive, memory, calls } = rig([null, fail()]);
    const key = freshKey();
    await putShard(memory, key, pattern(10));
    const reader = await drive.get(key);
    ok(reader);
    await assertFails(reader.read(10), "unknown");
    deepStrictEqual(calls, ["get", "read"]);
  });
});
