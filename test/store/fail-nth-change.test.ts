import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket, deleteBucket, headBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart, uploadPartCopy } from "../../src/store/multipart/upload-part.ts";
import { abortUpload, createUpload, listParts, listUploads } from "../../src/store/multipart/uploads.ts";
import { listVersions } from "../../src/store/read/list-versions.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import type { Tags } from "../../src/store/types.ts";
import { putLegalHold, putRetention, putTags, readLock, readTags } from "../../src/store/write/amend.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { renameObject } from "../../src/store/write/rename.ts";
import { putObject } from "../../src/store/write/write.ts";
import { failEachCall, STRIKES } from "../support/fail-each-call.ts";
import { expectExactReferences } from "../support/references.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../support/store.ts";

// The Nth call to D1 or to a drive fails, hangs, or takes effect and fails all the same, for N = 1, 2, 3 …, in what changes rows
// more than bytes: versions, tags, locks, uploads, many keys at once, buckets. After each, it is wholly done or not at all, it is
// done if it was acknowledged, and blobs are held by exactly what names them.

const settings = {
  inlineBytesMax: 512,
  smallBytesMax: 2048,
  partBytesMin: 1,
  storageClasses: { STANDARD: { k: 4, m: 2 }, REDUCED_REDUNDANCY: { k: 2, m: 1 } },
};
const OLD = pattern(7_000, 11);
const NEW = pattern(9_000, 12);
const SMALL = pattern(300, 13);
const REGION = { owner: "root", region: "us-east-1" };
const UPLOAD = { owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ settings });
  await createBucket(rig.store, { name: "plain", ...REGION });
  await createBucket(rig.store, { name: "locked", ...REGION, objectLock: true });
  for (const name of ["enabled", "suspended"]) {
    await createBucket(rig.store, { name, ...REGION });
    await setVersioning(rig.store, name, "enabled");
  }
});
afterAll(() => rig.dispose());

async function contentOf(bucket: string, key: string, versionId?: string): Promise<Buffer | null> {
  try {
    const { head, read } = await openObject(rig.store, { bucket, key, ...(versionId ? { versionId } : {}) });
    return Buffer.from(await readAll(await read({ offset: 0, length: head.sizeBytes })));
  } catch (error) {
    if (error instanceof StoreError && ["no-such-key", "no-such-version"].includes(error.failure.kind)) return null;
    throw error;
  }
}

const same = (a: Uint8Array | null, b: Uint8Array) => a !== null && Buffer.compare(a, b) === 0;

/** Ids and kinds of the versions of a key, the newest first. */
async function versionsOf(bucket: string, key: string): Promise<{ versionId: string; isMarker: boolean }[]> {
  const query = { bucket, prefix: key, delimiter: "", after: { key: "" }, limit: 100 };
  const { entries } = await listVersions(rig.store, query);
  return entries.flatMap((entry) =>
    entry.kind === "version" && entry.key === key ? [{ versionId: entry.versionId, isMarker: entry.isMarker }] : [],
  );
}

interface Attempt<Before> {
  /** What is there before, written without faults. `name` is of this attempt alone. */
  given(name: string): Promise<Before>;
  when(store: StoreContext, name: string, before: Before): Promise<unknown>;
  /** Whether it was done (true) or wholly not (false). Throws where it is neither. */
  isDone(name: string, before: Before): Promise<boolean>;
}

