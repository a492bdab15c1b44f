import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload, listUploads } from "../../src/store/multipart/uploads.ts";
import { openObject } from "../../src/store/read/objects.ts";
import { appendObject } from "../../src/store/write/append.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { type FailingRun, failEachCall, STRIKES, type Strike } from "../support/fail-each-call.ts";
import {
  bodyOf,
  buildStore,
  NO_ATTRIBUTES,
  openTestStore,
  pattern,
  put,
  readAll,
  type TestStore,
} from "../support/store.ts";

// Each numbered step of the write protocol, stopped: the Nth call to D1 or to a drive fails, hangs, or takes effect and fails all
// the same, for N = 1, 2, 3 … until the operation gets through without meeting it. After each: what was acknowledged is there
// byte for byte, what was not is wholly there or wholly absent, and nothing is left on the drives once the trash is emptied
// that no row names, except shards whose commit was never heard of.

const bucket = "crashes";
/** Small sizes, so that every shape is quick to write. */
const settings = { inlineBytesMax: 512, smallBytesMax: 2048, partBytesMin: 1 };
const OLD = pattern(7_000, 11);
const NEW = pattern(9_000, 12);

let rig: TestStore;

beforeAll(async () => {
  rig = await openTestStore({ settings });
  await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
});
afterAll(() => rig.dispose());

/** As `failEachCall`, with this file's store. */
function failing(strike: Strike, operation: FailingRun["operation"], check: FailingRun["check"]): Promise<number> {
  return failEachCall({ rig, settings, strike, operation, check });
}

async function contentOf(key: string): Promise<Uint8Array | null> {
  try {
    const { head, read } = await openObject(rig.store, { bucket, key });
    return await readAll(await read({ offset: 0, length: head.sizeBytes }));
  } catch (error) {
    if (error instanceof StoreError && error.failure.kind === "no-such-key") return null;
    throw error;
  }
}

const same = (a: Uint8Array | null, b: Uint8Array) => a !== null && Buffer.compare(a, b) === 0;

