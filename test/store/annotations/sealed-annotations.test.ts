import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkStore } from "../../../src/maintenance/check/check.ts";
import { reseal } from "../../../src/maintenance/reseal/reseal.ts";
import { rootSealer } from "../../../src/sealing/root-sealer.ts";
import { noSealing } from "../../../src/sealing/sealing.ts";
import { openAnnotation, putAnnotation } from "../../../src/store/annotations/annotations.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import type { StoreError } from "../../../src/store/failure.ts";
import type { ObjectName } from "../../../src/store/read/objects.ts";
import type { CustomerKey, EncryptionRequest } from "../../../src/store/sealed/encryption.ts";
import { updateEncryption } from "../../../src/store/sealed/update-encryption.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { type CopyObject, copyObject } from "../../../src/store/write/copy.ts";
import { renameObject } from "../../../src/store/write/rename.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { collectAll, expectExactReferences } from "../../support/references.ts";
import { sealed, TEST_ROOT_KEY } from "../../support/sealing.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "notes";
const key = "k";
const source = { bucket, key };
/** What no drive and no row may hold. */
const MARK = "the patient's name";
const payload = (bytes: number) => Buffer.from(`${MARK}, `.repeat(Math.ceil(bytes / 20)).slice(0, bytes));
/** In the row, as three copies, as 4+2. */
const BODIES = [payload(300), payload(1_500), payload(9_000)];
const nameOf = (body: Uint8Array) => `n${body.length}`;
const KMS = { form: "aws:kms", keyId: null, context: {}, bucketKey: null } as const;
const FORMS: EncryptionRequest[] = [{ form: "AES256" }, KMS, { ...KMS, form: "aws:kms:dsse" }];
const customerKey: CustomerKey = { bytes: pattern(32, 5), md5: "of the key" };
const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