describe.each(STRIKES)("the Nth call: %s", (strike) => {
  let attempts = 0;

  /** Runs it with each of its calls struck once. At least `callsMin` calls are made. */
  async function wholly<Before>(callsMin: number, { given, when, isDone }: Attempt<Before>): Promise<void> {
    const series = `${strike}-${++attempts}`;
    const befores = new Map<number, Before>();
    let sawDone = false;
    const calls = await failEachCall({
      rig,
      settings,
      strike,
      operation: async (store, n) => {
        const before = await given(`${series}-${n}`);
        befores.set(n, before);
        return when(store, `${series}-${n}`, before);
      },
      check: async (acknowledged, n) => {
        const done = await isDone(`${series}-${n}`, befores.get(n) as Before);
        if (acknowledged) expect(done, `acknowledged, call ${n}`).toBe(true);
        sawDone ||= acknowledged;
        await expectExactReferences(rig);
      },
    });
    expect(calls).toBeGreaterThanOrEqual(callsMin);
    expect(sawDone).toBe(true);
  }

  it.each([
    ["inline", SMALL, 2],
    ["on drives", NEW, 14],
  ])("PutObject of a new version, %s: the old one stays", { tags: ["slow"] }, async (_, bytes, callsMin) => {
    await wholly(callsMin, {
      given: (key) => putObject(rig.store, put("enabled", key, OLD)),
      when: (store, key) => putObject(store, put("enabled", key, bytes)),
      isDone: async (key, { versionId }) => {
        expect(same(await contentOf("enabled", key, versionId), OLD)).toBe(true);
        const content = await contentOf("enabled", key);
        const versions = await versionsOf("enabled", key);
        if (versions.length === 1) expect(same(content, OLD)).toBe(true);
        else expect([versions.length, same(content, bytes)]).toEqual([2, true]);
        return versions.length === 2;
      },
    });
  });

  it("PutObject where versioning is suspended: the null version is replaced, no other", {
    tags: ["slow"],
  }, async () => {
    await wholly(2, {
      given: async (key) => {
        await setVersioning(rig.store, "suspended", "enabled");
        const { versionId } = await putObject(rig.store, put("suspended", key, OLD));
        await setVersioning(rig.store, "suspended", "suspended");
        await putObject(rig.store, put("suspended", key, SMALL));
        return versionId;
      },
      when: (store, key) => putObject(store, put("suspended", key, NEW)),
      isDone: async (key, versionId) => {
        expect(same(await contentOf("suspended", key, versionId), OLD)).toBe(true);
        expect(await versionsOf("suspended", key)).toHaveLength(2);
        const content = await contentOf("suspended", key);
        expect(same(content, NEW) || same(content, SMALL)).toBe(true);
        return same(content, NEW);
      },
    });
  });

  it("CopyObject to a class whose geometry is another", { tags: ["slow"] }, async () => {
    await wholly(10, {
      given: (key) => putObject(rig.store, put("plain", `${key}/source`, OLD)),
      when: (store, key) =>
        copyObject(store, {
          source: { bucket: "plain", key: `${key}/source` },
          check: () => {},
          attributes: "copy",
          storageClass: "REDUCED_REDUNDANCY",
          bucket: "plain",
          key,
        }),
      isDone: async (key) => {
        expect(same(await contentOf("plain", `${key}/source`), OLD)).toBe(true);
        const content = await contentOf("plain", key);
        expect(content === null || same(content, OLD)).toBe(true);
        return content !== null;
      },
    });
  });

  it("DeleteObject leaves a marker, DeleteObject of the marker brings the object back", {
    tags: ["slow"],
  }, async () => {
    await wholly(2, {
      given: (key) => putObject(rig.store, put("enabled", key, NEW)),
      when: (store, key) => deleteObject(store, { bucket: "enabled", key }),
      isDone: async (key, { versionId }) => {
        expect(same(await contentOf("enabled", key, versionId), NEW)).toBe(true);
        const [latest] = await versionsOf("enabled", key);
        expect((await contentOf("enabled", key)) === null).toBe(latest?.isMarker);
        return latest?.isMarker === true;
      },
    });
    await wholly(1, {
      given: async (key) => {
        await putObject(rig.store, put("enabled", key, NEW));
        return (await deleteObject(rig.store, { bucket: "enabled", key })).markerVersionId as string;
      },
      when: (store, key, versionId) => deleteObject(store, { bucket: "enabled", key, versionId }),
      isDone: async (key) => {
        const content = await contentOf("enabled", key);
        expect(content === null || same(content, NEW)).toBe(true);
        expect(await versionsOf("enabled", key)).toHaveLength(content === null ? 2 : 1);
        return content !== null;
      },
    });
  });

  it("DeleteObject of a version", async () => {
    await wholly(1, {
      given: async (key) => {
        await putObject(rig.store, put("enabled", key, OLD));
        return putObject(rig.store, put("enabled", key, NEW));
      },
      when: (store, key, { versionId = "" }) => deleteObject(store, { bucket: "enabled", key, versionId }),
      isDone: async (key) => {
        const count = (await versionsOf("enabled", key)).length;
        expect(same(await contentOf("enabled", key), count === 2 ? NEW : OLD)).toBe(true);
        return count === 1;
      },
    });
  });

  it("DeleteObjects of keys, keys with a condition and versions: each kind is deleted as one", {
    tags: ["slow"],
  }, async () => {
    // The bucket is read for the first kind, and remembered for the second.
    await wholly(4, {
      given: async (key) => {
        for (const kind of ["a", "b", "c", "d"]) await putObject(rig.store, put("enabled", `${key}/${kind}`, OLD));
        return putObject(rig.store, put("enabled", `${key}/v`, OLD));
      },
      when: (store, key, { versionId = "", etag }) =>
        deleteObjects(store, {
          bucket: "enabled",
          deletions: [
            ...["a", "b"].map((kind) => ({ key: `${key}/${kind}` })),
            ...["c", "d"].map((kind) => ({ key: `${key}/${kind}`, condition: { etag } })),
            { key: `${key}/v`, versionId },
          ],
        }),
      isDone: async (key) => {
        const gone = [];
        for (const kind of ["a", "b", "c", "d", "v"]) {
          gone.push((await contentOf("enabled", `${key}/${kind}`)) === null);
          expect(await versionsOf("enabled", `${key}/${kind}`)).toHaveLength(
            kind === "v" ? (gone[4] ? 0 : 1) : gone.at(-1) ? 2 : 1,
          );
        }
        const [a, b, c, d, v] = gone;
        expect([a, c]).toEqual([b, d]);
        return a === true && c === true && v === true;
      },
    });
  });

  it("RenameObject in a bucket with versions", async () => {
    await wholly(2, {
      given: (key) => putObject(rig.store, put("enabled", `${key}/from`, NEW)),
      when: (store, key) =>
        renameObject(store, { bucket: "enabled", source: `${key}/from`, key: `${key}/to`, checkSource: () => {} }),
      isDone: async (key, { versionId }) => {
        expect(same(await contentOf("enabled", `${key}/from`, versionId), NEW)).toBe(true);
        const [from, to] = [await contentOf("enabled", `${key}/from`), await contentOf("enabled", `${key}/to`)];
        expect(from === null ? same(to, NEW) : to === null && same(from, NEW)).toBe(true);
        return from === null;
      },
    });
  });

  it("tags, retention and legal holds", { tags: ["slow"] }, async () => {
    const tags: Tags = [["k", "new"]];
    await wholly(1, {
      given: (key) => putObject(rig.store, { ...put("plain", key, SMALL), tags: [["k", "old"]] }),
      when: (store, key) => putTags(store, { bucket: "plain", key }, tags),
      isDone: async (key) => {
        const [[name, value] = []] = (await readTags(rig.store, { bucket: "plain", key })).tags;
        expect(name).toBe("k");
        expect(["old", "new"]).toContain(value);
        return value === "new";
      },
    });
    await wholly(1, {
      given: (key) => putObject(rig.store, put("locked", key, SMALL)),
      when: (store, key) => putLegalHold(store, { bucket: "locked", key }, "ON"),
      isDone: async (key, { versionId }) => {
        const { legalHold } = await readLock(rig.store, { bucket: "locked", key });
        const removing = deleteObject(rig.store, { bucket: "locked", key, versionId: versionId ?? "" });
        if (legalHold === "ON") await expect(removing).rejects.toMatchObject({ failure: { kind: "object-locked" } });
        else await removing;
        return legalHold === "ON";
      },
    });
    const retention = { mode: "COMPLIANCE" as const, untilMs: Date.now() + 3_600_000 };
    await wholly(1, {
      given: (key) => putObject(rig.store, put("locked", key, SMALL)),
      when: (store, key) => putRetention(store, { bucket: "locked", key }, { retention, bypassGovernance: false }),
      isDone: async (key) => {
        const { retention: kept } = await readLock(rig.store, { bucket: "locked", key });
        expect([null, retention]).toContainEqual(kept);
        return kept !== null;
      },
    });
  });

  it("CreateMultipartUpload", async () => {
    await wholly(2, {
      given: async () => {},
      when: (store, key) => createUpload(store, { bucket: "plain", key, ...UPLOAD }),
      isDone: async (key) => {
        const query = { bucket: "plain", prefix: key, delimiter: "", after: { key: "" }, limit: 10 };
        const { entries } = await listUploads(rig.store, query);
        return entries.some((entry) => entry.kind === "upload" && entry.key === key);
      },
    });
  });

  it("UploadPart over an old part, and UploadPartCopy of blobs and of what lies inline", {
    tags: ["slow"],
  }, async () => {
    const begin = async (key: string) => {
      const name = { bucket: "plain", key, ...(await createUpload(rig.store, { bucket: "plain", key, ...UPLOAD })) };
      await uploadPart(rig.store, { ...name, partNumber: 1, body: () => bodyOf(OLD) });
      await putObject(rig.store, put("plain", `${key}/blobs`, NEW));
      await putObject(rig.store, put("plain", `${key}/inline`, SMALL));
      return name;
    };
    /** Whether part 1 is of these bytes now; completes it, to see. */
    const isPart = async (name: Awaited<ReturnType<typeof begin>>, bytes: Uint8Array) => {
      const [one] = (await listParts(rig.store, { ...name, after: 0, limit: 10 })).parts;
      await completeUpload(rig.store, { ...name, parts: [{ partNumber: 1, etag: one?.etag ?? "" }] });
      const content = await contentOf("plain", name.key);
      expect(same(content, OLD) || same(content, bytes)).toBe(true);
      return same(content, bytes);
    };
    await wholly(14, {
      given: begin,
      when: (store, _, name) => uploadPart(store, { ...name, partNumber: 1, body: () => bodyOf(NEW) }),
      isDone: (_, name) => isPart(name, NEW),
    });
    for (const [kind, bytes, callsMin] of [["blobs", NEW, 2] as const, ["inline", SMALL, 8] as const]) {
      await wholly(callsMin, {
        given: begin,
        when: (store, key, name) =>
          uploadPartCopy(store, {
            ...name,
            partNumber: 1,
            source: { bucket: "plain", key: `${key}/${kind}` },
            select: ({ sizeBytes }) => ({ offset: 0, length: sizeBytes }),
          }),
        isDone: (_, name) => isPart(name, bytes),
      });
    }
  });

  it("AbortMultipartUpload", async () => {
    await wholly(2, {
      given: async (key) => {
        const name = { bucket: "plain", key, ...(await createUpload(rig.store, { bucket: "plain", key, ...UPLOAD })) };
        await uploadPart(rig.store, { ...name, partNumber: 1, body: () => bodyOf(OLD) });
        return name;
      },
      when: (store, _, name) => abortUpload(store, name),
      isDone: async (_, name) => {
        const listed = await listParts(rig.store, { ...name, after: 0, limit: 10 }).catch((error: unknown) => {
          if (error instanceof StoreError && error.failure.kind === "no-such-upload") return null;
          throw error;
        });
        if (listed) expect(listed.parts).toHaveLength(1);
        return listed === null;
      },
    });
  });

  it("a repeated CompleteMultipartUpload succeeds, whatever became of the first", async () => {
    await wholly(2, {
      given: async (key) => {
        const name = {
          bucket: "enabled",
          key,
          ...(await createUpload(rig.store, { bucket: "enabled", key, ...UPLOAD })),
        };
        const { etag } = await uploadPart(rig.store, { ...name, partNumber: 1, body: () => bodyOf(NEW) });
        return { ...name, parts: [{ partNumber: 1, etag }] };
      },
      when: (store, _, complete) => completeUpload(store, complete),
      isDone: async (key, complete) => {
        const isDone = (await contentOf("enabled", key)) !== null;
        await completeUpload(rig.store, complete);
        expect(same(await contentOf("enabled", key), NEW)).toBe(true);
        expect(await versionsOf("enabled", key)).toHaveLength(1);
        expect((await headObject(rig.store, { bucket: "enabled", key })).id).toBe(complete.uploadId);
        return isDone;
      },
    });
  });

  it("buckets are made, versioned and deleted", async () => {
    const found = (name: string) =>
      headBucket(rig.store, name).catch((error: unknown) => {
        if (error instanceof StoreError && error.failure.kind === "no-such-bucket") return null;
        throw error;
      });
    await wholly(1, {
      given: async () => {},
      when: (store, name) => createBucket(store, { name, ...REGION }),
      isDone: async (name) => (await found(name)) !== null,
    });
    await wholly(1, {
      given: (name) => createBucket(rig.store, { name, ...REGION }),
      when: (store, name) => setVersioning(store, name, "enabled"),
      isDone: async (name) => (await found(name))?.versioning === "enabled",
    });
    await wholly(1, {
      given: (name) => createBucket(rig.store, { name, ...REGION }),
      when: (store, name) => deleteBucket(store, name),
      isDone: async (name) => (await found(name)) === null,
    });
  });
});
