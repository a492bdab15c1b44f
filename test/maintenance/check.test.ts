import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CheckCounts, checkStore, type Finding, parseCheckCursor } from "../../src/maintenance/check/check.ts";
import { pack } from "../../src/maintenance/collect/pack.ts";
import { heal } from "../../src/maintenance/heal/heal.ts";
import type { Budget } from "../../src/maintenance/run/job.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { snapshot } from "../../src/maintenance/snapshots/snapshot.ts";
import { setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { newId } from "../../src/store/placement/ids.ts";
import { shardKey } from "../../src/store/placement/shard-key.ts";
import { bodyOf, NO_ATTRIBUTES, pattern } from "../support/store.ts";
import { DAY_MS, ENDLESS, HOUR_MS, MaintenanceRig } from "./support/rig.ts";

const SPENT: Budget = { untilMs: 0, isSpent: () => true };

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open({ settings: { snapshotSeconds: 86_400 } });
  for (let n = 0; n < 20; n++) await rig.putBytes(`packed/${n}`, pattern(50 + n, n + 1));
  await rig.clock.advance(2 * HOUR_MS);
  await pack.run(rig.store(), ENDLESS, null);
  await rig.putBytes("inline", pattern(80, 30));
  await rig.putBytes("empty", new Uint8Array(0));
  await rig.putBytes("large", pattern(9_001, 31));
  await setVersioning(rig.store(), rig.bucket, "enabled");
  for (const seed of [32, 33]) await rig.putBytes("versions", pattern(5_000, seed));
  await deleteObject(rig.store(), { bucket: rig.bucket, key: "versions" });
  const upload = { bucket: rig.bucket, key: "big", owner: "root", attributes: NO_ATTRIBUTES };
  const { uploadId } = await createUpload(rig.store(), { ...upload, storageClass: "STANDARD", checksum: null });
  const part = { bucket: rig.bucket, key: "big", uploadId, partNumber: 1 };
  await uploadPart(rig.store(), { ...part, body: () => bodyOf(pattern(4_000, 34)) });
  await runJobs(rig.store(), [snapshot]);
});
afterEach(() => rig.rig.dispose());

async function check(budget = ENDLESS): Promise<{ findings: Finding[]; counts: CheckCounts }> {
  const findings: Finding[] = [];
  let counts: CheckCounts | null = null;
  for (let from: Awaited<ReturnType<typeof checkStore>>["next"] = null, calls = 0; calls < 1_000; calls++) {
    const step = await checkStore(rig.store(), from, budget);
    findings.push(...step.findings);
    const before: CheckCounts | null = counts;
    counts = before === null ? step.counts : add(before, step.counts);
    if (step.next === null) return { findings, counts };
    from = parseCheckCursor(JSON.stringify(step.next)) as typeof from;
  }
  throw new Error("it comes to no end");
}

