import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { expire } from "../../src/maintenance/collect/expire.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { listVersions } from "../../src/store/read/list-versions.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { type RenameObject, renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { collectAll, expectExactReferences, expectNothingLeft } from "../support/references.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

const bucket = "renames";
const DAY_MS = 24 * 3600 * 1000;
/** A body of each kind: in the row, as three copies, as 4+2. */
const BODIES = [pattern(300, 1), pattern(1_500, 2), pattern(9_000, 3)];

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock, settings: { inlineBytesMax: 512, smallBytesMax: 2048 } });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

function rename(source: string, key: string, options: Partial<RenameObject> = {}): Promise<void> {
  return renameObject(rig.store, { bucket, source, key, checkSource: () => {}, ...options });
}

async function contentOf(key: string, versionId?: string): Promise<Uint8Array | null> {
  try {
    const { head, read } = await openObject(rig.store, { bucket, key, ...(versionId ? { versionId } : {}) });
    return await readAll(await read({ offset: 0, length: head.sizeBytes }));
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "no-such-key") return null;
    throw error;
  }
}

async function expectContent(key: string, bytes: Uint8Array | null, versionId?: string): Promise<void> {
  const content = await contentOf(key, versionId);
  expect(content && Buffer.from(content).toString("hex")).toEqual(bytes && Buffer.from(bytes).toString("hex"));
}

const failureKind = (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (error: StoreError) => error.failure.kind,
  );

/** "key versionId|marker latest?" of everything in the bucket. */
async function versions(): Promise<{ key: string; versionId: string; isMarker: boolean; isLatest: boolean }[]> {
  const all = { bucket, prefix: "", delimiter: "", after: { key: "" }, limit: 1000 };
  const { entries } = await listVersions(rig.store, all);
  return entries.flatMap((entry) => (entry.kind === "prefix" ? [] : [entry]));
}

describe("a bucket without versions", () => {
  it.each(BODIES.map((body) => [body.length, body] as const))(
    "%d bytes: the row moves and nothing else",
    async (_, body) => {
      await putObject(rig.store, { ...put(bucket, "a", body), tags: [["t", "1"]] });
      const before = await headObject(rig.store, { bucket, key: "a" });
      const shards = rig.drives.map((drive) => [...drive.shards.keys()]);
      await clock.advance(5_000);
      await rename("a", "b");
      const { encryption, ...after } = await headObject(rig.store, { bucket, key: "b" });
      // Its key is sealed again, for the new name.
      expect({ ...after, encryption: { ...encryption, sealed: before.encryption?.sealed } }).toMatchObject({
        ...before,
        key: "b",
      });
      expect(rig.drives.map((drive) => [...drive.shards.keys()])).toEqual(shards);
      await expectContent("a", null);
      await collectAll(rig);
      await expectContent("b", body);
      await expectExactReferences(rig);
      await expectNothingLeft(rig, bucket);
    },
  );

  it("what the key named before is collected, what the source shares is not", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[2] as Uint8Array));
    await putObject(rig.store, put(bucket, "b", pattern(7_000, 9)));
    const copy = { source: { bucket, key: "a" }, check: () => {}, attributes: "copy" as const };
    await copyObject(rig.store, { ...copy, bucket, key: "copy", storageClass: "STANDARD" });
    await rename("a", "b");
    await expectExactReferences(rig);
    await collectAll(rig);
    await expectContent("b", BODIES[2] as Uint8Array);
    await deleteObject(rig.store, { bucket, key: "b" });
    await collectAll(rig);
    await expectContent("copy", BODIES[2] as Uint8Array);
    await expectNothingLeft(rig, bucket);
  });

  it("a source that is not there, a bucket that is not there", async () => {
    await expect(rename("absent", "b")).rejects.toMatchObject({ failure: { kind: "no-such-key", key: "absent" } });
    const elsewhere = { bucket: "elsewhere", source: "a", key: "b", checkSource: () => {} };
    expect(await failureKind(renameObject(rig.store, elsewhere))).toBe("no-such-bucket");
  });
});

