import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import { objectHead } from "../read/object-head.ts";
import { foundVersion, type ObjectName, versionRef } from "../read/objects.ts";
import { withMetadata } from "../translate-metadata.ts";
import { amendEncryption } from "../write/amend.ts";
import { isProtected } from "../write/change-retention.ts";
import type { KmsRequest } from "./encryption.ts";
import { newWrapper } from "./new-sealing.ts";
import { encryptionOf, openSealing } from "./open-content.ts";

const ATTEMPTS_MAX = 3;

/**
 * Seals the key of an encrypted object again, under a key of the KMS, in two D1 round trips. Its
 * bytes stay. Objects that are plain, encrypted with a client's key or encrypted in two layers are
 * refused, because their bytes would have to be rewritten. Going back to SSE-S3 is impossible: its
 * ETags are MD5s, and the object keeps its ETag. Retention in force, in either mode, and holds
 * protect a version from the change. Throws `StoreError` as `headObject` does, object-locked,
 * encryption-not-updatable, kms, sealing-not-configured, sealed-shut, conflict.
 */
export async function updateEncryption(store: StoreContext, name: ObjectName, request: KmsRequest): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const ref = { ...name, version: versionRef(name) };
    const found = await withMetadata(name, () => store.metadata.objects.head(ref));
    const { bucket, object } = foundVersion(store, found, name, { hiddenKey: "is-delete-marker" });
    const circumstances = { nowMs: store.clock.now(), bypassGovernance: false };
    if (isProtected(objectHead(object, bucket).lock, circumstances)) {
      throw new StoreError({ kind: "object-locked", key: name.key });
    }
    const form = encryptionOf(object)?.form;
    if (form !== "AES256" && form !== "aws:kms") throw new StoreError({ kind: "encryption-not-updatable" });
    const sealing = await openSealing(store, { ...object, bucket }, null);
    if (!sealing) throw new StoreError({ kind: "encryption-not-updatable" });
    const wrapper = await newWrapper(store, { bucket, key: name.key }, request);
    const place = { bucket: bucket.name, bucketId: bucket.id, key: name.key, versionId: object.id };
    const encryption = wrapper.wrap(sealing.key, place);
    const sealed = encryptionOf(object)?.sealed ?? "";
    if (await amendEncryption(store, name, { encryption, sealed, nowMs: store.clock.now() })) return;
    if (attempt === ATTEMPTS_MAX) throw new StoreError({ kind: "conflict", what: "the object was changed meanwhile" });
  }
}
