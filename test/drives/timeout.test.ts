import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { describe, expect, test } from "vitest";
import { decorate } from "../../src/drives/decorate.ts";
import type { Drive, ShardReader } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { withTimeout } from "../../src/drives/timeout.ts";
import { type DriveCall, nthCall, withFaults } from "../support/faulty.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";
import { assertFails, freshKey, pattern, putShard } from "./contract.ts";

const TIMES = { callMs: 1000, stepMs: 2000, closeMs: 3000, bulkMs: 4000 };

function hanging(kind: DriveCall["kind"]): { drive: Drive; memory: MemoryDrive; clock: ManualClock } {
  const clock = new ManualClock();
  const memory = new MemoryDrive({ name: "memory" });
  const { plan } = nthCall(1, { kind: "hang" }, (call) => call.kind === kind);
  return { drive: withTimeout(withFaults(memory, plan), { clock, ...TIMES }), memory, clock };
}

/** Asserts that `call` is still waiting just before `ms` and has timed out just after. */
async function assertTimesOut(clock: ManualClock, call: Promise<unknown>, ms: number): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  call.then(over, over);
  await clock.advance(ms - 1);
  strictEqual(isOver, false);
  await clock.advance(1);
  await assertFails(call, "timeout");
  strictEqual(clock.waiting, 0);
}

describe("withTimeout", () => {
  test.each([
    ["get", TIMES.callMs, (drive: Drive) => drive.get(freshKey())],
    ["head", TIMES.callMs, (drive: Drive) => drive.head(freshKey())],
    ["delete", TIMES.bulkMs, (drive: Drive) => drive.delete([freshKey()])],
    ["list", TIMES.bulkMs, (drive: Drive) => drive.list({ limit: 10 })],
  ] as const)("gives up a %s that hangs", async (kind, ms, call) => {
    const { drive, clock } = hanging(kind);
    await assertTimesOut(clock, call(drive), ms);
  });

  test("gives up a write that hangs, and nothing is stored", async () => {
    const { drive, memory, clock } = hanging("write");
    const writer = drive.put(freshKey(), 100);
    await assertTimesOut(clock, writer.write(pattern(100)), TIMES.stepMs);
    await assertFails(writer.close());
    await writer.abort();
    strictEqual(memory.shards.size, 0);
  });

  test("gives up a close that hangs", async () => {
    const { drive, clock } = hanging("close");
    const writer = drive.put(freshKey(), 100);
    await writer.write(pattern(100));
    await assertTimesOut(clock, writer.close(), TIMES.closeMs);
  });

  test("gives up a read that hangs, and cancels the reader", async () => {
    const { drive, memory, clock } = hanging("read");
    const key = freshKey();
    await putShard(memory, key, pattern(100));
    const reader = (await drive.get(key))!;
    await assertTimesOut(clock, reader.read(100), TIMES.stepMs);
    await assertFails(reader.read(1), "short");
  });

  test("the time between two steps does not count, and no timer is left", async () => {
    const clock = new ManualClock();
    const drive = withTimeout(new MemoryDrive({ name: "memory" }), { clock, ...TIMES });
    const key = freshKey();
    const writer = drive.put(key, 200);
    await writer.write(pattern(100));
    await clock.advance(1_000_000);
    await writer.write(pattern(100));
    await writer.close();
    const reader = (await drive.get(key))!;
    await clock.advance(1_000_000);
    await reader.read(100);
    await reader.read(100);
    ok(clock.waiting <= 1);
    await reader.cancel();
    strictEqual(clock.waiting, 0);
  });

  test("a later step has its whole time", async () => {
    const clock = new ManualClock();
    const memory = new MemoryDrive({ name: "memory" });
    const key = freshKey();
    await putShard(memory, key, pattern(100));
    const { plan } = nthCall(2, { kind: "hang" }, (call) => call.kind === "read");
    const reader = (await withTimeout(withFaults(memory, plan), { clock, ...TIMES }).get(key))!;
    await reader.read(50);
    await clock.advance(TIMES.stepMs - 1);
    await assertTimesOut(clock, reader.read(50), TIMES.stepMs);
  });

  test("a step that waits while the writer is aborted still ends in time", async () => {
    const clock = new ManualClock();
    const hang = () => new Promise<void>(() => {});
    const stuck = { write: hang, close: async () => {}, abort: async () => {} };
    const drive = withTimeout(decorate(new MemoryDrive({ name: "memory" }), { put: () => stuck }), { clock, ...TIMES });
    const writer = drive.put(freshKey(), 1);
    const waiting = writer.write(pattern(1));
    const failed = assertFails(waiting, "timeout");
    await writer.abort();
    await clock.advance(TIMES.stepMs);
    await failed;
    strictEqual(clock.waiting, 0);
  });

  test("a reader that comes too late is cancelled", async () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<ShardReader>();
    const drive = withTimeout(decorate(new MemoryDrive({ name: "memory" }), { get: () => promise }), {
      clock,
      ...TIMES,
    });
    await assertTimesOut(clock, drive.get(freshKey()), TIMES.callMs);
    let isCancelled = false;
    resolve({
      read: () => Promise.reject(new Error("not to be read")),
      cancel: async () => {
        isCancelled = true;
      },
    });
    await settle();
    ok(isCancelled);
  });

  test.each(["write", "close"] as const)("aborts a writer whose %s is late, without being asked to", async (step) => {
    const clock = new ManualClock();
    let aborts = 0;
    const hang = () => new Promise<void>(() => {});
    const abort = async () => {
      aborts += 1;
    };
    const stuck = { write: async () => {}, close: async () => {}, abort, [step]: hang };
    const drive = withTimeout(decorate(new MemoryDrive({ name: "memory" }), { put: () => stuck }), { clock, ...TIMES });
    const writer = drive.put(freshKey(), 1);
    const ms = step === "write" ? TIMES.stepMs : TIMES.closeMs;
    await assertTimesOut(clock, step === "write" ? writer.write(pattern(1)) : writer.close(), ms);
    deepStrictEqual(aborts, 1);
  });

  test("an abort that hangs ends all the same", async () => {
    const clock = new ManualClock();
    const stuck = { write: async () => {}, close: async () => {}, abort: () => new Promise<void>(() => {}) };
    const drive = withTimeout(decorate(new MemoryDrive({ name: "memory" }), { put: () => stuck }), { clock, ...TIMES });
    const aborted = drive.put(freshKey(), 1).abort();
    await clock.advance(TIMES.stepMs);
    deepStrictEqual(await aborted, undefined);
  });

  test("passes a failure on as it is", async () => {
    const clock = new ManualClock();
    const { plan } = nthCall(1, { kind: "fail", fault: "throttled" });
    const drive = withTimeout(withFaults(new MemoryDrive({ name: "memory" }), plan), { clock, ...TIMES });
    await expect(drive.head(freshKey())).rejects.toMatchObject({ fault: "throttled", drive: "memory" });
    strictEqual(clock.waiting, 0);
  });
});
