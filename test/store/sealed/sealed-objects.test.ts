import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CheckStep, checkStore } from "../../../src/maintenance/check/check.ts";
import { pack } from "../../../src/maintenance/collect/pack.ts";
import { snapshot } from "../../../src/maintenance/snapshots/snapshot.ts";
import { createBucket, setVersioning } from "../../../src/store/buckets/buckets.ts";
import type { StoreError } from "../../../src/store/failure.ts";
import { completeUpload } from "../../../src/store/multipart/complete-upload.ts";
import { uploadPart, uploadPartCopy } from "../../../src/store/multipart/upload-part.ts";
import { createUpload } from "../../../src/store/multipart/uploads.ts";
import { headObject, openObject } from "../../../src/store/read/objects.ts";
import type { CustomerKey, EncryptionRequest } from "../../../src/store/sealed/encryption.ts";
import { appendObject } from "../../../src/store/write/append.ts";
import { copyObject } from "../../../src/store/write/copy.ts";
import { renameObject } from "../../../src/store/write/rename.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { forgeFrame } from "../../support/forge-frame.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { bodyOf, NO_ATTRIBUTES, openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const SIZES = [1, 511, 512, 513, 3000, 300_000, 1_048_513, 2_500_001];
const clock = new ManualClock();
const customerKey: CustomerKey = { bytes: pattern(32, 5), md5: "of the key" };
const REQUESTS: EncryptionRequest[] = [
  { form: "AES256" },
  { form: "aws:kms", keyId: null, context: { team: "a" }, bucketKey: null },
  { form: "aws:kms:dsse", keyId: null, context: {}, bucketKey: null },
  { form: "SSE-C", key: customerKey },
];

let rig: TestStore;
beforeAll(async () => {
  const settings = {
    inlineBytesMax: 512,
    smallBytesMax: 4096,
    partBytesMin: 1,
    packAgeSeconds: 0,
    blockCustomerKeys: false,
  };
  rig = await openTestStore({ clock, settings, sealing: { ...sealed, dataKeys: testDataKeys() } });
  for (const name of ["plain", "versioned"]) await createBucket(rig.store, { name, owner: "o", region: "us-east-1" });
  await setVersioning(rig.store, "versioned", "enabled");
});
afterAll(() => rig.dispose());

async function read(bucket: string, key: string, range?: [number, number], withKey: CustomerKey | null = null) {
  const { head, read: open } = await openObject(rig.store, { bucket, key, customerKey: withKey });
  const [offset, length] = range ?? [0, head.sizeBytes];
  return Buffer.from(await readAll(await open({ offset, length })));
}

async function rows<T>(sql: string): Promise<T[]> {
  const [answer] = await rig.d1.batch<T>([rig.d1.prepare(sql)]);
  return answer?.results ?? [];
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: StoreError) => error.failure.kind,
  );

describe.each(REQUESTS)("$form", (encryption) => {
  const withKey = encryption.form === "SSE-C" ? customerKey : null;

  test.each(SIZES)(
    "%d bytes come back, whole and by range, in copies and under another name",
    { tags: ["slow"] },
    async (size) => {
      const bytes = Buffer.from(pattern(size, size));
      const key = `${encryption.form}/${size}`;
      const written = await putObject(rig.store, { ...put("plain", key, bytes), encryption });
      expect(written.encryption?.form).toBe(encryption.form);
      const isMd5 = written.etag === createHash("md5").update(bytes).digest("hex");
      expect(isMd5).toBe(encryption.form === "AES256");
      const ranges = [
        [0, size],
        [0, 1],
        [size - 1, 1],
        [size >> 1, Math.min(700, size - (size >> 1))],
      ] as [number, number][];
      for (const [offset, length] of ranges) {
        expect(
          bytes.subarray(offset, offset + length).equals(await read("plain", key, [offset, length], withKey)),
        ).toBe(true);
      }
      for (const bucket of ["plain", "versioned"]) {
        const source = { bucket: "plain", key, customerKey: withKey };
        const copy = {
          bucket,
          key: `${key}-copy`,
          source,
          check: () => {},
          attributes: "copy",
          storageClass: "STANDARD",
        } as const;
        await copyObject(rig.store, { ...copy, encryption });
        await renameObject(rig.store, {
          bucket,
          source: `${key}-copy`,
          key: `${key}-renamed`,
          checkSource: () => {},
          customerKey: withKey,
        });
        expect(bytes.equals(await read(bucket, `${key}-renamed`, undefined, withKey))).toBe(true);
        // Under another form the bytes are written anew.
        await copyObject(rig.store, { ...copy, key: `${key}-s3`, encryption: { form: "AES256" } });
        expect(bytes.equals(await read(bucket, `${key}-s3`))).toBe(true);
      }
    },
  );

  test("parts, copied parts and what is appended", { tags: ["slow"] }, async () => {
    const parts = [pattern(300_000, 1), pattern(20, 2), pattern(1000, 3)];
    const name = { bucket: "plain", key: `${encryption.form}/parts` };
    const created = { ...name, owner: "o", attributes: NO_ATTRIBUTES, storageClass: "STANDARD", checksum: null };
    const { uploadId } = await createUpload(rig.store, { ...created, encryption });
    const upload = { ...name, uploadId, customerKey: withKey };
    const etags = [];
    for (const [index, bytes] of parts.entries()) {
      etags.push((await uploadPart(rig.store, { ...upload, partNumber: index + 1, body: () => bodyOf(bytes) })).etag);
    }
    await putObject(rig.store, put("plain", "source-of-part", pattern(9000, 4)));
    const select = () => ({ offset: 1000, length: 8000 });
    const source = { bucket: "plain", key: "source-of-part" };
    etags.push((await uploadPartCopy(rig.store, { ...upload, partNumber: 4, source, select })).etag);
    const listed = etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    await completeUpload(rig.store, { ...upload, parts: listed });
    const whole = Buffer.concat([...parts, pattern(9000, 4).subarray(1000)]);
    expect(whole.equals(await read("plain", name.key, undefined, withKey))).toBe(true);
    const tails = [pattern(100, 5), pattern(600, 6)];
    let expected = whole;
    for (const tail of tails) {
      const append = { ...name, offset: expected.length, body: () => bodyOf(tail), customerKey: withKey };
      await appendObject(rig.store, { ...append, created: { attributes: NO_ATTRIBUTES, storageClass: "STANDARD" } });
      expected = Buffer.concat([expected, tail]);
      expect(expected.equals(await read("plain", name.key, undefined, withKey))).toBe(true);
    }
  });
});

