import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { inventory } from "../../../src/maintenance/inventory/inventory.ts";
import { setBucketAccess } from "../../../src/store/buckets/bucket-configuration.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { setNamed } from "../../../src/store/buckets/named-configurations.ts";
import { listObjects } from "../../../src/store/read/list.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { openTestStore, readAll, type TestStore } from "../../support/store.ts";

const OBJECTS = 100_000;

let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ clock: new ManualClock() });
  for (const name of ["source", "reports"]) {
    await createBucket(rig.store, { name, owner: "o", region: "us-east-1" });
  }
  // Rows alone: an inventory reads nothing else.
  const made = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${OBJECTS})
    INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, inline_body)
    SELECT (SELECT id FROM buckets WHERE name = 'source'), 'dir/' || (i % 97) || '/object ' || i, printf('%026d', i), 1, 1, i,
      printf('%032d', i), 1700000000000, 'STANDARD', '{"system":{},"user":{}}', '' FROM n`;
  await rig.d1.batch([rig.d1.prepare(made)]);
  const statement = { Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "s3:PutObject" };
  const policy = { Version: "2012-10-17", Statement: { ...statement, Resource: "arn:aws:s3:::reports/*" } };
  await setBucketAccess(rig.store, "reports", { part: "policy", value: JSON.stringify(policy) });
  const destination = { bucket: "reports", accountId: null, prefix: null, format: "CSV", isEncrypted: false };
  const value = {
    id: "all",
    isEnabled: true,
    prefix: null,
    versions: "Current",
    frequency: "Daily",
    fields: ["Size"],
    destination,
  };
  await setNamed(rig.store, "source", { kind: "inventory", id: "all", value });
}, 60_000);
afterAll(() => rig.dispose());

async function listed(bucket: string): Promise<[string, number][]> {
  const found: [string, number][] = [];
  for (let key = ""; ; key = found.at(-1)?.[0] ?? "") {
    const after = { key, skipPrefix: false };
    const page = await listObjects(rig.store, { bucket, prefix: "", delimiter: "", after, limit: 1000 });
    for (const entry of page.entries) if (entry.kind === "object") found.push([entry.key, entry.sizeBytes]);
    if (!page.truncated) return found;
  }
}

it("an inventory of 100,000 objects is what a listing says", { timeout: 60_000 }, async () => {
  const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
  const { report } = await inventory.run(rig.store, endless, null);
  expect(report).toMatchObject({ reports: 1, rows: OBJECTS, refusedReports: 0 });
  const rows: [string, number][] = [];
  for (const [key] of await listed("reports")) {
    if (!key.endsWith(".csv.gz")) continue;
    const { head, read } = await openObject(rig.store, { bucket: "reports", key });
    const text = gunzipSync(await readAll(await read({ offset: 0, length: head.sizeBytes }))).toString();
    for (const line of text.split("\n").slice(0, -1)) {
      const [, name = "", size = ""] = line.slice(1, -1).split('","');
      rows.push([decodeURIComponent(name), Number(size)]);
    }
  }
  expect(rows.length).toBe(OBJECTS);
  const wanted = await listed("source");
  expect(rows.every(([key, size], n) => key === wanted[n]?.[0] && size === wanted[n]?.[1])).toBe(true);
});
