import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { type ListVersions, listVersions } from "../../src/store/read/list-versions.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { putObject } from "../../src/store/write/write.ts";
import { openTestStore, put, readAll, type TestStore } from "../support/store.ts";
import { describeVersionRules } from "./versions.suite.ts";

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ countsRows: true });
});
afterAll(() => rig.dispose());

let buckets = 0;
async function newBucket(): Promise<string> {
  const name = `versions-${++buckets}`;
  await createBucket(rig.store, { name, owner: "root", region: "us-east-1" });
  return name;
}

async function contentOf(bucket: string, name: string, versionId?: string): Promise<string | null> {
  const { head, read } = await openObject(rig.store, { bucket, key: name, ...(versionId ? { versionId } : {}) });
  return Buffer.from(await readAll(await read({ offset: 0, length: head.sizeBytes }))).toString();
}

describeVersionRules({ countsRows: false });

describe("versions", () => {
  it("pages through versions without losing or repeating one, with and without a delimiter", {
    tags: ["slow"],
  }, async () => {
    const bucket = await newBucket();
    await setVersioning(rig.store, bucket, "enabled");
    for (const name of ["a/1", "a/2", "b", "c/1", "d"]) {
      for (let n = 0; n < 3; n++) await putObject(rig.store, put(bucket, name, Buffer.from(`${n}`)));
    }
    await deleteObjects(rig.store, { bucket, deletions: [{ key: "b" }, { key: "a/2" }] });
    const query = { bucket, prefix: "", delimiter: "" };
    const all =
      (await rig.store.metadata.listing.versions({ ...query, after: { key: "" }, limit: 1000 }))?.entries ?? [];
    expect(all.length).toBe(17);
    for (const limit of [1, 2, 3, 7]) {
      const seen: unknown[] = [];
      let after: { key: string; seq?: number } = { key: "" };
      for (;;) {
        const page = (await rig.store.metadata.listing.versions({ ...query, after, limit }))?.entries ?? [];
        seen.push(...page.slice(0, limit));
        const last = page[limit - 1];
        if (page.length <= limit || last?.kind !== "version") break;
        after = { key: last.key, seq: last.seq };
      }
      expect(seen).toEqual(all);
    }
    const rolled = await rig.store.metadata.listing.versions({
      ...query,
      delimiter: "/",
      after: { key: "" },
      limit: 99,
    });
    expect(rolled?.entries.map((entry) => (entry.kind === "prefix" ? entry.prefix : entry.key))).toEqual([
      "a/",
      "b",
      "b",
      "b",
      "b",
      "c/",
      "d",
      "d",
      "d",
    ]);
  });

  it("cost no more rows than the budget, however many a key has", { tags: ["slow"] }, async () => {
    const bucket = await newBucket();
    await setVersioning(rig.store, bucket, "enabled");
    const versionIds: string[] = [];
    for (let n = 0; n < 120; n++) {
      const { versionId } = await putObject(rig.store, put(bucket, "key", Buffer.from(`${n}`)));
      versionIds.push(versionId as string);
    }
    const cost = async (work: () => Promise<unknown>) => {
      rig.takeCost();
      await work();
      return rig.takeCost();
    };
    const within = { roundTrips: 2, rowsRead: 25, rowsWritten: 5 };
    const steps: [string, () => Promise<unknown>][] = [
      ["PutObject", () => putObject(rig.store, put(bucket, "key", Buffer.from("new")))],
      ["GetObject of an old version", () => contentOf(bucket, "key", versionIds[3])],
      ["DeleteObject", () => deleteObject(rig.store, { bucket, key: "key" })],
      ["GetObject of a deleted key", () => headObject(rig.store, { bucket, key: "key" }).catch(() => {})],
    ];
    for (const [name, work] of steps) {
      const { roundTrips, rowsRead, rowsWritten } = await cost(work);
      expect([name, roundTrips <= within.roundTrips, rowsRead, rowsRead <= within.rowsRead, rowsWritten]).toEqual([
        name,
        true,
        rowsRead,
        true,
        rowsWritten,
      ]);
      expect(rowsWritten).toBeLessThanOrEqual(within.rowsWritten);
    }
    const removal = await cost(() =>
      deleteObject(rig.store, { bucket, key: "key", versionId: versionIds[5] as string }),
    );
    expect(removal.roundTrips).toBe(1);
    // Some statements, each of a few seeks: not one of the 120 versions more.
    expect(removal.rowsRead).toBeLessThanOrEqual(80);
  });
});

describe("a page of versions", () => {
  it("reads rows for its entries, and for no other version or key", { tags: ["slow"] }, async () => {
    const bucket = await newBucket();
    await setVersioning(rig.store, bucket, "enabled");
    for (let n = 0; n < 40; n++) {
      await putObject(rig.store, put(bucket, `a/${n % 10}`, Buffer.from(`${n}`)));
      await putObject(rig.store, put(bucket, "b", Buffer.from(`${n}`)));
    }
    await deleteObject(rig.store, { bucket, key: "a/3" });
    const query = { bucket, prefix: "", delimiter: "" };
    const pages: [string, ListVersions, number][] = [
      ["the first", { ...query, after: { key: "" }, limit: 20 }, 20],
      ["one within a key", { ...query, after: { key: "b", versionId: "null" }, limit: 20 }, 20],
      ["one of prefixes", { ...query, delimiter: "/", after: { key: "" }, limit: 10 }, 10],
      ["all", { ...query, after: { key: "" }, limit: 1000 }, 81],
      ["all, with a delimiter that no key holds", { ...query, delimiter: "|", after: { key: "" }, limit: 1000 }, 81],
    ];
    for (const [name, page, entries] of pages) {
      rig.takeCost();
      expect((await listVersions(rig.store, page)).entries).toHaveLength(entries);
      const { roundTrips, rowsRead, rowsWritten } = rig.takeCost();
      expect([name, roundTrips, rowsWritten]).toEqual([name, 1, 0]);
      expect([name, rowsRead, rowsRead <= 2 * entries + 20]).toEqual([name, rowsRead, true]);
    }
  });
});
