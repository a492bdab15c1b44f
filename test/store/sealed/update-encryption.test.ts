import { afterAll, beforeAll, expect, test } from "vitest";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import type { StoreError } from "../../../src/store/failure.ts";
import { headObject } from "../../../src/store/read/objects.ts";
import type { KmsRequest } from "../../../src/store/sealed/encryption.ts";
import { updateEncryption } from "../../../src/store/sealed/update-encryption.ts";
import type { ObjectLock } from "../../../src/store/types.ts";
import { amendEncryption, putLegalHold, putRetention } from "../../../src/store/write/amend.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { testDataKeys } from "../../support/data-keys.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { sealed } from "../../support/sealing.ts";
import { openTestStore, pattern, put, type TestStore } from "../../support/store.ts";

const clock = new ManualClock();
const KMS: KmsRequest = { form: "aws:kms", keyId: null, context: {}, bucketKey: null };
const DAY_MS = 86_400_000;
let rig: TestStore;
beforeAll(async () => {
  rig = await openTestStore({ clock, sealing: { ...sealed, dataKeys: testDataKeys() } });
  await createBucket(rig.store, { name: "box", owner: "o", region: "us-east-1", objectLock: true });
});
afterAll(() => rig.dispose());

const retained = (mode: "GOVERNANCE" | "COMPLIANCE") => ({ mode, untilMs: clock.now() + DAY_MS });

test.each<[string, () => ObjectLock]>([
  ["retention in compliance mode", () => ({ retention: retained("COMPLIANCE"), legalHold: null })],
  ["retention in governance mode", () => ({ retention: retained("GOVERNANCE"), legalHold: null })],
  [
    "an event hold",
    () => ({
      retention: { mode: "GOVERNANCE", untilMs: 0 },
      legalHold: null,
      eventHold: { status: "ON", duration: { days: 1 } },
    }),
  ],
  ["a legal hold", () => ({ retention: null, legalHold: "ON" })],
])("%s protects a version, also if it came meanwhile", async (what, lock) => {
  const name = { bucket: "box", key: what };
  const { encryption } = await putObject(rig.store, { ...put("box", what, pattern(100, 1)), lock: lock() });
  if (!encryption) throw new Error("the object is plain");
  const kind = await updateEncryption(rig.store, name, KMS).catch((error: StoreError) => error.failure.kind);
  expect(kind).toBe("object-locked");
  const amendment = { encryption: { ...encryption, sealed: "another" }, sealed: encryption.sealed };
  expect(await amendEncryption(rig.store, name, { ...amendment, nowMs: clock.now() })).toBe(false);
  expect((await headObject(rig.store, name)).encryption?.form).toBe("AES256");
  const retention = { mode: "GOVERNANCE", untilMs: 0 } as const;
  const released = { retention, eventHold: { status: "OFF" }, bypassGovernance: false } as const;
  if (what === "a legal hold") await putLegalHold(rig.store, name, "OFF");
  if (what === "an event hold") await putRetention(rig.store, name, released);
  await clock.advance(DAY_MS);
  await updateEncryption(rig.store, name, KMS);
  expect((await headObject(rig.store, name)).encryption?.form).toBe("aws:kms");
});