describe.each(STRIKES)("the Nth call: %s", (fault) => {
  it.each([
    ["inline", pattern(300, 21)],
    ["three copies", pattern(1_500, 22)],
    ["4+2", NEW],
  ])("PutObject of a new key, %s", async (shape, bytes) => {
    const key = (n: number) => `new/${fault}/${shape}/${n}`;
    const calls = await failing(
      fault,
      (store, n) => putObject(store, put(bucket, key(n), bytes)),
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        if (acknowledged) expect(same(content, bytes)).toBe(true);
        else expect(content === null || same(content, bytes)).toBe(true);
      },
    );
    expect(calls).toBeGreaterThan(1);
  });

  it("PutObject over an old object", async () => {
    const key = (n: number) => `over/${fault}/${n}`;
    await failing(
      fault,
      async (store, n) => {
        await putObject(rig.store, put(bucket, key(n), OLD));
        await putObject(store, put(bucket, key(n), NEW));
      },
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        expect(same(content, NEW) || (!acknowledged && same(content, OLD))).toBe(true);
      },
    );
  });

  it("DeleteObject", async () => {
    const key = (n: number) => `delete/${fault}/${n}`;
    await failing(
      fault,
      async (store, n) => {
        await putObject(rig.store, put(bucket, key(n), OLD));
        await deleteObject(store, { bucket, key: key(n) });
      },
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        expect(content === null || (!acknowledged && same(content, OLD))).toBe(true);
      },
    );
  });

  it("CopyObject", async () => {
    await putObject(rig.store, put(bucket, `source/${fault}`, OLD));
    const key = (n: number) => `copy/${fault}/${n}`;
    const copy = { source: { bucket, key: `source/${fault}` }, check: () => {}, attributes: "copy" as const };
    await failing(
      fault,
      (store, n) => copyObject(store, { ...copy, bucket, key: key(n), storageClass: "STANDARD" }),
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        expect(same(content, OLD) || (!acknowledged && content === null)).toBe(true);
      },
    );
  });

  it.each([
    ["nothing", 0, 300],
    ["nothing", 0, 9_000],
    ["what is inline", 300, 100],
    ["what is inline", 300, 9_000],
    ["blobs", 7_000, 100],
    ["blobs", 7_000, 9_000],
  ])("an append to %s, of %d bytes, of %d bytes", async (_, offset, length) => {
    const key = (n: number) => `append/${fault}/${offset}/${length}/${n}`;
    const [before, appended] = [pattern(offset, 31), pattern(length, 32)];
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" };
    await failing(
      fault,
      async (store, n) => {
        if (offset > 0) await putObject(rig.store, put(bucket, key(n), before));
        await appendObject(store, { bucket, key: key(n), offset, body: () => bodyOf(appended), created });
      },
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        const longer = same(content, new Uint8Array(Buffer.concat([before, appended])));
        expect(longer || (!acknowledged && (offset > 0 ? same(content, before) : content === null))).toBe(true);
      },
    );
  });

  it.each([false, true])("RenameObject, onto an old object: %s", async (replaces) => {
    const rename = (n: number) => {
      const at = `rename/${fault}/${replaces}/${n}`;
      const idempotency = { token: at, parameters: "" };
      return { bucket, source: `${at}/from`, key: `${at}/to`, checkSource: () => {}, idempotency };
    };
    await failing(
      fault,
      async (store, n) => {
        await putObject(rig.store, put(bucket, rename(n).source, NEW));
        if (replaces) await putObject(rig.store, put(bucket, rename(n).key, OLD));
        await renameObject(store, rename(n));
      },
      async (_, n) => {
        // A client that heard nothing asks again, and must not fail because it was done.
        await renameObject(rig.store, rename(n));
        expect(await contentOf(rename(n).source)).toBeNull();
        expect(same(await contentOf(rename(n).key), NEW)).toBe(true);
      },
    );
  });

  it("RenameObject without a token is done wholly or not at all", async () => {
    const source = (n: number) => `rename-once/${fault}/${n}/from`;
    const key = (n: number) => `rename-once/${fault}/${n}/to`;
    await failing(
      fault,
      async (store, n) => {
        await putObject(rig.store, put(bucket, source(n), NEW));
        await renameObject(store, { bucket, source: source(n), key: key(n), checkSource: () => {} });
      },
      async (acknowledged, n) => {
        const [from, to] = [await contentOf(source(n)), await contentOf(key(n))];
        const done = from === null && same(to, NEW);
        expect(done || (!acknowledged && to === null && same(from, NEW))).toBe(true);
      },
    );
  });

  it("a multipart upload, from UploadPart to Complete", { tags: ["slow"] }, async () => {
    const key = (n: number) => `upload/${fault}/${n}`;
    await failing(
      fault,
      async (store, n) => {
        const where = { bucket, key: key(n) };
        const upload = { ...where, owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
        const { uploadId } = await createUpload(rig.store, upload);
        const parts = [];
        for (const [index, bytes] of [OLD, NEW].entries()) {
          const name = { ...where, uploadId, partNumber: index + 1 };
          const { etag } = await uploadPart(store, { ...name, body: () => bodyOf(bytes) });
          parts.push({ partNumber: index + 1, etag });
        }
        await completeUpload(store, { ...where, uploadId, parts });
      },
      async (acknowledged, n) => {
        const content = await contentOf(key(n));
        const whole = same(content, new Uint8Array(Buffer.concat([OLD, NEW])));
        expect(whole || (!acknowledged && content === null)).toBe(true);
      },
    );
  });
});

describe("what is left behind", () => {
  it("is collected: after everything is deleted, no shard that a row ever named is left", async () => {
    const page = await rig.store.metadata.listing.objects({
      bucket,
      prefix: "",
      delimiter: "",
      after: { key: "", skipPrefix: false },
      limit: 10_000,
    });
    for (const entry of page?.entries ?? []) {
      if (entry.kind === "object") await deleteObject(rig.store, { bucket, key: entry.key });
    }
    const { entries } = await listUploads(rig.store, {
      bucket,
      prefix: "",
      delimiter: "",
      after: { key: "" },
      limit: 9999,
    });
    for (const upload of entries) {
      if (upload.kind === "prefix") continue;
      const { id: bucketId } = (await rig.store.metadata.buckets.find(bucket))!;
      await rig.store.metadata.uploads.abort({ ...upload, bucketId }, Date.now());
    }
    const store = buildStore({
      drives: rig.drives,
      engine: rig.store.engine,
      d1: rig.d1,
      // Calls that hang have moved their clock ahead of this one.
      settings: { ...settings, graceSeconds: -3600 },
    });
    await collect.run(store, { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false }, null);
    for (const table of ["objects", "blobs", "blob_refs", "trash", "uploads", "parts", "damage"]) {
      const rows = (await rig.d1.batch<{ n: number }>([rig.d1.prepare(`SELECT count(*) AS n FROM ${table}`)]))[0]
        ?.results[0];
      expect([table, rows?.n]).toEqual([table, 0]);
    }
  });
});
