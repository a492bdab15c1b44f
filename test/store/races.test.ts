import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect } from "../../src/maintenance/collect/collect.ts";
import { noSealing } from "../../src/sealing/sealing.ts";
import { createBucket, deleteBucket, headBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { completeUpload } from "../../src/store/multipart/complete-upload.ts";
import { uploadPart, uploadPartCopy } from "../../src/store/multipart/upload-part.ts";
import {
  abortUpload,
  createUpload,
  listParts,
  listUploads,
  type UploadName,
} from "../../src/store/multipart/uploads.ts";
import { listVersions } from "../../src/store/read/list-versions.ts";
import { openObject } from "../../src/store/read/objects.ts";
import type { WriteResult } from "../../src/store/types.ts";
import { copyObject } from "../../src/store/write/copy.ts";
import { putObject } from "../../src/store/write/write.ts";
import { inEveryOrder, type Turnstile, turnedD1, turnedDrive } from "../support/interleave.ts";
import { collectAll, expectExactReferences } from "../support/references.ts";
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

// Two requests at the same time, in every order that their calls to D1 and to the drives can have: whatever the order, the
// outcome is one of those that docs/api.md promises, and rows and references agree afterwards.

/** Small sizes, so that every shape is quick to write. */
const settings = { inlineBytesMax: 512, smallBytesMax: 2048, partBytesMin: 1 };
const INLINE = pattern(300, 1);
const FIRST = pattern(700, 2);
const AGAIN = pattern(700, 3);
const SECOND = pattern(900, 4);
const REGION = { owner: "root", region: "us-east-1" };

let rig: TestStore;
beforeAll(async () => {
  // A copied part of an encrypted object is written anew: with all its calls to drives there are too many orders.
  rig = await openTestStore({ settings, sealing: noSealing });
});
afterAll(() => rig.dispose());

/** The store as one of the two requests has it. `turnedDrives`: its calls to drives wait for their turn too. */
function storeOf(turnstile: Turnstile, actor: number, { turnedDrives = true } = {}): StoreContext {
  const { drives, d1, store } = rig;
  return buildStore({
    drives,
    engine: store.engine,
    d1,
    settings,
    sealing: noSealing,
    ...(turnedDrives ? { decorateDrive: (drive) => turnedDrive(drive, turnstile, actor) } : {}),
    decorateD1: (bare) => turnedD1(bare, turnstile, actor),
  });
}

const both = (turnstile: Turnstile) => [storeOf(turnstile, 0), storeOf(turnstile, 1)] as const;

/** "done", or the kind of the failure. */
function outcomeOf(result: PromiseSettledResult<unknown> | undefined): string {
  if (result?.status === "fulfilled") return "done";
  if (result?.reason instanceof StoreError) return result.reason.failure.kind;
  throw result?.reason;
}

const outcomesOf = (results: readonly PromiseSettledResult<unknown>[]) => results.map(outcomeOf);

async function contentOf(bucket: string, key: string): Promise<Uint8Array | null> {
  try {
    const { head, read } = await openObject(rig.store, { bucket, key });
    return await readAll(await read({ offset: 0, length: head.sizeBytes }));
  } catch (error) {
    if (error instanceof StoreError && ["no-such-key", "no-such-bucket"].includes(error.failure.kind)) return null;
    throw error;
  }
}

const joined = (...pieces: Uint8Array[]) => new Uint8Array(Buffer.concat(pieces));

/** Expects that a key names these bytes, or (null) nothing, to the last byte and after the collector has run. */
async function expectContent(bucket: string, key: string, bytes: Uint8Array | null): Promise<void> {
  await expectExactReferences(rig);
  await collectAll(rig);
  const content = await contentOf(bucket, key);
  if (bytes === null || content === null) expect(content).toBe(bytes);
  else expect(Buffer.compare(content, bytes)).toBe(0);
}

async function expectUploads(bucket: string, count: number): Promise<void> {
  const query = { bucket, prefix: "", delimiter: "", after: { key: "" }, limit: 10 };
  expect((await listUploads(rig.store, query)).entries).toHaveLength(count);
}

interface Begun {
  name: UploadName;
  parts: { partNumber: number; etag: string }[];
}

async function freshBucket(name: string, versioning?: "enabled"): Promise<string> {
  await createBucket(rig.store, { name, ...REGION });
  if (versioning) await setVersioning(rig.store, name, versioning);
  return name;
}

/** An upload with two parts, `FIRST` and `SECOND`. */
async function beginUpload(bucket: string): Promise<Begun> {
  const where = { bucket, key: "k" };
  const how = { owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
  const { uploadId } = await createUpload(rig.store, { ...where, ...how });
  const name = { ...where, uploadId };
  const parts = [];
  for (const [index, bytes] of [FIRST, SECOND].entries()) {
    parts.push({ partNumber: index + 1, ...(await uploadPart(rig.store, part(name, index + 1, bytes))) });
  }
  return { name, parts };
}

const part = (name: UploadName, partNumber: number, bytes: Uint8Array) => ({
  ...name,
  partNumber,
  body: () => bodyOf(bytes),
});

describe("two Completes of one upload", () => {
  it.each([undefined, "enabled"] as const)("both succeed with one object, versioning %s", async (versioning) => {
    const orders = await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`twice-${versioning}-${run}`, versioning);
      const { name, parts } = await beginUpload(bucket);
      const condition = run % 2 ? { condition: { ifNoneMatch: "*" as const } } : {};
      return {
        actors: both(turnstile).map((store) => () => completeUpload(store, { ...name, parts, ...condition })),
        check: async (results) => {
          expect(outcomesOf(results)).toEqual(["done", "done"]);
          const [one, other] = results.map((result) => (result as PromiseFulfilledResult<WriteResult>).value);
          expect(other).toEqual(one);
          const page = { bucket, prefix: "", delimiter: "", after: { key: "" }, limit: 10 };
          expect((await listVersions(rig.store, page)).entries).toHaveLength(1);
          await expectUploads(bucket, 0);
          await expectContent(bucket, "k", joined(FIRST, SECOND));
        },
      };
    });
    expect(orders).toBeGreaterThanOrEqual(6);
  });

  it("of different parts: one succeeds, for the other there is no such upload", async () => {
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`differ-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [
          () => completeUpload(one, { ...name, parts }),
          () => completeUpload(other, { ...name, parts: parts.slice(0, 1) }),
        ],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          expect([...outcomes].sort()).toEqual(["done", "no-such-upload"]);
          await expectContent(bucket, "k", outcomes[0] === "done" ? joined(FIRST, SECOND) : FIRST);
        },
      };
    });
  });

  it("and the key written meanwhile: the last of the two commits stands", async () => {
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`overwritten-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => completeUpload(one, { ...name, parts }), () => putObject(other, put(bucket, "k", INLINE))],
        check: async (results) => {
          expect(outcomesOf(results)).toEqual(["done", "done"]);
          const content = await contentOf(bucket, "k");
          const isCompleted = content?.length === FIRST.length + SECOND.length;
          await expectContent(bucket, "k", isCompleted ? joined(FIRST, SECOND) : INLINE);
          // Its object is replaced or there: a Complete that is repeated now says which.
          const repeated = completeUpload(rig.store, { ...name, parts });
          if (isCompleted) expect((await repeated).id).toBe(name.uploadId);
          else await expect(repeated).rejects.toMatchObject({ failure: { kind: "no-such-upload" } });
        },
      };
    });
  });
});

