import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deleteAnnotation, putAnnotation } from "../../src/store/annotations/annotations.ts";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { setNotifications } from "../../src/store/buckets/notifications.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { deleteTags, putTags } from "../../src/store/write/amend.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, type TestStore } from "../support/store.ts";

// What lies in the outbox after each kind of change: what was committed, once, and nothing else.

let rig: TestStore;
let store: StoreContext;
let made = 0;

beforeAll(async () => {
  rig = await openTestStore();
  store = rig.store;
});
afterAll(() => rig.dispose());

async function bucketThat(is: { versioned?: boolean; silent?: boolean } = {}): Promise<string> {
  made += 1;
  const name = `bucket-${made}`;
  await createBucket(store, { name, owner: "root", region: "us-east-1" });
  if (is.versioned) await setVersioning(store, name, "enabled");
  if (!is.silent) await setNotifications(store, name, { rules: [], eventBridge: false });
  return name;
}

/** Takes the news out: `event key size versioned`. */
async function told(): Promise<string[]> {
  const { news } = await store.metadata.outbox.oldest(1000);
  await store.metadata.outbox.take(
    news.map(({ id }) => id),
    [],
    [],
  );
  return news.map(({ event, key, sizeBytes, isNull }) => `${event} ${key} ${sizeBytes ?? "-"}${isNull ? "" : " v"}`);
}

const write = (bucket: string, key: string, bytes = 5) => putObject(store, put(bucket, key, pattern(bytes)));

describe.each([false, true])("a bucket that somebody listens to, versioned: %s", (versioned) => {
  const v = versioned ? " v" : "";
  const removed = versioned ? "ObjectRemoved:DeleteMarkerCreated" : "ObjectRemoved:Delete";

  it("tells of writes, inline and on drives, and of replacements", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    await write(bucket, "a", 300_000);
    expect(await told()).toEqual([`ObjectCreated:Put a 5${v}`, `ObjectCreated:Put a 300000${v}`]);
  });

  it("tells of copies and completed uploads", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    const source = { bucket, key: "a" };
    const check = () => {};
    await copyObject(store, { bucket, key: "b", source, attributes: "copy", storageClass: "STANDARD", check } as never);
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
    const { uploadId } = await createUpload(store, { bucket, key: "c", ...created });
    const at = { bucket, key: "c", uploadId };
    const { etag } = await uploadPart(store, { ...at, partNumber: 1, body: () => bodyOf(pattern(9)) });
    await completeUpload(store, { ...at, parts: [{ partNumber: 1, etag }] });
    expect(await told()).toEqual([
      `ObjectCreated:Put a 5${v}`,
      `ObjectCreated:Copy b 5${v}`,
      `ObjectCreated:CompleteMultipartUpload c 9${v}`,
    ]);
  });

  it("tells of deletions of what was there", async () => {
    const bucket = await bucketThat({ versioned });
    for (const key of ["a", "b", "c"]) await write(bucket, key);
    await told();
    await deleteObject(store, { bucket, key: "a" });
    await deleteObjects(store, { bucket, deletions: [{ key: "b" }, { key: "c", condition: { etag: "*" } }] });
    expect((await told()).sort()).toEqual(["a", "b", "c"].map((key) => `${removed} ${key} -${v}`));
  });

  it("tells nothing of deletions that a condition prevents", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    await deleteObject(store, { bucket, key: "b" });
    await told();
    const condition = { etag: "other" };
    await expect(deleteObject(store, { bucket, key: "a", condition })).rejects.toThrow();
    await deleteObjects(store, {
      bucket,
      deletions: [
        { key: "a", condition },
        { key: "b", condition },
      ],
    });
    expect(await told()).toEqual([]);
  });

  it("tells of tags", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    await told();
    await putTags(store, { bucket, key: "a" }, [["k", "v"]] as never);
    await deleteTags(store, { bucket, key: "a" });
    await expect(putTags(store, { bucket, key: "none" }, [])).rejects.toThrow();
    expect(await told()).toEqual([`ObjectTagging:Put a 5${v}`, `ObjectTagging:Delete a 5${v}`]);
  });

  it("tells of annotations, of the current version and of an earlier one, and not of those that were not there", async () => {
    const bucket = await bucketThat({ versioned });
    const { versionId } = (await write(bucket, "a")) as { versionId?: string };
    if (versioned) await write(bucket, "a", 7);
    await told();
    const named = { name: "n", bypassGovernance: false };
    const earlier = { bucket, key: "a", ...(versionId === undefined ? {} : { versionId }) };
    await putAnnotation(store, { bucket, key: "a" }, { ...named, body: bodyOf(pattern(3)) });
    await putAnnotation(store, earlier, { ...named, body: bodyOf(pattern(70_000)) });
    await deleteAnnotation(store, earlier, named);
    await deleteAnnotation(store, earlier, named);
    await expect(deleteAnnotation(store, earlier, { ...named, objectEtag: "other" })).rejects.toThrow();
    const put = versioned ? `ObjectAnnotation:Put a 7${v}` : "ObjectAnnotation:Put a 5";
    expect(await told()).toEqual([put, `ObjectAnnotation:Put a 5${v}`, `ObjectAnnotation:Delete a 5${v}`]);
  });

  it("tells besides what annotation it was, and whether a copy has some", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    const copied = { attributes: "copy", storageClass: "STANDARD", check: () => {} };
    const copyTo = (key: string) =>
      copyObject(store, { bucket, key, source: { bucket, key: "a" }, ...copied } as never);
    await copyTo("without");
    const annotation = { name: "n", body: bodyOf(pattern(3)), bypassGovernance: false };
    const { etag } = await putAnnotation(store, { bucket, key: "a" }, annotation);
    await copyTo("with");
    await deleteAnnotation(store, { bucket, key: "a" }, { name: "n", bypassGovernance: false });
    const { news } = await store.metadata.outbox.oldest(1000);
    await told();
    expect(news.map(({ detail }) => detail)).toEqual([
      null,
      { hasAnnotations: false },
      { annotation: { name: "n", sizeBytes: 3, etag } },
      { hasAnnotations: true },
      { annotation: { name: "n" } },
    ]);
  });

  it("tells of both sides of a rename", async () => {
    const bucket = await bucketThat({ versioned });
    await write(bucket, "a");
    await told();
    const checkSource = () => {};
    await renameObject(store, { bucket, source: "a", key: "b", checkSource } as never);
    expect((await told()).sort()).toEqual([`ObjectCreated:Copy b 5${v}`, `${removed} a -${v}`].sort());
  });
});

