import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleRule } from "../../../src/lifecycle/configuration.ts";
import { inventory } from "../../../src/maintenance/inventory/inventory.ts";
import { setBucketAccess } from "../../../src/store/buckets/bucket-configuration.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import { INVENTORY_FIELDS, type InventoryConfiguration } from "../../../src/store/buckets/inventory-configuration.ts";
import { setLifecycle } from "../../../src/store/buckets/lifecycle.ts";
import { setNamed } from "../../../src/store/buckets/named-configurations.ts";
import { deleteObject } from "../../../src/store/delete/delete.ts";
import { StoreError, type StoreFailure } from "../../../src/store/failure.ts";
import { listObjects } from "../../../src/store/read/list.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import { putLegalHold, putRetention, putTags } from "../../../src/store/write/amend.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const SOURCE = "source";
const REPORTS = "reports";
const DAY_MS = 10_000;
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
const POLICY = {
  Version: "2012-10-17",
  Statement: {
    Effect: "Allow",
    Principal: { Service: "s3.amazonaws.com" },
    Action: "s3:PutObject",
    Resource: `arn:aws:s3:::${REPORTS}/*`,
    Condition: {
      ArnLike: { "aws:SourceArn": `arn:aws:s3:::${SOURCE}` },
      StringEquals: { "aws:SourceAccount": "100000000001", "s3:x-amz-acl": "bucket-owner-full-control" },
    },
  },
};
const CONFIGURATION: InventoryConfiguration = {
  id: "all",
  isEnabled: true,
  prefix: null,
  versions: "Current",
  frequency: "Daily",
  fields: [],
  destination: { bucket: REPORTS, accountId: null, prefix: "inv", format: "CSV", isEncrypted: false },
};

let clock: ManualClock;
let rig: TestStore;
let told: string[] = [];
let store: TestStore["store"];
beforeEach(async () => {
  clock = new ManualClock();
  told = [];
  rig = await openTestStore({ clock, settings: { lifecycleDaySeconds: 10 }, sealing: { ...sealed, byDefault: false } });
  store = { ...rig.store, tell: (line) => told.push(line) };
  for (const name of [SOURCE, REPORTS]) await createBucket(store, { name, owner: "o".repeat(64), region: "us-east-1" });
  await allow(POLICY);
});
afterEach(() => rig.dispose());

const allow = (policy: unknown) => setBucketAccess(store, REPORTS, { part: "policy", value: JSON.stringify(policy) });
const configure = (value: Partial<InventoryConfiguration> = {}) =>
  setNamed(store, SOURCE, { kind: "inventory", id: value.id ?? "all", value: { ...CONFIGURATION, ...value } });

async function run(budget = ENDLESS) {
  const total: Record<string, number> = {};
  let cursor: unknown = null;
  do {
    const result = await inventory.run(store, budget, cursor);
    cursor = result.cursor;
    for (const [name, count] of Object.entries(result.report)) total[name] = (total[name] ?? 0) + count;
  } while (cursor !== null);
  return total;
}

async function keysOf(bucket: string): Promise<string[]> {
  const keys: string[] = [];
  for (let after = ""; ; ) {
    const page = await listObjects(store, {
      bucket,
      prefix: "",
      delimiter: "",
      after: { key: after, skipPrefix: false },
      limit: 1000,
    });
    keys.push(...page.entries.flatMap((entry) => ("key" in entry ? [entry.key] : [])));
    if (!page.truncated) return keys;
    after = keys.at(-1) ?? "";
  }
}

async function read(key: string): Promise<Buffer> {
  const { head, read: open } = await openObject(store, { bucket: REPORTS, key });
  return Buffer.from(await readAll(await open({ offset: 0, length: head.sizeBytes })));
}

interface Manifest {
  fileSchema: string;
  files: { key: string; size: number; MD5checksum: string }[];
  [name: string]: unknown;
}

/** The newest report, after its checksums were checked. */
async function report(): Promise<{ manifest: Manifest; files: Buffer[]; keys: string[] }> {
  const keys = await keysOf(REPORTS);
  const key = keys.filter((one) => one.endsWith("/manifest.json")).at(-1) ?? "";
  const bytes = await read(key);
  const checksum = await read(key.replace(".json", ".checksum"));
  expect(checksum.toString()).toBe(createHash("md5").update(bytes).digest("hex"));
  const manifest = JSON.parse(bytes.toString()) as Manifest;
  const files: Buffer[] = [];
  for (const file of manifest.files) {
    const data = await read(file.key);
    expect([data.length, createHash("md5").update(data).digest("hex")]).toEqual([file.size, file.MD5checksum]);
    files.push(data);
  }
  return { manifest, files, keys };
}

