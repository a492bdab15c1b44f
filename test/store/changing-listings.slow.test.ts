import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { positionAfter } from "../../src/services/s3/listing/parameters.ts";
import { createBucket, deleteBucket, listBuckets, setVersioning } from "../../src/store/buckets/buckets.ts";
import { deleteObject } from "../../src/store/delete/delete.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { abortUpload, createUpload, listParts, listUploads } from "../../src/store/multipart/uploads.ts";
import { listObjects } from "../../src/store/read/list.ts";
import { listVersions } from "../../src/store/read/list-versions.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, put, type TestStore } from "../support/store.ts";

/**
 * Paged listings while entries are written, deleted, replaced and promoted between pages: whatever was there all the while is
 * listed exactly once.
 */

let rig: TestStore;
const clock = new ManualClock();
beforeAll(async () => {
  rig = await openTestStore({ clock });
});
afterAll(() => rig.dispose());

/** One page: what identifies its entries, and the page after it (null: there is none). */
interface Page {
  entries: string[];
  next: (() => Promise<Page>) | null;
}

interface Listing {
  first(): Promise<Page>;
  /** All that there is now, as the tables have it. */
  rows(): Promise<string[]>;
  change(change: Change): Promise<void>;
}

/** Written, deleted or (of versions) removed for good; what `key` and `at` mean is the listing's. */
interface Change {
  do: "put" | "delete" | "remove";
  key: string;
  at: number;
}

const KEYS = ["a", "a/1", "a/2", "b", "b/", "c", "d/e/f"];
const change: fc.Arbitrary<Change> = fc.record({
  do: fc.constantFrom("put", "delete", "remove", "remove"),
  key: fc.constantFrom(...KEYS),
  at: fc.nat(4),
});
const scenario = fc.record({
  before: fc.array(change, { minLength: 4, maxLength: 25 }),
  between: fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 12 }),
  limit: fc.integer({ min: 1, max: 3 }),
  delimiter: fc.constantFrom("", "", "/"),
  prefix: fc.constantFrom("", "", "a", "b/"),
  suspended: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Lists page by page, with changes between; checks what is listed against what was there at every moment. */
async function listWhileChanging(listing: Listing, { before, between }: Scenario, rolled: (row: string) => string) {
  for (const made of before) await step(listing, made);
  let always = new Set(await listing.rows());
  const listed: string[] = [];
  let page: Page | null = await listing.first();
  for (let n = 0; page !== null; n++) {
    expect(n).toBeLessThan(200);
    listed.push(...page.entries);
    if (page.next === null) break;
    for (const made of between[n] ?? []) await step(listing, made);
    const rows = new Set(await listing.rows());
    always = new Set([...always].filter((row) => rows.has(row)));
    page = await page.next();
  }
  for (const entry of new Set([...always].map(rolled))) {
    expect(listed.filter((other) => other === entry)).toEqual([entry]);
  }
}

async function step(listing: Listing, made: Change): Promise<void> {
  await clock.advance(1);
  await listing.change(made);
}

async function rowsOf(sql: string, ...values: unknown[]): Promise<string[]> {
  const [outcome] = await rig.d1.batch<{ row: string }>([rig.d1.prepare(sql).bind(...values)]);
  return (outcome?.results ?? []).map(({ row }) => row);
}

let buckets = 0;
async function newBucket(): Promise<string> {
  const name = `changing-${++buckets}`;
  await createBucket(rig.store, { name, owner: "root", region: "us-east-1" });
  return name;
}

/** What a row of `key` is listed as: itself, or its common prefix. */
function rolledUp(row: string, key: string, { prefix, delimiter }: { prefix: string; delimiter: string }): string {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? row : key.slice(0, at + delimiter.length);
}

const keyOf = (row: string) => row.slice(0, row.lastIndexOf(" "));

const BUCKET_ID = "(SELECT id FROM buckets WHERE name = ?1)";

async function versionsOf(bucket: string, key: string): Promise<string[]> {
  const page = await listVersions(rig.store, { bucket, prefix: key, delimiter: "", after: { key: "" }, limit: 1000 });
  return page.entries.flatMap((entry) => (entry.kind === "version" && entry.key === key ? [entry.versionId] : []));
}