function add(a: CheckCounts, b: CheckCounts): CheckCounts {
  const names = Object.keys(a) as (keyof CheckCounts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as unknown as CheckCounts;
}

const kinds = async () => (await check()).findings.map(({ kind }) => kind);

describe("checking everything", () => {
  it("finds nothing in a store where nothing is wrong, and changes nothing", async () => {
    const before = await rig.rows("SELECT * FROM blobs");
    const stored = rig.stored();
    const { findings, counts } = await check();
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ rows: 20 + 3 + 3 + 1, blobs: 5, foreignKeys: 0, youngShards: 0 });
    expect(counts).toMatchObject({ bodies: 20 + 3 + 2, bodiesByFramesOnly: 1, shards: 30, keys: stored.size });
    expect(await rig.rows("SELECT * FROM blobs")).toEqual(before);
    expect(rig.stored()).toEqual(stored);
  });

  it("says the same in the smallest steps", { tags: ["slow"] }, async () => {
    expect(await check(SPENT)).toEqual(await check());
  });

  it("finds a shard that is missing, one that is short, one with a flipped bit, and notes none of them", async () => {
    const [blob, other, third] = await rig.blobs();
    rig.lose(blob!, 0);
    rig.flipBit(other!, 2, 80);
    const [drive, key] = third!.shards[1]!;
    rig.drive(drive).shards.set(key, (rig.shard(third!, 1) as Uint8Array).slice(0, -1));
    const { findings } = await check();
    expect(findings).toEqual([
      { kind: "shard-absent", what: expect.stringContaining(`${blob!.id} shard 0`) },
      { kind: "shard-corrupt", what: expect.stringContaining(`${other!.id} shard 2`) },
      { kind: "shard-short", what: expect.stringContaining(`${third!.id} shard 1`) },
    ]);
    expect(await rig.damage()).toEqual([]);
  });

  it("queues what it found if it is asked to, and that alone: it is healed then", { tags: ["slow"] }, async () => {
    const [blob, other, third] = await rig.blobs();
    rig.lose(blob!, 0);
    rig.flipBit(other!, 2, 80);
    const before = rig.stored();
    const rows = await rig.rows("SELECT * FROM objects");
    const { findings } = await checkStore(rig.store(), null, ENDLESS, { notes: true });
    expect(findings.map(({ kind }) => kind)).toEqual(["shard-absent", "shard-corrupt"]);
    expect(await rig.damage()).toEqual([
      expect.objectContaining({ blob_id: blob!.id, shard: 0, cause: "absent" }),
      expect.objectContaining({ blob_id: other!.id, shard: 2, cause: "corrupt" }),
    ]);
    expect(third!.spare_shards).toBeNull();
    expect(rig.stored()).toEqual(before);
    expect(await rig.rows("SELECT * FROM objects")).toEqual(rows);
    await runJobs(rig.store(), [heal]);
    expect(await kinds()).toEqual([]);
  });

  it("finds a wrong header, and a shard in the wrong place", { tags: ["slow"] }, async () => {
    const [blob, other] = await rig.blobs();
    rig.flipBit(blob!, 0, 20);
    const [drive, key] = other!.shards[3]!;
    rig.drive(drive).shards.set(key, rig.shard(other!, 4) as Uint8Array);
    expect(await kinds()).toEqual(["shard-corrupt", "shard-corrupt"]);
  });

  it("finds a blob that is lost: its bodies cannot be read", { tags: ["slow"] }, async () => {
    const [large] = await rig.rows<{ blob: string }>(
      "SELECT json_extract(extents, '$[0][2]') AS blob FROM objects WHERE key = 'large'",
    );
    const blob = (await rig.blobs()).find(({ id }) => id === large!.blob)!;
    for (const shard of [0, 1, 2]) rig.lose(blob, shard);
    const idle = rig.store().engine.idleMd5s;
    const found = await kinds();
    expect(found.filter((kind) => kind === "shard-absent")).toHaveLength(3);
    expect(found).toContain("body-unreadable");
    expect(rig.store().engine.idleMd5s).toEqual(idle);
  });

  it("finds a shard that was never written, and a drive that is not there", { tags: ["slow"] }, async () => {
    rig.plan = ({ drive, kind }) =>
      drive === "drive-2" && kind === "close" ? { kind: "fail", fault: "unreachable" } : null;
    for (let n = 0; n < 3; n++) await rig.putBytes(`more/${n}`, pattern(5_000, 40 + n));
    rig.plan = ({ drive }) => (drive === "drive-2" ? { kind: "fail", fault: "unreachable" } : null);
    const found = await kinds();
    expect(found).toContain("shard-missing");
    expect(found).toContain("shard-unreachable");
    expect(found).toContain("drive-unreachable");
  });

  it("finds bytes that verify but are not those of the object", { tags: ["slow"] }, async () => {
    await rig.rows("UPDATE objects SET inline_body = 'AAAA' || substr(inline_body, 5) WHERE key = 'inline'");
    await rig.rows(
      `UPDATE objects SET extents = (SELECT extents FROM objects WHERE key = 'packed/3') WHERE key = 'packed/4'`,
    );
    const { findings } = await check();
    expect(findings.map(({ kind }) => kind).sort()).toEqual([
      // Sealed bytes that were altered do not even open.
      rig.store().sealing.byDefault ? "body-unreadable" : "body-digest-differs",
      "body-unreadable",
      "reference-without-use",
      "row-of-other-size",
    ]);
  });

  it("finds a row without its blob", { tags: ["slow"] }, async () => {
    const [{ id }] = (await rig.rows<{ id: string }>(
      "SELECT extents ->> '$[0][2]' AS id FROM objects WHERE key = 'large'",
    )) as [{ id: string }];
    await rig.rows(`DELETE FROM blobs WHERE id = '${id}'`);
    const { findings } = await check();
    expect(findings.map(({ kind }) => kind)).toEqual(["row-without-blob", "body-unreadable"]);
    expect(findings[0]?.what).toContain("kept/large");
    // Its shards are nobody's now, and the walk's once they are old.
    await rig.clock.advance(3 * DAY_MS);
    expect((await kinds()).filter((kind) => kind === "orphan-shard")).toHaveLength(6);
  });

  it("finds a blob without references, and a row whose blob may be collected", { tags: ["slow"] }, async () => {
    await rig.rows("DELETE FROM blob_refs WHERE referent = (SELECT id FROM objects WHERE key = 'large')");
    expect(await kinds()).toEqual(["row-without-reference", "blob-without-reference"]);
  });

  it("finds a reference that nothing needs, a row of no bucket and extents beyond their blob", {
    tags: ["slow"],
  }, async () => {
    const [blob] = await rig.blobs();
    await rig.rows(`INSERT INTO blob_refs VALUES ('${blob!.id}', 'nobody')`);
    // Usage would refuse it.
    await rig.rows("DROP TRIGGER usage_of_renamed_object");
    await rig.rows("UPDATE objects SET bucket_id = 99 WHERE key = 'inline'");
    await rig.rows("UPDATE objects SET extents = json_set(extents, '$[0][3]', 5000) WHERE key = 'large'");
    expect((await kinds()).sort()).toEqual([
      "body-unreadable",
      "reference-without-use",
      "row-beyond-blob",
      "row-without-owner",
    ]);
  });

  it("finds a shard on a drive that no row names, once it is no young one", { tags: ["slow"] }, async () => {
    const id = newId(rig.store());
    rig.drive("drive-1").shards.set(shardKey(id, 0), pattern(500));
    rig.drive("drive-1").shards.set("something-else", pattern(10));
    const young = await check();
    expect(young).toMatchObject({ findings: [], counts: { youngShards: 1, foreignKeys: 1 } });
    await rig.clock.advance(3 * DAY_MS);
    expect((await check()).findings).toEqual([{ kind: "orphan-shard", what: `${shardKey(id, 0)} on drive-1` }]);
  });

  it("passes over what was deleted while it was looked at", { tags: ["slow"] }, async () => {
    rig.plan = ({ kind }) => (kind === "get" ? { kind: "fail", fault: "unreachable" } : null);
    const store = rig.store();
    store.metadata.blobs.find = async () => [];
    const { findings } = await checkStore(store, { database: "DB", phase: "blobs", of: "", after: "" }, SPENT);
    expect(findings).toEqual([]);
  });

  it("takes only cursors that it gave", { tags: ["slow"] }, () => {
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      '{"phase":"x","of":"","after":null}',
      '{"phase":"rows","of":"jobs","after":null}',
    ]) {
      expect(parseCheckCursor(text)).toBeNull();
    }
    const begin = { database: "DB", phase: "rows", of: "objects", after: null };
    expect(parseCheckCursor(JSON.stringify(begin))).toEqual(begin);
  });
});