describe("an Abort during a Complete", () => {
  it("one of the two succeeds, for the other there is no such upload", async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`abort-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => completeUpload(one, { ...name, parts }), () => abortUpload(other, name)],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          seen.add(outcomes.join());
          expect([...outcomes].sort()).toEqual(["done", "no-such-upload"]);
          await expectUploads(bucket, 0);
          await expectContent(bucket, "k", outcomes[0] === "done" ? joined(FIRST, SECOND) : null);
        },
      };
    });
    expect(seen.size).toBe(2);
  });

  it("of two Aborts one succeeds, and nothing is left", async () => {
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`aborts-${run}`);
      const { name } = await beginUpload(bucket);
      return {
        actors: both(turnstile).map((store) => () => abortUpload(store, name)),
        check: async (results) => {
          expect(outcomesOf(results).sort()).toEqual(["done", "no-such-upload"]);
          await expectUploads(bucket, 0);
        },
      };
    });
  });
});

describe("a part uploaded during a Complete", () => {
  it("again with other bytes: either it comes too late, or the Complete is refused and can be made with it", {
    tags: ["slow"],
  }, async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`again-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => completeUpload(one, { ...name, parts }), () => uploadPart(other, part(name, 1, AGAIN))],
        check: async (results) => {
          const [completed, uploaded] = outcomesOf(results);
          seen.add(`${completed}, ${uploaded}`);
          if (completed === "done") return expectContent(bucket, "k", joined(FIRST, SECOND));
          expect(await contentOf(bucket, "k")).toBeNull();
          const listed = await listParts(rig.store, { ...name, after: 0, limit: 10 });
          const now = listed.parts.map(({ partNumber, etag }) => ({ partNumber, etag }));
          await completeUpload(rig.store, { ...name, parts: now });
          await expectContent(bucket, "k", joined(AGAIN, SECOND));
        },
      };
    });
    expect([...seen].sort()).toEqual(["conflict, done", "done, no-such-upload", "invalid-part, done"]);
  });

  it("that the Complete does not list: the object is made, and nothing of the part is left", {
    tags: ["slow"],
  }, async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`other-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => completeUpload(one, { ...name, parts }), () => uploadPart(other, part(name, 3, AGAIN))],
        check: async (results) => {
          seen.add(outcomesOf(results).join(", "));
          await expectContent(bucket, "k", joined(FIRST, SECOND));
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, done", "done, no-such-upload"]);
  });

  it("of two uploads of one part at the same time the last that commits is the part", async () => {
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`part-${run}`);
      const { name, parts } = await beginUpload(bucket);
      // Two writes of three copies each would have thousands of orders, and only commits tell.
      const [one, other] = [0, 1].map((actor) => storeOf(turnstile, actor, { turnedDrives: false })) as [
        StoreContext,
        StoreContext,
      ];
      return {
        actors: [() => uploadPart(one, part(name, 1, AGAIN)), () => uploadPart(other, part(name, 1, INLINE))],
        check: async (results) => {
          expect(outcomesOf(results)).toEqual(["done", "done"]);
          const [now] = (await listParts(rig.store, { ...name, after: 0, limit: 10 })).parts;
          const bytes = now?.sizeBytes === AGAIN.length ? AGAIN : INLINE;
          const etag = now?.etag ?? "";
          await completeUpload(rig.store, { ...name, parts: [{ partNumber: 1, etag }, ...parts.slice(1)] });
          await expectContent(bucket, "k", joined(bytes, SECOND));
        },
      };
    });
  });
});

describe("a source deleted, and its bytes collected,", () => {
  it.each(["CopyObject", "UploadPartCopy"] as const)(
    "during a %s: what is made is whole, or not made",
    { tags: ["slow"] },
    async (copies) => {
      const seen = new Set<string>();
      await inEveryOrder(async (turnstile, run) => {
        const bucket = await freshBucket(`${copies.toLowerCase()}-${run}`);
        await putObject(rig.store, put(bucket, "source", SECOND));
        const source = { bucket, key: "source" };
        const { name, parts } = await beginUpload(bucket);
        const [one, other] = both(turnstile);
        const select = () => ({ offset: 0, length: SECOND.length });
        const copying = { source, check: () => {}, attributes: "copy" as const, storageClass: "STANDARD" };
        return {
          actors: [
            copies === "CopyObject"
              ? () => copyObject(one, { ...copying, bucket, key: "copy" })
              : () => uploadPartCopy(one, { ...name, partNumber: 3, source, select }),
            async () => {
              await deleteObject(other, source);
              const hasty = { ...other, settings: { ...other.settings, graceSeconds: -1 } };
              await collect.run(hasty, { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false }, null);
            },
          ],
          check: async (results) => {
            const [copied = ""] = outcomesOf(results);
            seen.add(copied);
            if (copies === "CopyObject") return expectContent(bucket, "copy", copied === "done" ? SECOND : null);
            const third = (results[0] as PromiseFulfilledResult<{ etag: string }>).value;
            const all = copied === "done" ? [...parts, { partNumber: 3, etag: third.etag }] : parts;
            await completeUpload(rig.store, { ...name, parts: all });
            await expectContent(bucket, "k", joined(FIRST, SECOND, ...(copied === "done" ? [SECOND] : [])));
          },
        };
      });
      expect([...seen].sort()).toEqual(["conflict", "done", "no-such-key"]);
    },
  );
});

describe("a bucket deleted", () => {
  it.each([
    ["inline", INLINE],
    ["on drives", FIRST],
  ])("during a PutObject, %s: one of the two succeeds", { tags: ["slow"] }, async (shape, bytes) => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`gone-${shape.replace(" ", "-")}-${run}`);
      const [one, other] = both(turnstile);
      return {
        actors: [() => putObject(one, put(bucket, "k", bytes)), () => deleteBucket(other, bucket)],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          seen.add(outcomes.join(", "));
          await expectContent(bucket, "k", outcomes[0] === "done" ? bytes : null);
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, bucket-not-empty", "no-such-bucket, done"]);
  });

  it("and created again during a PutObject: the object is not in the new bucket, unless the PutObject saw that one", async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`anew-${run}`);
      const old = await headBucket(rig.store, bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [
          () => putObject(one, put(bucket, "k", INLINE)),
          async () => {
            await deleteBucket(other, bucket);
            await createBucket(other, { name: bucket, ...REGION });
          },
        ],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          seen.add(outcomes.join(", "));
          const isNew = (await headBucket(rig.store, bucket)).id !== old.id;
          expect(isNew).toBe(outcomes[1] === "done");
          await expectContent(bucket, "k", outcomes[0] === "done" ? INLINE : null);
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, bucket-not-empty", "done, done", "no-such-bucket, done"]);
  });

  it("during an UploadPart: it goes with its uploads, and the part comes too late or goes with them", async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`upload-${run}`);
      const { name } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => uploadPart(one, part(name, 3, AGAIN)), () => deleteBucket(other, bucket)],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          seen.add(outcomes.join(", "));
          await expectContent(bucket, "k", null);
          await createBucket(rig.store, { name: bucket, ...REGION });
          await expectUploads(bucket, 0);
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, done", "no-such-bucket, done", "no-such-upload, done"]);
  });

  it("during a CreateMultipartUpload: no upload outlives its bucket", async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`create-${run}`);
      const how = { owner: "root", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
      const [one, other] = both(turnstile);
      return {
        actors: [() => createUpload(one, { bucket, key: "k", ...how }), () => deleteBucket(other, bucket)],
        check: async (results) => {
          seen.add(outcomesOf(results).join(", "));
          await createBucket(rig.store, { name: bucket, ...REGION });
          await expectUploads(bucket, 0);
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, done", "no-such-bucket, done"]);
  });

  it("during a Complete: one of the two succeeds", async () => {
    const seen = new Set<string>();
    await inEveryOrder(async (turnstile, run) => {
      const bucket = await freshBucket(`complete-${run}`);
      const { name, parts } = await beginUpload(bucket);
      const [one, other] = both(turnstile);
      return {
        actors: [() => completeUpload(one, { ...name, parts }), () => deleteBucket(other, bucket)],
        check: async (results) => {
          const outcomes = outcomesOf(results);
          seen.add(outcomes.join(", "));
          await expectContent(bucket, "k", outcomes[0] === "done" ? joined(FIRST, SECOND) : null);
        },
      };
    });
    expect([...seen].sort()).toEqual(["done, bucket-not-empty", "no-such-bucket, done"]);
  });
});