describe("versions that are removed for good", () => {
  it("are told once each, and those that were not there are not", async () => {
    const bucket = await bucketThat({ versioned: true });
    const { versionId = "" } = (await write(bucket, "a")) as { versionId?: string };
    const marker = await deleteObject(store, { bucket, key: "a" });
    await told();
    const deletions = [versionId, marker.markerVersionId ?? ""].map((id) => ({ key: "a", versionId: id }));
    await deleteObjects(store, { bucket, deletions });
    await deleteObjects(store, { bucket, deletions });
    expect(await told()).toEqual(["ObjectRemoved:Delete a - v", "ObjectRemoved:Delete a - v"]);
  });
});

describe("a bucket that nobody listens to", () => {
  it("tells nothing", async () => {
    const bucket = await bucketThat({ silent: true });
    await write(bucket, "a");
    await putTags(store, { bucket, key: "a" }, []);
    const body = bodyOf(pattern(3));
    await putAnnotation(store, { bucket, key: "a" }, { name: "n", body, bypassGovernance: false });
    await deleteObject(store, { bucket, key: "a" });
    expect(await told()).toEqual([]);
  });

  it("tells everything from the moment that somebody does, also where another isolate remembers it silent", async () => {
    const bucket = await bucketThat({ silent: true });
    await write(bucket, "a");
    await write(bucket, "a");
    await setNotifications(store, bucket, { rules: [], eventBridge: false });
    await write(bucket, "b");
    await setNotifications(store, bucket, null);
    await write(bucket, "c");
    expect(await told()).toEqual(["ObjectCreated:Put b 5"]);
  });
});
