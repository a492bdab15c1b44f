import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeBlocks } from "../../../src/sealing/block-crypto.ts";
import { noDataKeys } from "../../../src/sealing/data-keys.ts";
import { rootSealer } from "../../../src/sealing/root-sealer.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { CustomerKey } from "../../../src/store/sealed/encryption.ts";
import { openSealing } from "../../../src/store/sealed/open-content.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

/*
 * Fixed objects in the encrypted storage format. With the same "random" bytes and time the store must write exactly these bytes, and read
 * them again, so that no change of the format goes unnoticed. With SHERD_WRITE_VECTORS=1 the file is written anew: only for a new format,
 * beside which the old one is still read.
 */
const FILE = join(import.meta.dirname, "vectors.json");
const PROGRAM = join(import.meta.dirname, "read_object.py");
const hasPython = spawnSync("python3", ["-c", "import cryptography"]).status === 0;
const ROOT_KEY = "the root key of the test vectors, which is no secret";
const bytes = Buffer.from(pattern(32, 7));
const customerKey: CustomerKey = { bytes, md5: createHash("md5").update(bytes).digest("base64") };

interface Vector {
  name: string;
  rootKeys: string[];
  /** Base64; only of SSE-C. */
  dataKey?: string;
  row: Record<string, unknown>;
  blobs: Record<string, unknown>;
  /** Hex: what the row's sealed key opens to. */
  objectKey: string;
  /** Base64. */
  plain: string;
}

let rig: TestStore;
let store: StoreContext;
beforeAll(async () => {
  rig = await openTestStore({ settings: { inlineBytesMax: 512, smallBytesMax: 1024, blockCustomerKeys: false } });
  let drawn = 0;
  // SHA-256 of a counter: what is drawn is known, and never the same.
  const random = (count: number) => {
    const block = () => createHash("sha256").update(`vectors ${drawn++}`).digest();
    return new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(count / 32) }, block)).subarray(0, count));
  };
  const sealing = { sealer: rootSealer([ROOT_KEY], random), dataKeys: noDataKeys, blocks: nodeBlocks, byDefault: true };
  store = { ...rig.store, clock: new ManualClock(Date.UTC(2026, 10, 29)), random, sealing };
  await createBucket(store, { name: "vectors", owner: "o", region: "us-east-1" });
});
afterAll(() => rig.dispose());

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

async function vectorOf(name: string, plain: Uint8Array, key: CustomerKey | null): Promise<Vector> {
  await putObject(store, { ...put("vectors", name, plain), ...(key && { encryption: { form: "SSE-C", key } }) });
  const [row] = await rows<Record<"bucketId" | "id" | "extents" | "attributes" | "inlineBody", string>>(
    `SELECT bucket_id AS "bucketId", id, extents, attributes, inline_body AS "inlineBody" FROM objects WHERE key = '${name}'`,
  );
  if (!row) throw new Error("no such row");
  const { bucketId, id, inlineBody } = row;
  const attributes = JSON.parse(row.attributes);
  const extents = JSON.parse(row.extents ?? "null") as [number, number, string][] | null;
  const blobs: Record<string, unknown> = {};
  for (const [, , blobId] of extents ?? []) {
    const [blob] = await rows<Record<"k" | "block_bytes" | "size_bytes" | "shards", string>>(
      `SELECT * FROM blobs WHERE id = '${blobId}'`,
    );
    const places = JSON.parse(blob?.shards ?? "[]").slice(0, Number(blob?.k)) as [string, string][];
    const shards = places.map(([drive, shard]) =>
      Buffer.from(rig.drives.find((one) => one.name === drive)?.shards.get(shard) ?? []).toString("base64"),
    );
    blobs[blobId] = { k: blob?.k, blockBytes: blob?.block_bytes, sizeBytes: blob?.size_bytes, shards };
  }
  const at = { bucket: { id: Number(bucketId), name: "vectors" }, key: name, id, attributes };
  const opened = await openSealing(store, at, key);
  return {
    ...{ name, rootKeys: [ROOT_KEY] },
    ...(key && { dataKey: Buffer.from(key.bytes).toString("base64") }),
    row: { bucketId, id, bucket: "vectors", key: name, encryption: attributes.encryption, extents, inlineBody },
    ...{ blobs, objectKey: opened?.key.wrap((secret) => Buffer.from(secret).toString("hex")) ?? "" },
    plain: Buffer.from(plain).toString("base64"),
  };
}

const CASES: readonly [name: string, plain: Uint8Array, key: CustomerKey | null][] = [
  ["inline", pattern(100, 1), null],
  ["three copies", pattern(900, 2), null],
  ["4+2", pattern(3_001, 3), null],
  ["customer key", pattern(2_000, 4), customerKey],
];
const known = () => JSON.parse(readFileSync(FILE, "utf8")) as Vector[];

test("the store writes the bytes of the test vectors, and reads them", async () => {
  const vectors: Vector[] = [];
  for (const [name, plain, key] of CASES) vectors.push(await vectorOf(name, plain, key));
  if (process.env.SHERD_WRITE_VECTORS === "1") writeFileSync(FILE, `${JSON.stringify(vectors, null, 2)}\n`);
  expect(vectors).toEqual(known());
  for (const [key, plain, customer] of CASES) {
    const { read } = await openObject(store, { bucket: "vectors", key, customerKey: customer });
    expect(Buffer.compare(await readAll(await read({ offset: 0, length: plain.length })), plain)).toBe(0);
  }
});

test.skipIf(!hasPython)("the independent reader reads the test vectors", { tags: ["slow"] }, () => {
  for (const { name, plain, ...vector } of known()) {
    const ran = spawnSync("python3", [PROGRAM], { input: JSON.stringify(vector) });
    expect([name, ran.stderr.toString(), ran.stdout.toString("base64")]).toEqual([name, "", plain]);
  }
});
