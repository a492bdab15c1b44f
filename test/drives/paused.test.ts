import { deepStrictEqual, strictEqual } from "node:assert";
import { describe, test } from "vitest";
import type { Drive } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { Pauses, withPauses } from "../../src/drives/paused.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { freshKey, pattern, putShard } from "./contract.ts";

const RHYTHM = { workMs: 10, pauseMs: 3 };

async function isDone(work: Promise<unknown>): Promise<boolean> {
  let done = false;
  void work.then(() => (done = true));
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  return done;
}

describe("withPauses", () => {
  test("calls go on until a pause is due, and all wait for it together", async () => {
    const clock = new ManualClock();
    const pauses = new Pauses(clock, RHYTHM);
    const [one, other] = ["one", "other"].map((name) => withPauses(new MemoryDrive({ name }), pauses)) as [
      Drive,
      Drive,
    ];
    strictEqual(await isDone(one.head(freshKey())), true);
    await clock.advance(9);
    strictEqual(await isDone(one.head(freshKey())), true);
    await clock.advance(1);
    const waiting = [one.head(freshKey()), other.head(freshKey())];
    await clock.advance(2);
    deepStrictEqual(await Promise.all(waiting.map(isDone)), [false, false]);
    await clock.advance(1);
    deepStrictEqual(await Promise.all(waiting), [null, null]);
    // The work after a pause has its whole time.
    await clock.advance(9);
    strictEqual(await isDone(other.head(freshKey())), true);
  });

  test("every call waits, and every piece that is read or written", async () => {
    const clock = new ManualClock();
    const memory = new MemoryDrive({ name: "memory" });
    const key = freshKey();
    await putShard(memory, key, pattern(100));
    const drive = withPauses(memory, new Pauses(clock, RHYTHM));
    const reader = (await drive.get(key))!;
    const writer = drive.put(freshKey(), 5);
    const steps: (() => Promise<unknown>)[] = [
      () => drive.get(key),
      () => drive.head(key),
      () => drive.list({ limit: 5 }),
      () => drive.delete([freshKey()]),
      () => reader.read(10),
      () => writer.write(pattern(5)),
      () => writer.close(),
    ];
    for (const step of steps) {
      await clock.advance(RHYTHM.workMs);
      const work = step();
      strictEqual(await isDone(work), false);
      await clock.advance(RHYTHM.pauseMs);
      await work;
    }
  });
});