/** Puts and deletes of the versions of a bucket, which are told apart by the time at which they were written. */
async function changeVersions(bucket: string, { do: what, key, at }: Change): Promise<void> {
  if (what === "put") await putObject(rig.store, put(bucket, key, Buffer.from(`${clock.now()}`)));
  else if (what === "delete") await deleteObject(rig.store, { bucket, key });
  else {
    const versionId = (await versionsOf(bucket, key))[at];
    if (versionId !== undefined) await deleteObject(rig.store, { bucket, key, versionId });
  }
}

function versions(bucket: string, { prefix, delimiter, limit }: Scenario): Listing {
  const page = async (after: { key: string; versionId?: string; skipPrefix?: boolean }): Promise<Page> => {
    const found = await listVersions(rig.store, { bucket, prefix, delimiter, after, limit });
    const { next } = found;
    return {
      entries: found.entries.map((entry) =>
        entry.kind === "prefix" ? entry.prefix : `${entry.key} ${entry.modifiedMs}`,
      ),
      next: found.truncated && next ? () => page(next) : null,
    };
  };
  const rows = `SELECT key || ' ' || modified_ms AS row FROM
    (SELECT bucket_id, key, modified_ms FROM objects UNION ALL SELECT bucket_id, key, modified_ms FROM versions)
    WHERE bucket_id = ${BUCKET_ID} AND substr(key, 1, length(?2)) = ?2`;
  return {
    first: () => page({ key: "" }),
    rows: () => rowsOf(rows, bucket, prefix),
    change: (made) => changeVersions(bucket, made),
  };
}