/** Rows of a CSV inventory, whose values have no line ends. */
function csv(files: Buffer[]): string[][] {
  const lines = files.flatMap((file) =>
    gunzipSync(file)
      .toString()
      .split("\n")
      .filter((line) => line !== ""),
  );
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split('","')
      .map((cell) => cell.replaceAll('""', '"')),
  );
}

/** Key, IsLatest and the expiration of each row. */
async function datesOf(files: Buffer[], format: "CSV" | "Parquet"): Promise<string[][]> {
  if (format === "CSV") return csv(files).map((row) => [row[1] ?? "", row[3] ?? "", row[5] ?? ""]);
  const { buffer, byteOffset, length } = files[0] ?? Buffer.alloc(0);
  const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  return (await parquetReadObjects({ file })).map(({ key, is_latest, lifecycle_expiration_date: at }) => [
    String(key),
    String(is_latest),
    at instanceof Date ? at.toISOString() : "",
  ]);
}

describe("the inventory job", () => {
  it("lists what a listing lists, of some thousand objects, and lays the report out as AWS does", {
    tags: ["slow"],
  }, async () => {
    const keys = Array.from({ length: 2_300 }, (_, n) => `dir/${n} ä+b&"c".txt`);
    for (const key of keys) await putObject(store, put(SOURCE, key, pattern(7, 1)));
    await configure({ fields: ["Size", "ETag"] });
    const counts = await run();
    expect(counts).toEqual({ reports: 1, rows: 2_300, files: 1, refusedReports: 0 });
    const { manifest, files, keys: written } = await report();
    const at = new Date(clock.now()).toISOString().slice(0, 16).replace(":", "-");
    expect(written).toEqual(
      [
        manifest.files[0]?.key,
        `inv/source/all/${at}Z/manifest.checksum`,
        `inv/source/all/${at}Z/manifest.json`,
        `inv/source/all/hive/dt=${at.replace("T", "-")}/symlink.txt`,
      ].sort(),
    );
    expect(manifest).toMatchObject({
      sourceBucket: SOURCE,
      destinationBucket: `arn:aws:s3:::${REPORTS}`,
      version: "2016-11-30",
      creationTimestamp: String(clock.now()),
      fileFormat: "CSV",
      fileSchema: "Bucket, Key, Size, ETag",
    });
    expect(manifest.files[0]?.key).toMatch(/^inv\/source\/all\/data\/[0-9a-f-]{36}\.csv\.gz$/);
    const symlink = await read(written.find((key) => key.endsWith("symlink.txt")) ?? "");
    expect(symlink.toString()).toBe(`s3://${REPORTS}/${manifest.files[0]?.key}\n`);
    const rows = csv(files);
    expect(rows.map((row) => decodeURIComponent(row[1] ?? ""))).toEqual(await keysOf(SOURCE));
    expect(rows[0]).toEqual([SOURCE, expect.any(String), "7", createHash("md5").update(pattern(7, 1)).digest("hex")]);
    expect(rows[0]?.[1]).toMatch(/^dir\/\d+%20%C3%A4%2Bb%26%22c%22\.txt$/);
  });

  it("tells every optional field of every version, alike in CSV and Parquet", { tags: ["slow"] }, async () => {
    await createBucket(store, { name: "locked", owner: "o".repeat(64), region: "us-east-1", objectLock: true });
    const made = await putObject(store, put("locked", "a", pattern(10, 1)));
    await putObject(store, {
      ...put("locked", "a", pattern(70_000, 2)),
      storageClass: "INTELLIGENT_TIERING",
      encryption: { form: "AES256" },
    });
    await putRetention(
      store,
      { bucket: "locked", key: "a" },
      {
        retention: { mode: "GOVERNANCE", untilMs: clock.now() + 3_600_000 },
        bypassGovernance: false,
      },
    );
    await putLegalHold(store, { bucket: "locked", key: "a" }, "ON");
    await putObject(store, put("locked", "b", pattern(10, 3)));
    await deleteObject(store, { bucket: "locked", key: "b" });
    for (const format of ["CSV", "Parquet"] as const) {
      const destination = { ...CONFIGURATION.destination, format, prefix: null, isEncrypted: true };
      const value = { ...CONFIGURATION, id: format, versions: "All" as const, fields: INVENTORY_FIELDS, destination };
      await setNamed(store, "locked", { kind: "inventory", id: format, value });
    }
    await allow({ ...POLICY, Statement: { ...POLICY.Statement, Condition: {} } });
    expect(await run()).toMatchObject({ reports: 2, rows: 8 });
    const manifests = (await keysOf(REPORTS)).filter((key) => key.endsWith("manifest.json"));
    const [byCsv, byParquet] = await Promise.all(
      manifests.map(async (key) => {
        const manifest = JSON.parse((await read(key)).toString()) as Manifest;
        return { manifest, bytes: await read(manifest.files[0]?.key ?? "") };
      }),
    );
    const titles = (byCsv?.manifest.fileSchema ?? "").split(", ");
    const rows = csv([byCsv?.bytes as Buffer]).map((row) =>
      Object.fromEntries(titles.map((title, n) => [title, row[n]])),
    );
    expect(rows.map(({ Key, IsLatest, IsDeleteMarker, Size }) => [Key, IsLatest, IsDeleteMarker, Size])).toEqual([
      ["a", "true", "false", "70000"],
      ["a", "false", "false", "10"],
      ["b", "true", "true", ""],
      ["b", "false", "false", "10"],
    ]);
    expect(rows[0]).toMatchObject({
      Bucket: "locked",
      LastModifiedDate: new Date(Math.floor(clock.now() / 1000) * 1000).toISOString(),
      StorageClass: "INTELLIGENT_TIERING",
      IsMultipartUploaded: "false",
      ReplicationStatus: "",
      EncryptionStatus: "SSE-S3",
      ObjectLockMode: "GOVERNANCE",
      ObjectLockLegalHoldStatus: "On",
      IntelligentTieringAccessTier: "FREQUENT",
      BucketKeyStatus: "",
      ChecksumAlgorithm: "CRC64NVME",
      ObjectOwner: "o".repeat(64),
    });
    expect(rows[1]).toMatchObject({ VersionId: made.versionId, EncryptionStatus: "NOT-SSE", ObjectLockMode: "" });
    expect(JSON.parse(Buffer.from(rows[0]?.ObjectAccessControlList ?? "", "base64").toString())).toMatchObject({
      status: "AVAILABLE",
      grants: [{ canonicalId: "o".repeat(64), type: "CanonicalUser", permission: "FULL_CONTROL" }],
    });
    const { buffer, byteOffset, length } = byParquet?.bytes ?? Buffer.alloc(0);
    const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
    const same = (await parquetReadObjects({ file })).map((row) =>
      Object.values(row).map((cell) => (cell instanceof Date ? cell.toISOString() : String(cell ?? ""))),
    );
    expect(same).toEqual(rows.map((row) => Object.values(row)));
    expect(byParquet?.manifest.fileSchema).toMatch(/^message s3\.inventory \{ required binary bucket \(UTF8\);/);
    const { head } = await openObject(store, { bucket: REPORTS, key: byParquet?.manifest.files[0]?.key ?? "" });
    expect(head.encryption?.form).toBe("AES256");
  });

  it.each(["CSV", "Parquet"] as const)(
    "tells when each version expires by the rules of its bucket, in %s",
    async (format) => {
      const rules: (Partial<LifecycleRule> & { prefix: string; tags?: [string, string][] })[] = [
        { prefix: "days/", expiration: { days: 3 } },
        { prefix: "date/", expiration: { dateMs: 500 * 86_400_000 } },
        { prefix: "far/", expiration: { dateMs: 253_500_000_000_000 } },
        { prefix: "off/", expiration: { days: 3 }, enabled: false },
        { prefix: "old/", noncurrentExpiration: { days: 2, newer: 1 } },
        { prefix: "tags/", tags: [["a", "b"]], expiration: { days: 1 } },
      ];
      await setLifecycle(store, SOURCE, {
        rules: rules.map(({ prefix, tags, ...more }, at) => {
          const filter = tags ? { form: "and" as const, prefix, tags } : { form: "one" as const, prefix };
          return { id: `rule-${at}`, enabled: true, filter, ...more };
        }),
        minimumSize: "all_storage_classes_128K",
      });
      await setVersioning(store, SOURCE, "enabled");
      for (const dir of ["days", "date", "far", "off", "rest"])
        await putObject(store, put(SOURCE, `${dir}/1`, pattern(3)));
      for (const [key, value] of [
        ["tags/1", "b"],
        ["tags/2", "c"],
      ] as const) {
        await putObject(store, put(SOURCE, key, pattern(3)));
        await putTags(store, { bucket: SOURCE, key }, [["a", value]]);
      }
      const writtenMs = clock.now();
      const times: number[] = [];
      for (let n = 0; n < 4; n++) {
        await clock.advance(7_000);
        times.push(clock.now());
        await putObject(store, put(SOURCE, "old/1", pattern(3)));
        if (n < 2) await putObject(store, put(SOURCE, "old/2", pattern(3)));
      }
      await deleteObject(store, { bucket: SOURCE, key: "old/2" });
      const destination = { ...CONFIGURATION.destination, format };
      await configure({ versions: "All", fields: ["LifecycleExpirationDate"], destination });
      await run();
      const { manifest, files } = await report();
      expect(manifest.fileSchema).toMatch(
        format === "CSV"
          ? /, LifecycleExpirationDate$/
          : /optional int64 lifecycle_expiration_date \(TIMESTAMP_MILLIS\); \}$/,
      );
      const days = (sinceMs: number, count: number) =>
        new Date((Math.floor(sinceMs / DAY_MS) + count + 1) * DAY_MS).toISOString();
      expect(await datesOf(files, format)).toEqual([
        ["date/1", "true", "1971-05-16T00:00:00.000Z"],
        ["days/1", "true", days(writtenMs, 3)],
        ["far/1", "true", "9999-12-31T00:00:00.000Z"],
        ["off/1", "true", ""],
        ["old/1", "true", ""],
        ["rest/1", "true", ""],
        ["tags/1", "true", days(writtenMs, 1)],
        ["tags/2", "true", ""],
        // The newest noncurrent version is kept, however old it is.
        ["old/1", "false", ""],
        ["old/1", "false", days(times[2] ?? 0, 2)],
        ["old/1", "false", days(times[1] ?? 0, 2)],
        ["old/2", "true", ""],
        ["old/2", "false", ""],
        ["old/2", "false", days(times[1] ?? 0, 2)],
      ]);
    },
  );

  it("comes daily or weekly, and not while it is disabled; changes of the clock repeat nothing", async () => {
    await configure();
    await configure({ id: "weekly", frequency: "Weekly" });
    await configure({ id: "off", isEnabled: false });
    expect(await run()).toMatchObject({ reports: 2 });
    expect(await run()).toMatchObject({ reports: 0 });
    let [daily, weekly] = [0, 0];
    for (let day = 0; day < 14; day++) {
      await clock.advance(DAY_MS);
      const { reports } = await run();
      daily += 1;
      weekly += (reports ?? 0) - 1;
    }
    expect([daily, weekly]).toEqual([14, 2]);
    await clock.advance(-5 * DAY_MS);
    expect(await run()).toMatchObject({ reports: 0 });
    await clock.advance(5 * DAY_MS);
    expect(await run()).toMatchObject({ reports: 0 });
  });

  it("goes on in the next run with a file of its own, and lists only keys of its prefix", {
    tags: ["slow"],
  }, async () => {
    for (let n = 0; n < 1_500; n++) await putObject(store, put(SOURCE, `in/${n}`, pattern(3, 1)));
    await putObject(store, put(SOURCE, "a", pattern(3, 1)));
    await putObject(store, put(SOURCE, "in", pattern(3, 1)));
    await putObject(store, put(SOURCE, "out", pattern(3, 1)));
    await configure({ prefix: "in/" });
    let asked = 0;
    await run({ untilMs: 0, isSpent: () => ++asked % 2 === 0 });
    const { manifest, files } = await report();
    expect(manifest.files.length).toBeGreaterThan(1);
    expect(csv(files).map((row) => row[1])).toEqual((await keysOf(SOURCE)).filter((key) => key.startsWith("in/")));
  });

  it("writes one file without rows of an empty bucket", async () => {
    await configure({ versions: "All" });
    expect(await run()).toMatchObject({ reports: 1, rows: 0 });
    const { files } = await report();
    expect(csv(files)).toEqual([]);
  });

  it.each([
    ["no policy", null],
    ["another source", { ...POLICY.Statement, Condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::other" } } }],
    ["another account", { ...POLICY.Statement, Condition: { StringEquals: { "aws:SourceAccount": "200000000002" } } }],
    ["other keys", { ...POLICY.Statement, Resource: `arn:aws:s3:::${REPORTS}/elsewhere/*` }],
    ["another service", { ...POLICY.Statement, Principal: { Service: "logging.s3.amazonaws.com" } }],
    ["an account, not the service", { ...POLICY.Statement, Principal: { AWS: "100000000001" } }],
  ])(
    "delivers nothing into a bucket whose policy does not let it: %s",
    { tags: ["slow"] },
    async (_name, statement) => {
      if (statement) await allow({ ...POLICY, Statement: statement });
      else await setBucketAccess(store, REPORTS, { part: "policy", value: null });
      await configure();
      expect(await run()).toMatchObject({ reports: 0, refusedReports: 1 });
      expect(await keysOf(REPORTS)).toEqual([]);
      expect(told.join()).toContain("cannot be delivered: the policy of bucket reports does not let");
      // Tried again in the next period, not in every run.
      expect(await run()).toMatchObject({ refusedReports: 0 });
    },
  );

  it("delivers nothing into a bucket that is not there, or another account's", async () => {
    const destination = { ...CONFIGURATION.destination, accountId: "200000000002" };
    await configure({ destination });
    await configure({ id: "absent", destination: { ...CONFIGURATION.destination, bucket: "absent" } });
    expect(await run()).toMatchObject({ reports: 0, refusedReports: 2 });
    expect(told.join()).toContain("does not belong to account 200000000002");
    expect(told.join()).toContain("there is no bucket absent");
  });

  it("goes on with the other reports where one fails, and begins that anew later", { tags: ["slow"] }, async () => {
    await putObject(store, put(SOURCE, "k", pattern(3, 1)));
    await configure({ id: "broken" });
    await configure({ id: "good" });
    let isBroken = true;
    const { inventories } = store.metadata;
    const page = inventories.page.bind(inventories);
    inventories.page = async (...args) => {
      if (!isBroken) return page(...args);
      isBroken = false;
      throw new TypeError("no such column");
    };
    const { report: counts, cursor, failures } = await inventory.run(store, ENDLESS, null);
    expect([counts.reports, cursor]).toEqual([1, null]);
    expect(failures?.map(String)).toEqual([`Error: inventory broken of bucket ${SOURCE}: TypeError: no such column`]);
    expect(await run()).toMatchObject({ reports: 1, refusedReports: 0 });
  });

  it.each<StoreFailure>([
    { kind: "metadata-unavailable" },
    { kind: "drives-unavailable", needed: 6, available: 1 },
    { kind: "too-slow", secondsMax: 1 },
    { kind: "no-space", where: "drives" },
  ])("comes in a later run of the same day after what passes: $kind", async (failure) => {
    await configure();
    const { inventories } = store.metadata;
    const page = inventories.page.bind(inventories);
    inventories.page = () => Promise.reject(new StoreError(failure));
    const { report: counts, failures } = await inventory.run(store, ENDLESS, null);
    expect(counts).toMatchObject({ reports: 0, refusedReports: 0 });
    expect(failures).toHaveLength(1);
    inventories.page = page;
    expect(await run()).toMatchObject({ reports: 1, refusedReports: 0 });
  });

  it("is refused, not tried on and on, where the bucket's quota has no room", async () => {
    await configure();
    const none = { bytesMax: 0, objectsMax: null, bytesSoft: null, objectsSoft: null };
    await store.metadata.quotas.setOfBucket(REPORTS, none);
    expect(await run()).toMatchObject({ reports: 0, refusedReports: 1 });
    expect(await run()).toMatchObject({ reports: 0, refusedReports: 0 });
  });

  it("writes the same files again after a crash", async () => {
    for (let n = 0; n < 20; n++) await putObject(store, put(SOURCE, `k${n}`, pattern(3, 1)));
    await configure();
    const failing = { ...store, metadata: Object.create(store.metadata) };
    failing.metadata.named = {
      due: store.metadata.named.due.bind(store.metadata.named),
      done: () => Promise.reject(new Error("crashed")),
    };
    await expect(inventory.run(failing, ENDLESS, null)).rejects.toThrow("crashed");
    const before = await keysOf(REPORTS);
    expect(await run()).toMatchObject({ reports: 1 });
    expect(await keysOf(REPORTS)).toEqual(before);
  });
});

describe("an inventory of a bucket that has versions", () => {
  it("names them as listings do", async () => {
    await setVersioning(store, SOURCE, "enabled");
    const made = await putObject(store, put(SOURCE, "a", pattern(3, 1)));
    await configure({ versions: "All" });
    await run();
    const { files } = await report();
    expect(csv(files)).toEqual([[SOURCE, "a", made.versionId, "true", "false"]]);
  });
});
