import { deepStrictEqual } from "node:assert";
import { describe, test } from "vitest";
import { newDriveCounts, withCounts } from "../../src/drives/counted.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { nthCall, withFaults } from "../support/faulty.ts";
import { assertFails, freshKey, pattern, putShard } from "./contract.ts";

describe("withCounts", () => {
  test("counts calls by kind, and bytes each way", async () => {
    const counts = newDriveCounts();
    const drive = withCounts(new MemoryDrive({ name: "memory" }), counts);
    const key = freshKey();
    await putShard(drive, key, pattern(1000), 300);
    const reader = (await drive.get(key, { offset: 100, length: 200 }))!;
    await reader.read(50);
    await reader.read(60);
    await drive.get(freshKey());
    await drive.head(key);
    await drive.list({ limit: 5 });
    await drive.delete([key, freshKey(), freshKey()]);
    deepStrictEqual(counts, {
      ...newDriveCounts(),
      put: 1,
      get: 2,
      head: 1,
      list: 1,
      delete: 1,
      deletedKeys: 3,
      writtenBytes: 1000,
      readBytes: 110,
    });
  });

  test("counts a failed call, writer or reader once", async () => {
    const counts = newDriveCounts();
    const memory = new MemoryDrive({ name: "memory" });
    await putShard(memory, "01KAGX00000000000000000000-00", pattern(10));
    for (const kind of ["get", "head", "list", "delete", "read", "write", "close"] as const) {
      const { plan } = nthCall(1, { kind: "fail", fault: "unknown" }, (call) => call.kind === kind);
      const drive = withCounts(withFaults(memory, plan), counts);
      const before = counts.failed;
      const use = async () => {
        await drive.head(freshKey());
        await drive.list({ limit: 1 });
        await drive.delete([freshKey()]);
        await (await drive.get("01KAGX00000000000000000000-00"))?.read(10);
        const writer = drive.put(freshKey(), 10);
        await writer.write(pattern(10));
        await writer.close();
      };
      await assertFails(use(), "unknown");
      deepStrictEqual(counts.failed, before + 1, kind);
    }
  });

  test("a writer whose write and close both fail counts once", async () => {
    const counts = newDriveCounts();
    const drive = withCounts(
      withFaults(new MemoryDrive({ name: "memory" }), () => ({ kind: "fail", fault: "unknown" })),
      counts,
    );
    const writer = drive.put(freshKey(), 10);
    await assertFails(writer.write(pattern(10)));
    await assertFails(writer.close());
    deepStrictEqual(counts, { ...newDriveCounts(), put: 1, failed: 1 });
  });
});