describe("a listing whose entries change between pages", () => {
  it.each(["enabled", "never"] as const)("of versions (versioning %s) lists what stays exactly once", async (state) => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const bucket = await newBucket();
        const listing = versions(bucket, made);
        for (const early of made.before.slice(0, 5)) await step(listing, early);
        if (state === "enabled") await setVersioning(rig.store, bucket, "enabled");
        for (const written of made.before) await step(listing, written);
        if (state === "enabled" && made.suspended) await setVersioning(rig.store, bucket, "suspended");
        const rolled = (row: string) => rolledUp(row, keyOf(row), made);
        await listWhileChanging(listing, { ...made, before: made.before.slice(0, 3) }, rolled);
      }),
      { numRuns: 250 },
    );
  });

  it("lists the older versions of a key whose listed ones are deleted meanwhile", async () => {
    const bucket = await newBucket();
    await setVersioning(rig.store, bucket, "enabled");
    for (const key of ["k", "k", "k", "l"]) await putObject(rig.store, put(bucket, key, Buffer.from(key)));
    const keys: string[] = [];
    let after: { key: string; versionId?: string } = { key: "" };
    for (;;) {
      const page = await listVersions(rig.store, { bucket, prefix: "", delimiter: "", after, limit: 1 });
      for (const entry of page.entries) {
        if (entry.kind !== "version") continue;
        keys.push(entry.key);
        await deleteObject(rig.store, { bucket, key: entry.key, versionId: entry.versionId });
      }
      if (page.next === undefined) break;
      after = page.next;
    }
    expect(keys).toEqual(["k", "k", "k", "l"]);
    await deleteBucket(rig.store, bucket);
  });

  it.each(["token", "marker"])("of objects by %s lists what stays exactly once", async (by) => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const bucket = await newBucket();
        if (made.suspended) await setVersioning(rig.store, bucket, "enabled");
        const { prefix, delimiter, limit } = made;
        const page = async (after: { key: string; skipPrefix: boolean }): Promise<Page> => {
          const found = await listObjects(rig.store, { bucket, prefix, delimiter, after, limit });
          const entries = found.entries.map((entry) => (entry.kind === "prefix" ? entry.prefix : entry.key));
          const { next } = found;
          if (!next) return { entries, next: null };
          return { entries, next: () => page(by === "token" ? next : positionAfter(next.key, { prefix, delimiter })) };
        };
        const rows = `SELECT key AS row FROM objects WHERE bucket_id = ${BUCKET_ID} AND substr(key, 1, length(?2)) = ?2`;
        const listing: Listing = {
          first: () => page({ key: "", skipPrefix: false }),
          rows: () => rowsOf(rows, bucket, prefix),
          change: (step) => changeVersions(bucket, step),
        };
        await listWhileChanging(listing, made, (key) => rolledUp(key, key, made));
      }),
      { numRuns: 150 },
    );
  });

  it("of uploads lists what stays exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const bucket = await newBucket();
        const { prefix, delimiter, limit } = made;
        const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
        const page = async (after: { key: string; uploadId?: string; skipPrefix?: boolean }): Promise<Page> => {
          const found = await listUploads(rig.store, { bucket, prefix, delimiter, after, limit });
          const entries = found.entries.map((entry) =>
            entry.kind === "prefix" ? entry.prefix : `${entry.key} ${entry.uploadId}`,
          );
          const { next } = found;
          return { entries, next: next ? () => page(next) : null };
        };
        const all = `SELECT key || ' ' || id AS row FROM uploads WHERE bucket_id = ${BUCKET_ID} AND substr(key, 1, length(?2)) = ?2`;
        const listing: Listing = {
          first: () => page({ key: "" }),
          rows: () => rowsOf(all, bucket, prefix),
          async change({ do: what, key, at }) {
            if (what === "put") await createUpload(rig.store, { bucket, key, ...created });
            else {
              const [row] = (await rowsOf(all, bucket, key)).filter((row) => row.startsWith(`${key} `)).slice(at % 2);
              if (row) await abortUpload(rig.store, { bucket, key, uploadId: row.slice(key.length + 1) });
            }
          },
        };
        const rolled = (row: string) => rolledUp(row, keyOf(row), made);
        await listWhileChanging(listing, made, rolled);
      }),
      { numRuns: 150 },
    );
  });

  it("of parts lists what stays exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const bucket = await newBucket();
        const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
        const { uploadId } = await createUpload(rig.store, { bucket, key: "k", ...created });
        const name = { bucket, key: "k", uploadId };
        const page = async (after: number): Promise<Page> => {
          const { parts, truncated } = await listParts(rig.store, { ...name, after, limit: made.limit });
          const last = parts.at(-1)?.partNumber ?? 0;
          return { entries: parts.map((part) => `${part.partNumber}`), next: truncated ? () => page(last) : null };
        };
        const listing: Listing = {
          first: () => page(0),
          rows: () => rowsOf("SELECT '' || part_number AS row FROM parts WHERE upload_id = ?1", uploadId),
          async change({ key, at }) {
            // Parts are added and replaced; they never vanish one by one.
            const partNumber = 1 + KEYS.indexOf(key) + 10 * at;
            await uploadPart(rig.store, { ...name, partNumber, body: () => bodyOf(Buffer.from(`${clock.now()}`)) });
          },
        };
        await listWhileChanging(listing, made, (row) => row);
      }),
      { numRuns: 30 },
    );
  });

  it("of buckets lists what stays exactly once", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (made) => {
        const prefix = `listed-${++buckets}-`;
        const page = async (after: string): Promise<Page> => {
          const found = await listBuckets(rig.store, { owner: "lister", prefix, after, limit: made.limit });
          const names = found.buckets.map(({ name }) => name);
          return { entries: names, next: found.truncated ? () => page(names.at(-1) ?? "") : null };
        };
        const listing: Listing = {
          first: () => page(""),
          rows: () => rowsOf("SELECT name AS row FROM buckets WHERE substr(name, 1, length(?1)) = ?1", prefix),
          async change({ do: what, key, at }) {
            const name = `${prefix}${KEYS.indexOf(key)}-${at}`;
            const there = (await rowsOf("SELECT name AS row FROM buckets WHERE name = ?1", name)).length > 0;
            if (what === "put" && !there) await createBucket(rig.store, { name, owner: "lister", region: "us-east-1" });
            if (what !== "put" && there) await deleteBucket(rig.store, name);
          },
        };
        await listWhileChanging(listing, made, (row) => row);
      }),
      { numRuns: 100 },
    );
  });
});