let rig: TestStore;
beforeEach(async () => {
  rig = await openTestStore({
    clock: new ManualClock(),
    settings: { inlineBytesMax: 512, smallBytesMax: 2048, blockCustomerKeys: false },
    sealing: { ...sealed, dataKeys: testDataKeys() },
  });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterEach(() => rig.dispose());

const annotate = (name: string, bytes: Uint8Array, object: ObjectName = source, store = rig.store) =>
  putAnnotation(store, object, { name, body: put(bucket, "", bytes).body, bypassGovernance: false });
const copy = (to: string, more: Partial<CopyObject> = {}, store = rig.store) =>
  copyObject(store, {
    ...{ bucket, key: to, source, check: () => {}, attributes: "copy", storageClass: "STANDARD" },
    ...more,
  });
const failureKind = (call: Promise<unknown>) =>
  call.then(
    () => "none",
    (error: StoreError) => error.failure.kind,
  );

/** An object with three annotations. */
async function annotated(encryption?: EncryptionRequest, store = rig.store): Promise<void> {
  await putObject(store, { ...put(bucket, key, pattern(700, 9)), ...(encryption ? { encryption } : {}) });
  for (const body of BODIES) await annotate(nameOf(body), body, source, store);
}

async function expectReadable(object: ObjectName = source, store: StoreContext = rig.store): Promise<void> {
  for (const body of BODIES) {
    const { read } = await openAnnotation(store, object, nameOf(body));
    expect(Buffer.from(await readAll(await read())).toString()).toBe(body.toString());
  }
}

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

/** Where the mark lies: names of drives and tables. */
async function placesOfMark(): Promise<string[]> {
  const drives = rig.drives.filter(({ shards }) =>
    [...shards.values()].some((shard) => Buffer.from(shard).includes(MARK)),
  );
  const places = drives.map(({ name }) => name);
  // Base64 of it, at each of the three places that it can begin at in a group of bytes.
  const forms = [0, 1, 2].map((at) =>
    Buffer.from(`${"x".repeat(at)}${MARK}`)
      .toString("base64")
      .slice(at === 0 ? 0 : 4, -4),
  );
  for (const { name } of await rows<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")) {
    const text = JSON.stringify(await rows(`SELECT * FROM "${name}"`));
    if ([MARK, ...forms].some((form) => text.includes(form))) places.push(name);
  }
  return places;
}

async function expectSound(): Promise<void> {
  await collectAll(rig);
  await expectExactReferences(rig);
  expect((await checkStore(rig.store, null, endless)).findings).toEqual([]);
}

describe.each(FORMS)("annotations of an object under $form", (encryption) => {
  it("come back, and lie nowhere as they were sent", async () => {
    await annotated(encryption);
    await expectReadable();
    expect(await placesOfMark()).toEqual([]);
    for (const body of BODIES) {
      const opened = await openAnnotation(rig.store, source, nameOf(body));
      expect(opened.encryption).toBe(encryption.form);
      const isMd5 = opened.annotation.etag === createHash("md5").update(body).digest("hex");
      expect(isMd5).toBe(encryption.form === "AES256");
    }
    await expectSound();
  });

  it("go along with copies, renames and appends", { tags: ["slow"] }, async () => {
    await annotated(encryption);
    const shards = rig.drives.map(({ shards: all }) => all.size);
    await copy("copy", { encryption });
    expect(rig.drives.map(({ shards: all }) => all.size)).toEqual(shards);
    await copy("summed", { encryption, checksumAlgorithm: "sha256" });
    const { body, ...created } = put(bucket, key, pattern(900, 5));
    await appendObject(rig.store, { bucket, key, offset: 700, body: () => body, created });
    await expectReadable();
    await renameObject(rig.store, { bucket, source: key, key: "renamed", checkSource: () => {} });
    await expectReadable({ bucket, key: "renamed" });
    await setVersioning(rig.store, bucket, "enabled");
    await renameObject(rig.store, { bucket, source: "renamed", key: "again", checkSource: () => {} });
    await deleteObject(rig.store, { bucket, key: "renamed", versionId: "null" });
    await expectSound();
    for (const name of ["again", "copy", "summed"]) await expectReadable({ bucket, key: name });
    expect(await placesOfMark()).toEqual([]);
  });

  it("are sealed anew for copies under another key", async () => {
    await annotated(encryption);
    for (const other of FORMS) await copy(`copy/${other.form}`, { encryption: other });
    await deleteObject(rig.store, source);
    await expectSound();
    for (const { form } of FORMS) {
      const object = { bucket, key: `copy/${form}` };
      await expectReadable(object);
      const { annotation } = await openAnnotation(rig.store, object, nameOf(payload(300)));
      const isMd5 = annotation.etag === createHash("md5").update(payload(300)).digest("hex");
      expect(isMd5).toBe(form === "AES256");
    }
    expect(await placesOfMark()).toEqual([]);
  });
});

describe("annotations", () => {
  it("of plain objects are plain, and encrypted in encrypted copies of them", { tags: ["slow"] }, async () => {
    const plain = { ...rig.store, sealing: { ...rig.store.sealing, byDefault: false } };
    await annotated(undefined, plain);
    const places = await placesOfMark();
    expect(places).toContain("annotations");
    expect(places.some((name) => name.startsWith("drive-"))).toBe(true);
    expect((await openAnnotation(plain, source, "n300")).encryption).toBeUndefined();
    await copy("plain", {}, plain);
    await expectReadable({ bucket, key: "plain" }, plain);
    await deleteObject(rig.store, { bucket, key: "plain" });
    await copy(key);
    await expectSound();
    await expectReadable();
    expect(await placesOfMark()).toEqual([]);
    await copy("plain", {}, plain);
    await expectReadable({ bucket, key: "plain" }, { ...plain, sealing: noSealing });
    await expectSound();
  });

  it("that an encrypted object had before are read, and encrypted in copies", { tags: ["slow"] }, async () => {
    await annotated();
    const old = payload(300);
    await rig.d1.batch([
      rig.d1
        .prepare("UPDATE annotations SET layers = 0, inline_body = ?1 WHERE name = ?2")
        .bind(old.toString("base64"), nameOf(old)),
    ]);
    await expectReadable();
    expect((await openAnnotation(rig.store, source, nameOf(old))).encryption).toBeUndefined();
    expect(await placesOfMark()).toEqual(["annotations"]);
    await expectSound();
    await copy(key);
    await expectSound();
    await expectReadable();
    expect(await placesOfMark()).toEqual([]);
  });

  it("open under a new root key, and under a KMS key that the object is given", async () => {
    await annotated();
    const random = (count: number) => new Uint8Array(randomBytes(count));
    const newer = "a newer root key of this test, which is long enough";
    const storeWith = (...keys: string[]): StoreContext => ({
      ...rig.store,
      sealing: { ...rig.store.sealing, sealer: rootSealer(keys, random) },
    });
    await reseal.run(storeWith(newer, TEST_ROOT_KEY), endless, null);
    await expectReadable(source, storeWith(newer));
    const [first] = BODIES;
    expect(
      await failureKind(openAnnotation(rig.store, source, nameOf(first as Buffer)).then(({ read }) => read())),
    ).toBe("sealed-shut");
    await updateEncryption(storeWith(newer), source, KMS);
    await expectReadable();
    expect((await openAnnotation(rig.store, source, "n300")).encryption).toBe("aws:kms");
  });

  it("open in their own object only, unaltered", async () => {
    await annotated();
    await putObject(rig.store, put(bucket, "other", pattern(10, 1)));
    for (const body of BODIES) await annotate(nameOf(body), payload(body.length), { bucket, key: "other" });
    // Each has the other's bytes.
    const [a, b] = (await rows<{ id: string }>("SELECT id FROM objects ORDER BY key")).map(({ id }) => id);
    for (const [from, to] of [
      [a, "x"],
      [b, a],
      ["x", b],
    ]) {
      await rig.d1.batch([
        rig.d1.prepare("UPDATE annotations SET version_id = ?2 WHERE version_id = ?1").bind(from, to),
      ]);
    }
    for (const body of BODIES) {
      const reading = openAnnotation(rig.store, source, nameOf(body)).then(async ({ read }) => readAll(await read()));
      expect(["sealed-shut", "drives-unavailable"]).toContain(await failureKind(reading));
    }
  });

  it("are not put into an object that replaced theirs meanwhile", async () => {
    await annotated();
    const { annotations } = rig.store.metadata;
    const commit = annotations.put.bind(annotations);
    for (const body of BODIES) {
      vi.spyOn(annotations, "put").mockImplementationOnce(async (...args) => {
        await putObject(rig.store, put(bucket, key, pattern(20, 1)));
        return commit(...args);
      });
      expect(await failureKind(annotate("late", body))).toBe("conflict");
      expect(await failureKind(openAnnotation(rig.store, source, "late"))).toBe("no-such-annotation");
    }
    await expectSound();
  });

  it("are refused where the object has, or is to have, a client's key", async () => {
    await annotated();
    const encryption = { form: "SSE-C", key: customerKey } as const;
    const before = await rows("SELECT * FROM blobs");
    expect(await failureKind(copy("copy", { encryption }))).toBe("not-annotatable");
    expect(await rows("SELECT * FROM blobs")).toEqual(before);
    await copy("copy", { encryption, withoutAnnotations: true });
    for (const body of BODIES) {
      expect(await failureKind(annotate("n", body, { bucket, key: "copy" }))).toBe("not-annotatable");
    }
    await expectSound();
  });
});