describe("a bucket with versions", () => {
  beforeEach(() => setVersioning(rig.store, bucket, "enabled"));

  it.each(BODIES.map((body) => [body.length, body] as const))(
    "%d bytes: a new version and a delete marker",
    { tags: ["slow"] },
    async (_, body) => {
      const { versionId: first } = await putObject(rig.store, put(bucket, "a", body));
      const { versionId: replaced } = await putObject(rig.store, put(bucket, "b", pattern(8_000, 9)));
      const before = await headObject(rig.store, { bucket, key: "a" });
      await rename("a", "b");
      const { versionId, id, ...after } = await headObject(rig.store, { bucket, key: "b" });
      const { encryption: _sealed, ...unsealed } = before;
      expect({ ...after, key: "a" }).toEqual({ ...after, ...unsealed, key: "a", id: undefined, versionId: undefined });
      expect(versionId).not.toBe(first);
      expect(id).not.toBe(before.id);
      expect(await failureKind(headObject(rig.store, { bucket, key: "a" }))).toBe("no-such-key");
      expect(await versions()).toMatchObject([
        { key: "a", isMarker: true, isLatest: true },
        { key: "a", versionId: first, isMarker: false, isLatest: false },
        { key: "b", versionId, isMarker: false, isLatest: true },
        { key: "b", versionId: replaced, isMarker: false, isLatest: false },
      ]);
      await expectExactReferences(rig);
      // Neither version depends on the other.
      await deleteObject(rig.store, { bucket, key: "a", versionId: first as string });
      await collectAll(rig);
      await expectContent("b", body);
      await expectExactReferences(rig);
      await expectNothingLeft(rig, bucket);
    },
  );

  it.each(BODIES.map((body) => [body.length, body] as const))(
    "suspended, %d bytes: null versions",
    { tags: ["slow"] },
    async (_, body) => {
      const { versionId: kept } = await putObject(rig.store, put(bucket, "b", pattern(8_000, 9)));
      await setVersioning(rig.store, bucket, "suspended");
      await putObject(rig.store, put(bucket, "a", body));
      await rename("a", "b");
      expect(await versions()).toMatchObject([
        { key: "a", versionId: "null", isMarker: true, isLatest: true },
        { key: "b", versionId: "null", isMarker: false, isLatest: true },
        { key: "b", versionId: kept, isMarker: false, isLatest: false },
      ]);
      await expectExactReferences(rig);
      await collectAll(rig);
      await expectContent("b", body);
      await expectContent("b", pattern(8_000, 9), kept);
      await expectNothingLeft(rig, bucket);
    },
  );

  it("the new version is retained as the old one is, or as the bucket says", async () => {
    const locked = "locked";
    await createBucket(rig.store, { name: locked, owner: "root", region: "us-east-1", objectLock: true });
    const retention = { mode: "COMPLIANCE" as const, untilMs: clock.now() + DAY_MS };
    await putObject(rig.store, { ...put(locked, "a", BODIES[0] as Uint8Array), lock: { retention, legalHold: "ON" } });
    await renameObject(rig.store, { bucket: locked, source: "a", key: "b", checkSource: () => {} });
    expect((await headObject(rig.store, { bucket: locked, key: "b" })).lock).toEqual({ retention, legalHold: "ON" });
  });
});

describe("conditions", () => {
  it("are decided on what the commit meets", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    // Between the look and the commit somebody else writes the key.
    const { renames } = rig.store.metadata;
    const commit = renames.rename.bind(renames);
    renames.rename = async (...call) => {
      renames.rename = commit;
      await putObject(rig.store, put(bucket, "b", BODIES[1] as Uint8Array));
      return commit(...call);
    };
    const seen: (string | null)[] = [];
    const check = (head: { etag: string } | null) => {
      seen.push(head?.etag ?? null);
      if (head !== null) throw new Error("412");
    };
    await expect(rename("a", "b", { checkTarget: check })).rejects.toThrow("412");
    expect(seen).toHaveLength(2);
    await expectContent("a", BODIES[0] as Uint8Array);
    await expectContent("b", BODIES[1] as Uint8Array);
  });

  it("of a hundred renames of one object exactly one wins", { tags: ["slow"] }, async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[2] as Uint8Array));
    const outcomes = await Promise.all(Array.from({ length: 100 }, (_, n) => failureKind(rename("a", `to/${n}`))));
    expect(outcomes.filter((kind) => kind === "none")).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(["none", "no-such-key"]));
    await expectContent(`to/${outcomes.indexOf("none")}`, BODIES[2] as Uint8Array);
    await expectExactReferences(rig);
  });

  it("of a hundred renames onto a key that must be free exactly one wins, and no other source is lost", {
    tags: ["slow"],
  }, async () => {
    for (let n = 0; n < 100; n++) await putObject(rig.store, put(bucket, `from/${n}`, pattern(600, n + 1)));
    const free = (head: unknown) => {
      if (head !== null) throw new StoreError({ kind: "precondition-failed", condition: "If-None-Match" });
    };
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, n) => failureKind(rename(`from/${n}`, "to", { checkTarget: free }))),
    );
    const winner = outcomes.indexOf("none");
    expect(outcomes.filter((kind) => kind !== "precondition-failed")).toEqual(["none"]);
    await expectContent("to", pattern(600, winner + 1));
    for (let n = 0; n < 100; n++) await expectContent(`from/${n}`, n === winner ? null : pattern(600, n + 1));
    await expectExactReferences(rig);
  });
});

describe("client tokens", () => {
  const idempotency = { token: "token", parameters: "a to b" };

  it("a repeated rename does nothing, whatever has happened since", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    await rename("a", "b", { idempotency });
    await putObject(rig.store, put(bucket, "a", BODIES[1] as Uint8Array));
    await rename("a", "b", { idempotency });
    await expectContent("a", BODIES[1] as Uint8Array);
    await expectContent("b", BODIES[0] as Uint8Array);
  });

  it("another rename under the same token is refused", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    await rename("a", "b", { idempotency });
    const other = { idempotency: { ...idempotency, parameters: "b to c" } };
    expect(await failureKind(rename("b", "c", other))).toBe("idempotency-mismatch");
    await expectContent("b", BODIES[0] as Uint8Array);
  });

  it("a rename that failed leaves the token free", async () => {
    expect(await failureKind(rename("a", "b", { idempotency }))).toBe("no-such-key");
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    await rename("a", "b", { idempotency });
    await expectContent("b", BODIES[0] as Uint8Array);
  });

  it("a hundred at once do it once and all succeed", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, () => failureKind(rename("a", "b", { idempotency }))),
    );
    expect(new Set(outcomes)).toEqual(new Set(["none"]));
  });

  it("is known for a day at least, and then forgotten", async () => {
    await putObject(rig.store, put(bucket, "a", BODIES[0] as Uint8Array));
    await rename("a", "b", { idempotency });
    const budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
    await clock.advance(DAY_MS);
    await expire.run(rig.store, budget, null);
    await rename("a", "b", { idempotency });
    await clock.advance(DAY_MS);
    const { report } = await expire.run(rig.store, budget, null);
    expect(report.forgottenTokens).toBe(1);
    expect(await failureKind(rename("a", "b", { idempotency }))).toBe("no-such-key");
  });
});
