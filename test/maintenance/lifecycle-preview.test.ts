import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lifecyclePages } from "../../src/admin/lifecycle-pages.ts";
import type { OwnPage } from "../../src/admin/serve-page.ts";
import { anonymousCaller } from "../../src/auth/caller.ts";
import type { Preview } from "../../src/maintenance/lifecycle/preview.ts";
import { setVersioning } from "../../src/store/buckets/buckets.ts";
import { setLifecycle } from "../../src/store/buckets/lifecycle.ts";
import { uploadPart } from "../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../src/store/multipart/uploads.ts";
import { putObject } from "../../src/store/write/write.ts";
import { bodyOf, NO_ATTRIBUTES, pattern, put } from "../support/store.ts";
import { DAY_MS, MaintenanceRig } from "./support/rig.ts";

let rig: MaintenanceRig;
beforeEach(async () => {
  rig = await MaintenanceRig.open();
});
afterEach(() => rig.rig.dispose());

const caller = anonymousCaller({ context: () => undefined, now: () => 0 });

async function ask(body: unknown, { bucket = rig.bucket, query = "" } = {}) {
  const page = lifecyclePages(rig.store())["lifecycle-preview/:bucket"] as OwnPage;
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const path = { bucket };
  const asked = {
    accept: "",
    query: new URLSearchParams(query),
    path,
    body: bytes,
    caller,
    headers: new Headers(),
    tlsVersion: null,
  };
  const { status, body: text } = await page.render(asked);
  return { status, ...(JSON.parse(String(text)) as Preview & { error?: string }) };
}

const write = (key: string, bytes = 9) => putObject(rig.store(), put(rig.bucket, key, pattern(bytes)));
const rule = (more: object) => ({ ID: "r", Status: "Enabled", Filter: {}, ...more });

describe("the preview", () => {
  it("tells what would go today and within 30 days, and changes nothing", async () => {
    for (let n = 0; n < 12; n++) await write(`a/${n}`, 10);
    await rig.clock.advance(20 * DAY_MS);
    await write("a/later", 7);
    await write("b");
    await rig.clock.advance(11 * DAY_MS);
    const before = await rig.rows("SELECT * FROM objects");
    const found = await ask({ Rules: [rule({ Filter: { Prefix: "a/" }, Expiration: { Days: 30 } })] });
    expect(found).toMatchObject({
      status: 200,
      looked: 13,
      next: null,
      rules: [
        { rule: "r", action: "Expiration", today: { count: 12, bytes: 120 }, within30Days: { count: 13, bytes: 127 } },
      ],
    });
    expect(found.rules[0]?.examples).toHaveLength(10);
    expect(found.rules[0]?.examples[0]).toEqual({ key: "a/0", bytes: 10, due: "2026-12-22T00:00:00.000Z" });
    expect(await rig.rows("SELECT * FROM objects")).toEqual(before);
    expect(await rig.rows("SELECT * FROM lifecycles")).toEqual([]);
  });

  it("tells of old versions, but not of those that a lock keeps, lone markers and uploads", async () => {
    await setVersioning(rig.store(), rig.bucket, "enabled");
    for (let n = 0; n < 3; n++) await write("k", 5);
    await rig.rows("UPDATE versions SET legal_hold = 1 WHERE seq = 1");
    const created = { attributes: NO_ATTRIBUTES, storageClass: "STANDARD", owner: "root", checksum: null };
    const { uploadId } = await createUpload(rig.store(), { bucket: rig.bucket, key: "up", ...created });
    const part = { bucket: rig.bucket, key: "up", uploadId, partNumber: 1, body: () => bodyOf(pattern(800)) };
    await uploadPart(rig.store(), part);
    const found = await ask({
      Rules: [
        rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 }, Expiration: { Days: 3 } }),
        rule({ ID: "up", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 40 } }),
        rule({ ID: "up2", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 4 } }),
      ],
    });
    expect(found).toMatchObject({ status: 200, locked: 1 });
    expect(found.rules).toMatchObject([
      { rule: "r", action: "Expiration", placesDeleteMarker: true, within30Days: { count: 1, bytes: 5 } },
      { rule: "r", action: "NoncurrentVersionExpiration", today: { count: 0 }, within30Days: { count: 1, bytes: 5 } },
      { rule: "up2", action: "AbortIncompleteMultipartUpload", within30Days: { count: 1, bytes: 800 } },
    ]);
    expect(found.rules[1]?.examples[0]?.versionId).toMatch(/./);
  });

  it("tells of the bucket's own rules without a body, and of XML", async () => {
    await write("a");
    expect(await ask("")).toMatchObject({ status: 404 });
    const rules = [{ id: "own", enabled: true, filter: { form: "one" as const }, expiration: { days: 1 } }];
    await setLifecycle(rig.store(), rig.bucket, { rules, minimumSize: "all_storage_classes_128K" });
    expect((await ask("")).rules).toMatchObject([{ rule: "own", within30Days: { count: 1 } }]);
    const xml =
      "<LifecycleConfiguration><Rule><Status>Enabled</Status><Prefix/><Expiration><Days>2</Days></Expiration></Rule></LifecycleConfiguration>";
    expect((await ask(xml)).rules).toMatchObject([{ rule: "unnamed-1", within30Days: { count: 1 } }]);
  });

  it.each([
    ["no JSON", "{", "neither"],
    ["no configuration", {}, "well-formed"],
    ["an unknown member", { Rules: [rule({ Expires: 1 })] }, "neither"],
    ["no days", { Rules: [rule({ Expiration: { Days: 0 } })] }, "positive integer"],
    ["lists where none may be", { Rules: [rule({ Expiration: [1] })] }, "well-formed"],
  ])("refuses %s", async (_, body, message) => {
    expect(await ask(body)).toMatchObject({ status: 400, error: expect.stringContaining(message) });
  });

  it("refuses places that are none, and buckets that are not there", async () => {
    for (const from of ["x", "{}", '{"phase":"all"}', "null"]) {
      expect(await ask("", { query: `from=${encodeURIComponent(from)}` })).toMatchObject({ status: 400 });
    }
    expect(await ask("", { bucket: "absent" })).toMatchObject({ status: 404 });
  });

  it("looks at 50,000 rows a call and says where to go on", { tags: ["slow"] }, async () => {
    await rig.rows(
      `INSERT INTO objects (bucket_id, key, id, seq, is_null, size_bytes, etag, modified_ms, storage_class, attributes, inline_body)
       SELECT (SELECT id FROM buckets), printf('k%06d', value), 'id' || value, 1, 1, 1, '', ${rig.clock.now()}, 'STANDARD', '{}', ''
       FROM (WITH RECURSIVE t(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM t WHERE value < 51500) SELECT value FROM t)`,
    );
    const body = { Rules: [rule({ Expiration: { Days: 1 } })] };
    const first = await ask(body);
    expect(first).toMatchObject({ looked: 50_000, rules: [{ within30Days: { count: 50_000 } }] });
    const second = await ask(body, { query: `from=${encodeURIComponent(first.next ?? "")}` });
    expect(second).toMatchObject({ looked: 1_500, next: null, rules: [{ within30Days: { count: 1_500 } }] });
  });
});
