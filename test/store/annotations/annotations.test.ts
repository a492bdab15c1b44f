import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkStore } from "../../../src/maintenance/check/check.ts";
import {
  deleteAnnotation,
  listAnnotations,
  openAnnotation,
  putAnnotation,
} from "../../../src/store/annotations/annotations.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import { setLockConfiguration } from "../../../src/store/buckets/object-lock.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import type { StoreError } from "../../../src/store/failure.ts";
import type { ObjectName } from "../../../src/store/read/objects.ts";
import { headObject } from "../../../src/store/read/objects.ts";
import { putLegalHold, putRetention } from "../../../src/store/write/amend.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { type CopyObject, copyObject } from "../../../src/store/write/copy.ts";
import { renameObject } from "../../../src/store/write/rename.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { collectAll, expectExactReferences, expectNothingLeft } from "../../support/references.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "notes";
const key = "k";
/** In the row, as three copies, as 4+2. */
const BODIES = [pattern(300, 1), pattern(1_500, 2), pattern(9_000, 3)];

let clock: ManualClock;
let rig: TestStore;
beforeEach(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock, settings: { inlineBytesMax: 512, smallBytesMax: 2048 } });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
  await putObject(rig.store, put(bucket, key, pattern(700, 9)));
});
afterEach(() => rig.dispose());

const annotate = (name: string, bytes: Uint8Array, object: ObjectName = { bucket, key }, more = {}) =>
  putAnnotation(rig.store, object, { name, body: put(bucket, "", bytes).body, bypassGovernance: false, ...more });
const forget = (name: string, object: ObjectName = { bucket, key }, more = {}) =>
  deleteAnnotation(rig.store, object, { name, bypassGovernance: false, ...more });
const copy = (to: string, more: Partial<CopyObject> = {}) =>
  copyObject(rig.store, {
    ...{ bucket, key: to, source: { bucket, key }, check: () => {}, attributes: "copy", storageClass: "STANDARD" },
    ...more,
  });
const failureKind = (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (error: StoreError) => error.failure.kind,
  );

