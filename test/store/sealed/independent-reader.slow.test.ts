import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { moveToClass } from "../../../src/store/tiers/move-to-class.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed, TEST_ROOT_KEY } from "../../support/sealing.ts";
import { openTestStore, pattern, put, type TestStore } from "../../support/store.ts";

const PROGRAM = join(import.meta.dirname, "read_object.py");
/** The reader needs Python and its package cryptography: not every machine that runs the tests has them. */
const hasPython = spawnSync("python3", ["-c", "import cryptography"]).status === 0;

const clock = new ManualClock();
let rig: TestStore;
beforeAll(async () => {
  const settings = {
    inlineBytesMax: 512,
    smallBytesMax: 4096,
    packAgeSeconds: 0,
    storageClasses: { STANDARD: { k: 4, m: 2 }, GLACIER: { k: 3, m: 1 } },
  };
  rig = await openTestStore({ clock, settings, sealing: sealed });
  await createBucket(rig.store, { name: "bucket", owner: "o", region: "us-east-1" });
});
afterAll(() => rig.dispose());

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

interface Row {
  bucketId: number;
  id: string;
  extents: string | null;
  encryption: string;
  inlineBody: string | null;
}

/** What a program that is not ours makes of the key's row and its shards. */
async function readByPython(key: string): Promise<Buffer> {
  const [row] = await rows<Row>(
    `SELECT bucket_id AS "bucketId", id, extents, attributes -> '$.encryption' AS encryption, inline_body AS "inlineBody"
     FROM objects WHERE key = '${key}'`,
  );
  if (!row) throw new Error("no such row");
  const stored = await rows<{ id: string; k: number; block_bytes: number; size_bytes: number; shards: string }>(
    "SELECT * FROM blobs",
  );
  const shardOf = ([drive, name]: [string, string]) =>
    Buffer.from(rig.drives.find((one) => one.name === drive)?.shards.get(name) ?? []).toString("base64");
  const blobs = stored.map(({ id, k, block_bytes, size_bytes, shards }) => {
    const places = (JSON.parse(shards) as [string, string][]).slice(0, k);
    return [id, { k, blockBytes: block_bytes, sizeBytes: size_bytes, shards: places.map(shardOf) }] as const;
  });
  const { extents, encryption, ...place } = row;
  const described = {
    ...place,
    bucket: "bucket",
    key,
    encryption: JSON.parse(encryption),
    extents: JSON.parse(extents ?? "null"),
  };
  const input = JSON.stringify({ rootKeys: [TEST_ROOT_KEY], row: described, blobs: Object.fromEntries(blobs) });
  const ran = spawnSync("python3", [PROGRAM], { input, maxBuffer: 64 * 1024 * 1024 });
  if (ran.status !== 0) throw new Error(ran.stderr.toString());
  return ran.stdout;
}

test.skipIf(!hasPython)("a program of another language reads objects by the documented format", async () => {
  const sizes = [1, 500, 3000, 300_000, 1_048_512, 2_300_001];
  for (const size of sizes) await putObject(rig.store, put("bucket", `k${size}`, pattern(size, size)));
  for (const size of sizes) {
    expect(Buffer.from(pattern(size, size)).equals(await readByPython(`k${size}`))).toBe(true);
  }
  for (let at = 0; at < 20; at++) await putObject(rig.store, put("bucket", `p${at}`, pattern(60 + at, at)));
  await clock.advance(10_000);
  const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
  for (let cursor: unknown = null, run = 0; run < 4; run++)
    cursor = (await pack.run(rig.store, endless, cursor)).cursor;
  expect(Buffer.from(pattern(67, 7)).equals(await readByPython("p7"))).toBe(true);
});

test.skipIf(!hasPython)("and objects whose ciphertext was moved to another geometry", async () => {
  for (const size of [3_000, 70_001, 2_300_001]) {
    const key = `m${size}`;
    await putObject(rig.store, put("bucket", key, pattern(size, size)));
    const [row] = await rows<{ bucketId: number; seq: number; id: string }>(
      `SELECT bucket_id AS "bucketId", seq, id FROM objects WHERE key = '${key}'`,
    );
    const { id = "", bucketId = 0, seq = 0 } = row ?? {};
    const version = { table: "objects" as const, place: { bucketId, key, seq }, id, storageClass: "STANDARD" };
    expect(await moveToClass(rig.store, version, "GLACIER")).toMatchObject({ kind: "moved" });
    expect(Buffer.from(pattern(size, size)).equals(await readByPython(key))).toBe(true);
  }
});
