import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBucket, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject, deleteObjects } from "../../src/store/delete/delete.ts";
import { StoreError } from "../../src/store/failure.ts";
import { headObject, openObject } from "../../src/store/read/objects.ts";
import { formatVersionId } from "../../src/store/version-id.ts";
import { putObject } from "../../src/store/write/write.ts";
import { openTestStore, put, readAll, type TestStore } from "../support/store.ts";

let rig: TestStore;

/** What S3's documentation says a key's versions are, newest first. */
interface ModelVersion {
  versionId: string;
  body: string | null;
}

class Model {
  versioning: "enabled" | "suspended" | null = null;
  readonly keys = new Map<string, ModelVersion[]>();

  add(key: string, version: ModelVersion): void {
    const kept = this.keys.get(key) ?? [];
    const others = this.versioning === "enabled" ? kept : kept.filter(({ versionId }) => versionId !== "null");
    this.keys.set(key, [version, ...others]);
  }

  delete(key: string, marker: string | undefined): void {
    if (this.versioning === null) this.keys.delete(key);
    else this.add(key, { versionId: marker as string, body: null });
  }

  remove(key: string, versionId: string): void {
    this.keys.set(
      key,
      (this.keys.get(key) ?? []).filter((version) => version.versionId !== versionId),
    );
  }
}

type Step =
  | { do: "put"; key: string; body: string }
  | { do: "delete"; keys: string[] }
  | { do: "remove"; key: string; at: number }
  | { do: "versioning"; to: "enabled" | "suspended" };

const key = fc.constantFrom("a", "a/b", "b", "é");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("put" as const), key, body: fc.string({ maxLength: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("delete" as const), keys: fc.uniqueArray(key, { minLength: 1 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), key, at: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("versioning" as const),
      to: fc.constantFrom("enabled" as const, "suspended" as const),
    }),
  },
);

async function run(bucket: string, model: Model, taken: Step): Promise<void> {
  const { store } = rig;
  switch (taken.do) {
    case "put": {
      const { versionId } = await putObject(store, put(bucket, taken.key, Buffer.from(taken.body)));
      expect(versionId === undefined).toBe(model.versioning === null);
      model.add(taken.key, { versionId: versionId ?? "null", body: taken.body });
      return;
    }
    case "delete": {
      const results = await deleteObjects(store, { bucket, deletions: taken.keys.map((name) => ({ key: name })) });
      for (const [at, name] of taken.keys.entries()) model.delete(name, results[at]?.markerVersionId);
      return;
    }
    case "remove": {
      const version = model.keys.get(taken.key)?.[taken.at];
      if (!version) return;
      const removed = await deleteObject(store, { bucket, key: taken.key, versionId: version.versionId });
      expect(removed.deleteMarker).toBe(version.body === null);
      model.remove(taken.key, version.versionId);
      return;
    }
    case "versioning":
      await setVersioning(store, bucket, taken.to);
      model.versioning = taken.to;
  }
}

async function contentOf(bucket: string, name: string, versionId?: string): Promise<string | null> {
  const { head, read } = await openObject(rig.store, { bucket, key: name, ...(versionId ? { versionId } : {}) });
  return Buffer.from(await readAll(await read({ offset: 0, length: head.sizeBytes }))).toString();
}

async function compare(bucket: string, model: Model): Promise<void> {
  const listed = await rig.store.metadata.listing.versions({
    bucket,
    prefix: "",
    delimiter: "",
    after: { key: "" },
    limit: 1000,
  });
  const expected = [...model.keys]
    .filter(([, versions]) => versions.length > 0)
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap(([name, versions]) =>
      versions.map(({ versionId, body }, at) => ({
        key: name,
        versionId,
        isMarker: body === null,
        isLatest: at === 0,
      })),
    );
  const actual = (listed?.entries ?? []).map((entry) => {
    if (entry.kind === "prefix") throw new Error("no delimiter was given");
    const { isMarker, isLatest } = entry;
    return { key: entry.key, versionId: formatVersionId(entry), isMarker, isLatest };
  });
  expect(actual).toEqual(expected);
  const current = await rig.store.metadata.listing.objects({
    bucket,
    prefix: "",
    delimiter: "",
    after: { key: "", skipPrefix: false },
    limit: 1000,
  });
  const live = expected.filter(({ isMarker, isLatest }) => isLatest && !isMarker).map((version) => version.key);
  expect((current?.entries ?? []).map((entry) => (entry.kind === "object" ? entry.key : ""))).toEqual(live);
  for (const [name, versions] of model.keys) {
    for (const { versionId, body } of versions) {
      if (body !== null) expect(await contentOf(bucket, name, versionId)).toBe(body);
      else {
        const failure = await headObject(rig.store, { bucket, key: name, versionId }).catch((error: unknown) => error);
        expect((failure as StoreError).failure).toMatchObject({ kind: "is-delete-marker", versionId });
      }
    }
    const [newest] = versions;
    const got = await contentOf(bucket, name).catch((error: unknown) => {
      if (!(error instanceof StoreError) || error.failure.kind !== "no-such-key") throw error;
      return error.failure;
    });
    if (newest?.body != null) expect(got).toBe(newest.body);
    else expect(got).toMatchObject(newest ? { deleteMarker: newest.versionId } : { kind: "no-such-key" });
  }
}

/** Versions against the model: on SQLite, or with `countsRows` on D1 itself. */
export function describeVersionRules(options: { countsRows: boolean }): void {
  beforeAll(async () => {
    rig = await openTestStore(options);
  });
  afterAll(() => rig.dispose());

  describe("versions", () => {
    it("are what S3's rules make of any sequence of puts, deletes, removals and changes of versioning", async () => {
      let buckets = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
          const bucket = `versions-${++buckets}`;
          await createBucket(rig.store, { name: bucket, owner: "root", region: "us-east-1" });
          const model = new Model();
          for (const taken of steps) await run(bucket, model, taken);
          await compare(bucket, model);
        }),
        { numRuns: 40 },
      );
    });
  });
}