async function contentOf(name: string, object: ObjectName = { bucket, key }): Promise<string> {
  const { read } = await openAnnotation(rig.store, object, name);
  return Buffer.from(await readAll(await read())).toString("hex");
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

async function namesOf(object: ObjectName = { bucket, key }): Promise<string[]> {
  const { annotations } = await listAnnotations(rig.store, object, { prefix: "", after: "", limit: 1000 });
  return annotations.map(({ name }) => name);
}

/** Every row, reference, blob, body and shard is as it must be, now and when all trash is collected. */
async function expectSound(): Promise<void> {
  await expectExactReferences(rig);
  await collectAll(rig);
  await expectExactReferences(rig);
  const { findings } = await checkStore(rig.store, null, { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false });
  expect(findings).toEqual([]);
}

describe("annotations", () => {
  it.each(BODIES.map((body) => [body.length, body] as const))(
    "of %d bytes come back as they were put",
    { tags: ["slow"] },
    async (_, body) => {
      const written = await annotate("n", body);
      expect(written.etag).toBe(createHash("md5").update(body).digest("hex"));
      expect(written.checksum.algorithm).toBe("crc64nvme");
      expect(await contentOf("n")).toBe(hex(body));
      const { annotation } = await openAnnotation(rig.store, { bucket, key }, "n");
      expect(annotation).toEqual({
        name: "n",
        sizeBytes: body.length,
        etag: written.etag,
        modifiedMs: clock.now(),
        checksum: written.checksum,
      });
      await expectSound();
      expect(await contentOf("n")).toBe(hex(body));
      await expectNothingLeft(rig, bucket);
    },
  );

  it("replace those of the same name, and nothing else of the object changes", { tags: ["slow"] }, async () => {
    const before = await headObject(rig.store, { bucket, key });
    for (const body of [...BODIES, ...BODIES.toReversed()]) {
      await annotate("n", body);
      await annotate("other", body);
    }
    expect(await namesOf()).toEqual(["n", "other"]);
    expect(await contentOf("n")).toBe(hex(BODIES[0] as Uint8Array));
    expect(await headObject(rig.store, { bucket, key })).toEqual({ ...before, annotations: 2 });
    await expectSound();
    await forget("n");
    await forget("n");
    expect(await namesOf()).toEqual(["other"]);
    expect(await failureKind(contentOf("n"))).toBe("no-such-annotation");
    expect((await headObject(rig.store, { bucket, key })).annotations).toBe(1);
    await expectSound();
    await expectNothingLeft(rig, bucket);
  });

  it("go with the object that is replaced or deleted", async () => {
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    await putObject(rig.store, put(bucket, key, pattern(10, 4)));
    expect(await namesOf()).toEqual([]);
    await expectSound();
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    await deleteObject(rig.store, { bucket, key });
    expect(await failureKind(namesOf())).toBe("no-such-key");
    await expectNothingLeft(rig, bucket);
  });

  it("are at most 1,000, of which a page tells some", { tags: ["slow"] }, async () => {
    const names = Array.from({ length: 1_000 }, (_, at) => `n${String(at).padStart(4, "0")}`);
    for (const name of names) await annotate(name, new Uint8Array([1]));
    expect(await failureKind(annotate("one-more", new Uint8Array([1])))).toBe("too-many-annotations");
    await annotate("n0007", new Uint8Array([2]));
    const found: string[] = [];
    let after = "";
    for (let pages = 1; ; pages++) {
      const page = await listAnnotations(rig.store, { bucket, key }, { prefix: "n0", after, limit: 300 });
      found.push(...page.annotations.map(({ name }) => name));
      // What is listed already may go, and what is not yet may come, without another being missed.
      await forget(found.at(-1) as string);
      if (page.next === undefined) break;
      expect(pages).toBeLessThan(5);
      after = page.next;
    }
    expect(found).toEqual(names);
    await expectSound();
    await expectNothingLeft(rig, bucket);
  });

  it("are put and deleted only if the object has the ETag", async () => {
    const { etag } = await headObject(rig.store, { bucket, key });
    expect(await failureKind(annotate("n", BODIES[0] as Uint8Array, undefined, { objectEtag: "0" }))).toBe(
      "precondition-failed",
    );
    await annotate("n", BODIES[0] as Uint8Array, undefined, { objectEtag: etag });
    expect(await failureKind(forget("n", undefined, { objectEtag: "0" }))).toBe("precondition-failed");
    await forget("n", undefined, { objectEtag: etag });
    expect(await namesOf()).toEqual([]);
  });

  it("stay with an object that is appended to, or renamed", async () => {
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    const all = await namesOf();
    const { body, ...created } = put(bucket, key, pattern(900, 5));
    await appendObject(rig.store, { bucket, key, offset: 700, body: () => body, created });
    expect(await namesOf()).toEqual(all);
    await expectSound();
    await renameObject(rig.store, { bucket, source: key, key: "renamed", checkSource: () => {} });
    expect(await namesOf({ bucket, key: "renamed" })).toEqual(all);
    await setVersioning(rig.store, bucket, "enabled");
    await renameObject(rig.store, { bucket, source: "renamed", key: "again", checkSource: () => {} });
    for (const body of BODIES) expect(await contentOf(`n${body.length}`, { bucket, key: "again" })).toBe(hex(body));
    expect(await namesOf({ bucket, key: "renamed", versionId: "null" })).toEqual(all);
    await expectSound();
    await expectNothingLeft(rig, bucket);
  });
});

describe("versions", () => {
  it("have annotations of their own, which outlive what comes on top", async () => {
    await setVersioning(rig.store, bucket, "enabled");
    await annotate("null", BODIES[1] as Uint8Array);
    const { versionId = "" } = await putObject(rig.store, put(bucket, key, pattern(20, 5)));
    for (const body of BODIES) expect((await annotate(`n${body.length}`, body)).versionId).toBe(versionId);
    await deleteObject(rig.store, { bucket, key });
    expect(await namesOf({ bucket, key, versionId: "null" })).toEqual(["null"]);
    await annotate("late", BODIES[2] as Uint8Array, { bucket, key, versionId });
    expect(await namesOf({ bucket, key, versionId })).toEqual(["late", "n1500", "n300", "n9000"]);
    await forget("late", { bucket, key, versionId });
    await expectSound();
    await deleteObject(rig.store, { bucket, key, versionId });
    await expectSound();
    expect(await namesOf({ bucket, key, versionId: "null" })).toEqual(["null"]);
    await expectNothingLeft(rig, bucket);
  });

  it("that are locked take no annotation and lose none", async () => {
    await setVersioning(rig.store, bucket, "enabled");
    await setLockConfiguration(rig.store, bucket, {});
    await annotate("n", BODIES[0] as Uint8Array);
    const refused = async (more = {}) => [
      await failureKind(annotate("n", BODIES[1] as Uint8Array, undefined, more)),
      await failureKind(annotate("new", BODIES[1] as Uint8Array, undefined, more)),
      await failureKind(forget("n", undefined, more)),
    ];
    const locked = ["object-locked", "object-locked", "object-locked"];
    await putLegalHold(rig.store, { bucket, key }, "ON");
    expect(await refused({ bypassGovernance: true })).toEqual(locked);
    await putLegalHold(rig.store, { bucket, key }, "OFF");
    const retention = { mode: "GOVERNANCE", untilMs: clock.now() + 1_000 } as const;
    await putRetention(rig.store, { bucket, key }, { retention, bypassGovernance: false });
    expect(await refused()).toEqual(locked);
    expect(await namesOf()).toEqual(["n"]);
    expect(await refused({ bypassGovernance: true })).toEqual(["none", "none", "none"]);
    await clock.advance(2_000);
    expect(await refused()).toEqual(["none", "none", "none"]);
    const held = {
      retention: { mode: "COMPLIANCE", untilMs: 0 },
      eventHold: { status: "ON", duration: { days: 1 } },
    } as const;
    await putRetention(rig.store, { bucket, key }, { ...held, bypassGovernance: false });
    expect(await refused({ bypassGovernance: true })).toEqual(locked);
  });
});

describe("copies", () => {
  it("take annotations over without moving a byte, and are independent from then on", async () => {
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    const shards = rig.drives.map(({ shards: all }) => all.size);
    await copy("copy");
    expect(rig.drives.map(({ shards: all }) => all.size)).toEqual(shards);
    await deleteObject(rig.store, { bucket, key });
    await expectSound();
    for (const body of BODIES) expect(await contentOf(`n${body.length}`, { bucket, key: "copy" })).toBe(hex(body));
    await expectNothingLeft(rig, bucket);
  });

  it("onto themselves keep them", { tags: ["slow"] }, async () => {
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    await copy(key);
    await expectSound();
    for (const body of BODIES) expect(await contentOf(`n${body.length}`)).toBe(hex(body));
    await copy(key, { withoutAnnotations: true });
    expect(await namesOf()).toEqual([]);
    await expectNothingLeft(rig, bucket);
  });

  it("get a checksum of the algorithm that is asked for", async () => {
    for (const body of BODIES) await annotate(`n${body.length}`, body);
    await copy("copy", { checksumAlgorithm: "sha256" });
    const { annotations } = await listAnnotations(
      rig.store,
      { bucket, key: "copy" },
      { prefix: "", after: "", limit: 10 },
    );
    const expected = BODIES.map((body) => createHash("sha256").update(body).digest("base64")).sort();
    expect(annotations.map(({ checksum }) => checksum.value).sort()).toEqual(expected);
    await expectSound();
  });

  it("are not made of annotations that change meanwhile", async () => {
    await annotate("n", BODIES[1] as Uint8Array);
    const { ofVersion } = rig.store.metadata.annotations;
    const annotations = Object.create(rig.store.metadata.annotations, {
      ofVersion: {
        value: async (id: string) => {
          const found = await ofVersion.call(rig.store.metadata.annotations, id);
          await annotate("n", BODIES[2] as Uint8Array);
          return found;
        },
      },
    });
    const metadata = Object.create(rig.store.metadata, { annotations: { value: annotations } });
    const racing = copyObject(
      { ...rig.store, metadata },
      {
        ...{
          bucket,
          key: "copy",
          source: { bucket, key },
          check: () => {},
          attributes: "copy",
          storageClass: "STANDARD",
        },
      },
    );
    expect(await failureKind(racing)).toBe("conflict");
    await expectSound();
  });
});