test("small objects are packed as they are, and read from the pack", async () => {
  const bodies = Array.from({ length: 40 }, (_, index) => pattern(100 + index, index));
  for (const [index, bytes] of bodies.entries()) {
    const encryption = REQUESTS[index % REQUESTS.length] as EncryptionRequest;
    await putObject(rig.store, { ...put("plain", `packed/${index}`, bytes), encryption });
  }
  await clock.advance(10_000);
  let cursor: unknown = null;
  do cursor = (await pack.run(rig.store, { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false }, cursor)).cursor;
  while (cursor !== null);
  const packed = "SELECT count(*) AS count FROM objects WHERE key LIKE 'packed/%' AND inline_body IS NULL";
  expect(await rows(packed)).toEqual([{ count: bodies.length }]);
  for (const [index, bytes] of bodies.entries()) {
    const withKey = index % REQUESTS.length === 3 ? customerKey : null;
    expect(Buffer.from(bytes).equals(await read("plain", `packed/${index}`, undefined, withKey))).toBe(true);
    expect(Buffer.from(bytes.subarray(50, 60)).equals(await read("plain", `packed/${index}`, [50, 10], withKey))).toBe(
      true,
    );
  }
});

test("a client's key is needed, and no other does", async () => {
  await putObject(rig.store, {
    ...put("plain", "c", pattern(9000, 1)),
    encryption: { form: "SSE-C", key: customerKey },
  });
  const name = { bucket: "plain", key: "c" };
  expect(await failureOf(headObject(rig.store, name))).toBe("customer-key-missing");
  const other = { ...customerKey, bytes: pattern(32, 6) };
  expect(await failureOf(headObject(rig.store, { ...name, customerKey: other }))).toBe("customer-key-wrong");
  await putObject(rig.store, put("plain", "s3", pattern(9000, 1)));
  expect(await failureOf(headObject(rig.store, { bucket: "plain", key: "s3", customerKey }))).toBe(
    "customer-key-unexpected",
  );
});

test("a row that is moved to another key does not open", async () => {
  await putObject(rig.store, put("plain", "moved-from", pattern(9000, 1)));
  await rows("UPDATE objects SET key = 'moved-to' WHERE key = 'moved-from'");
  expect(await failureOf(read("plain", "moved-to"))).toBe("sealed-shut");
});

/** The shard files of the object's first blob, in the order of the shards. */
async function shardsOf(key: string): Promise<{ files: Map<string, Uint8Array>; name: string }[]> {
  const blob = "SELECT b.shards FROM blobs b JOIN objects o ON o.extents ->> '$[0][2]' = b.id WHERE o.key = ";
  const [found] = await rows<{ shards: string }>(`${blob}'${key}'`);
  return (JSON.parse(found?.shards ?? "[]") as [string, string][]).map(([drive, name]) => {
    const files = rig.drives.find((one) => one.name === drive)?.shards;
    if (!files) throw new Error("no such drive");
    return { files, name };
  });
}

