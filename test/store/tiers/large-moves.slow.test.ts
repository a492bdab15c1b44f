import { afterAll, beforeAll, expect, it } from "vitest";
import { collect } from "../../../src/maintenance/collect/collect.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { EncryptionRequest } from "../../../src/store/sealed/encryption.ts";
import { moveToClass } from "../../../src/store/tiers/move-to-class.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { openTestStore, pattern, put, readAll, type TestStore } from "../../support/store.ts";

const bucket = "tiers";
const SIZE = 21_000_001;
const customer = { bytes: new Uint8Array(32).fill(7), md5: "md5" };
const ENDLESS = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };

interface Found {
  bucketId: number;
  key: string;
  seq: number;
  id: string;
  is: string;
}

let clock: ManualClock;
let rig: TestStore;
beforeAll(async () => {
  clock = new ManualClock();
  const storageClasses = { STANDARD: { k: 4, m: 2 }, STANDARD_IA: { k: 8, m: 2 }, GLACIER_IR: { k: 2, m: 1 } };
  const settings = { storageClasses, graceSeconds: 10, blockCustomerKeys: false };
  rig = await openTestStore({ clock, driveCount: 10, settings, sealing: { ...sealed, byDefault: false } });
  await createBucket(rig.store, { name: bucket, owner: "o", region: "us-east-1" });
});
afterAll(() => rig.dispose());

const FORMS: EncryptionRequest[] = [{ form: "SSE-C", key: customer }, { form: "AES256" }];

it.each([undefined, ...FORMS])(
  "moves a body of several blobs to and fro, %j",
  { timeout: 60_000 },
  async (encryption) => {
    const bytes = pattern(SIZE, 5);
    await putObject(rig.store, { ...put(bucket, "key", bytes), ...(encryption ? { encryption } : {}) });
    const read = async (offset: number, length: number) => {
      const customerKey = encryption?.form === "SSE-C" ? customer : null;
      const { read: open } = await openObject(rig.store, { bucket, key: "key", customerKey });
      return readAll(await open({ offset, length }));
    };
    for (const storageClass of ["GLACIER_IR", "STANDARD_IA", "STANDARD", "GLACIER_IR"]) {
      const [answer] = await rig.d1.batch<Found>([
        rig.d1.prepare("SELECT bucket_id AS bucketId, key, seq, id, storage_class AS 'is' FROM objects"),
      ]);
      const { id, is, ...place } = (answer?.results ?? [])[0] as Found;
      const version = { table: "objects" as const, place, id, storageClass: is };
      expect(await moveToClass(rig.store, version, storageClass)).toMatchObject({ kind: "moved" });
      await clock.advance(60_000);
      await collect.run(rig.store, ENDLESS, null);
      expect(Buffer.compare(await read(0, SIZE), bytes)).toBe(0);
      for (const offset of [0, 1_048_575, 13_000_000, 13_631_487, SIZE - 70_000]) {
        expect(Buffer.compare(await read(offset, 70_000), bytes.slice(offset, offset + 70_000))).toBe(0);
      }
    }
  },
);
