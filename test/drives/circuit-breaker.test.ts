import { strictEqual } from "node:assert";
import { describe, test } from "vitest";
import { withCircuitBreaker } from "../../src/drives/circuit-breaker.ts";
import type { Drive, DriveFault } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { type DriveCall, type Fault, withFaults } from "../support/faulty.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { assertFails, freshKey, pattern, putShard } from "./contract.ts";

/** A breaker that opens after three failures for a second, around a drive whose state of health can be set. */
class Rig {
  readonly clock = new ManualClock();
  readonly memory = new MemoryDrive({ name: "memory" });
  readonly drive: Drive;
  calls = 0;
  /** What every call of these kinds meets. */
  fault: Fault | null = null;
  kinds: DriveCall["kind"][] | null = null;

  constructor() {
    const inner = withFaults(this.memory, ({ kind }) => {
      this.calls += 1;
      return this.kinds === null || this.kinds.includes(kind) ? this.fault : null;
    });
    this.drive = withCircuitBreaker(inner, { clock: this.clock, failuresMax: 3, openMs: 1000 });
  }

  failWith(fault: DriveFault, kinds: DriveCall["kind"][] | null = null): void {
    this.fault = { kind: "fail", fault };
    this.kinds = kinds;
  }

  async open(): Promise<void> {
    this.failWith("unreachable");
    for (let call = 0; call < 3; call++) await assertFails(this.drive.head(freshKey()), "unreachable");
    this.calls = 0;
  }
}

describe("withCircuitBreaker", () => {
  test("opens after failures in a row and then asks the drive nothing", async () => {
    const rig = new Rig();
    await rig.open();
    await assertFails(rig.drive.head(freshKey()), "circuit-open");
    await assertFails(rig.drive.get(freshKey()), "circuit-open");
    await assertFails(rig.drive.delete([freshKey()]), "circuit-open");
    await assertFails(rig.drive.list({ limit: 1 }), "circuit-open");
    const writer = rig.drive.put(freshKey(), 10);
    await assertFails(writer.write(pattern(10)), "circuit-open");
    await assertFails(writer.close(), "circuit-open");
    await writer.abort();
    strictEqual(rig.calls, 0);
  });

  test("a success between them starts the count again", async () => {
    const rig = new Rig();
    for (let round = 0; round < 5; round++) {
      rig.failWith("timeout");
      for (let call = 0; call < 2; call++) await assertFails(rig.drive.head(freshKey()), "timeout");
      rig.fault = null;
      strictEqual(await rig.drive.get(freshKey()), null);
    }
  });

  test("lets one call through to try, which closes it by success", async () => {
    const rig = new Rig();
    await rig.open();
    await rig.clock.advance(999);
    await assertFails(rig.drive.head(freshKey()), "circuit-open");
    await rig.clock.advance(1);
    rig.fault = null;
    const tried = rig.drive.head(freshKey());
    await assertFails(rig.drive.head(freshKey()), "circuit-open");
    await tried;
    strictEqual(rig.calls, 1);
    await rig.drive.head(freshKey());
    strictEqual(rig.calls, 2);
  });

  test("a failed try keeps it open for the whole time again", async () => {
    const rig = new Rig();
    await rig.open();
    await rig.clock.advance(1000);
    await assertFails(rig.drive.head(freshKey()), "unreachable");
    await rig.clock.advance(999);
    await assertFails(rig.drive.head(freshKey()), "circuit-open");
    strictEqual(rig.calls, 1);
  });

  test("a try that never ends does not keep it open for ever", async () => {
    const rig = new Rig();
    await rig.open();
    await rig.clock.advance(1000);
    rig.fault = { kind: "hang" };
    void rig.drive.head(freshKey());
    await rig.clock.advance(1000);
    rig.fault = null;
    strictEqual(await rig.drive.head(freshKey()), null);
  });

  test.each(["short", "full", "refused"] as const)(
    "a fault that is %s says nothing of the drive's health",
    async (fault) => {
      const rig = new Rig();
      rig.failWith(fault);
      for (let call = 0; call < 10; call++) await assertFails(rig.drive.head(freshKey()), fault);
    },
  );

  test("readers whose bytes never come open it, though the drive answers", async () => {
    const rig = new Rig();
    const key = freshKey();
    await putShard(rig.memory, key, pattern(10));
    rig.failWith("timeout", ["read"]);
    for (let call = 0; call < 3; call++) await assertFails((await rig.drive.get(key))!.read(10), "timeout");
    await assertFails(rig.drive.get(key), "circuit-open");
  });

  test("a frame that comes starts the count again", async () => {
    const rig = new Rig();
    const key = freshKey();
    await putShard(rig.memory, key, pattern(10));
    for (let round = 0; round < 5; round++) {
      rig.failWith("timeout");
      for (let call = 0; call < 2; call++) await assertFails(rig.drive.head(key), "timeout");
      rig.fault = null;
      await (await rig.drive.get(key))!.read(10);
    }
  });

  test("a writer counts once, and only its acknowledgement is a success", async () => {
    const rig = new Rig();
    rig.failWith("unknown", ["close"]);
    for (let call = 0; call < 3; call++) {
      const writer = rig.drive.put(freshKey(), 10);
      await writer.write(pattern(10));
      await assertFails(writer.close(), "unknown");
      await assertFails(writer.close());
      await writer.abort();
      if (call < 2) strictEqual(rig.calls, 3 * (call + 1));
    }
    await assertFails(rig.drive.put(freshKey(), 10).write(pattern(10)), "circuit-open");
  });

  test("writers that the caller aborts count for nothing", async () => {
    const rig = new Rig();
    for (let call = 0; call < 10; call++) {
      const writer = rig.drive.put(freshKey(), 10);
      await writer.write(pattern(5));
      await writer.abort();
      await assertFails(writer.close());
    }
    strictEqual(await rig.drive.head(freshKey()), null);
  });
});