test("a frame that was forged with a right check is found out, and rebuilt from parity", async () => {
  const bytes = Buffer.from(pattern(1_500_000, 8));
  await putObject(rig.store, put("plain", "forged", bytes));
  const [first] = await shardsOf("forged");
  first?.files.set(first.name, forgeFrame(rig.store.engine, first.files.get(first.name) as Uint8Array));
  expect(bytes.equals(await read("plain", "forged"))).toBe(true);
  expect(await rows("SELECT shard, cause FROM damage")).toEqual([{ shard: 0, cause: "corrupt" }]);
  await rows("DELETE FROM damage");
});

test("damaged frames are rebuilt from parity, two in one stripe too, and noted", async () => {
  const bytes = Buffer.from(pattern(2_500_000, 9));
  await putObject(rig.store, put("plain", "damaged", bytes));
  for (const { files, name } of (await shardsOf("damaged")).slice(1, 3)) {
    const shard = (files.get(name) as Uint8Array).slice();
    for (const at of [70, shard.length - 300]) shard[at] = (shard[at] as number) ^ 1;
    files.set(name, shard);
  }
  expect(bytes.equals(await read("plain", "damaged"))).toBe(true);
  const noted = "SELECT shard, cause FROM damage ORDER BY shard";
  const damaged = [1, 2].map((shard) => ({ shard, cause: "corrupt" }));
  expect(await rows(noted)).toEqual(damaged);
  await rows("DELETE FROM damage");
  // With a shard lost, the others are verified before anything is rebuilt from them.
  const [lost] = await shardsOf("damaged");
  lost?.files.delete(lost.name);
  expect(await failureOf(read("plain", "damaged"))).toBe("drives-unavailable");
  expect(await rows(noted)).toEqual([{ shard: 0, cause: "absent" }, ...damaged]);
  await rows("DELETE FROM objects WHERE key = 'damaged'");
});

test("damage that is beyond parity is noted by the read that is refused", async () => {
  await rows("DELETE FROM damage");
  await putObject(rig.store, put("plain", "beyond", Buffer.from(pattern(1_500_000, 10))));
  for (const { files, name } of (await shardsOf("beyond")).slice(0, 3)) {
    const shard = (files.get(name) as Uint8Array).slice();
    shard[70] = (shard[70] as number) ^ 1;
    files.set(name, shard);
  }
  expect(await failureOf(read("plain", "beyond"))).toBe("drives-unavailable");
  expect(await rows("SELECT shard, cause FROM damage ORDER BY shard")).toEqual(
    [0, 1, 2].map((shard) => ({ shard, cause: "corrupt" })),
  );
  await rows("DELETE FROM damage");
  await rows("DELETE FROM objects WHERE key = 'beyond'");
});

test("neither drives nor the database hold anything that was written", { tags: ["slow"] }, async () => {
  const secret = "plain text that nobody may find";
  const body = Buffer.from(secret.repeat(3));
  await putObject(rig.store, put("plain", "secret/inline", body));
  await putObject(rig.store, put("plain", "secret/small", Buffer.from(secret.repeat(60))));
  await putObject(rig.store, put("plain", "secret/large", Buffer.from(secret.repeat(60_000))));
  for (let at = 0; at < 20; at++) await putObject(rig.store, put("plain", `secret/packed-${at}`, body));
  const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
  let cursor: unknown = null;
  for (let run = 0; run < 3; run++) cursor = (await snapshot.run(rig.store, endless, cursor)).cursor;
  const words = ["nobody may find", Buffer.from(secret).toString("base64").slice(4, 20)];
  const dump = JSON.stringify(await rows("SELECT * FROM objects LIMIT 1000"));
  for (const word of words) expect(dump).not.toContain(word);
  for (const { shards } of rig.drives) {
    for (const bytes of shards.values()) {
      for (const word of words) expect(Buffer.from(bytes).includes(word)).toBe(false);
    }
  }
  expect((await read("plain", "secret/large")).length).toBe(60_000 * secret.length);
});

test("verify finds nothing wrong", { tags: ["slow"] }, async () => {
  await rows("DELETE FROM objects WHERE key = 'moved-to'");
  const endless = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
  const findings: CheckStep["findings"] = [];
  let from: CheckStep["next"] = null;
  do {
    const step: CheckStep = await checkStore(rig.store, from, endless);
    findings.push(...step.findings);
    from = step.next;
  } while (from !== null);
  // What the forged frame and the dropped rows of tests above left.
  expect(
    findings.filter(({ kind }) => kind.startsWith("body-") || kind.startsWith("row-") || kind.startsWith("key-")),
  ).toEqual([]);
});
