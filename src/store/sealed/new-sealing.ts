import {
  customerWrapper,
  dataKeyWrapper,
  type KeyWrapper,
  type KmsEncryption,
  layersOf,
  type ObjectEncryption,
  rootWrapper,
} from "../../sealing/object-encryption.ts";
import { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { Bucket } from "../types.ts";
import { type EncryptionRequest, type KmsRequest, kmsContext } from "./encryption.ts";

/** The sealing of a new version or upload. */
export interface NewSealing {
  readonly key: ObjectKey;
  readonly wrapper: KeyWrapper;
}

export interface SealingPlace {
  bucket: Bucket;
  key: string;
  /** Null: the request names none. */
  request: EncryptionRequest | null;
}

/**
 * The encryption of a new object: that of the request, the bucket or the deployment. Null: none.
 */
function chosenEncryption({ sealing }: StoreContext, { bucket, request }: SealingPlace): EncryptionRequest | null {
  const rule = bucket.access?.encryption?.rule;
  if (request)
    return "bucketKey" in request ? { ...request, bucketKey: request.bucketKey ?? rule?.bucketKey ?? false } : request;
  if (rule?.form === "AES256") return { form: "AES256" };
  if (rule) return { form: rule.form, keyId: rule.keyId, context: {}, bucketKey: rule.bucketKey };
  return sealing.byDefault ? { form: "AES256" } : null;
}

/**
 * A new key for a new object, and its sealing; null: the object is stored plain. A KMS is asked for
 * a data key. Throws `StoreError` sealing-not-configured, customer-keys-blocked, kms.
 */
export async function newSealing(store: StoreContext, place: SealingPlace): Promise<NewSealing | null> {
  const chosen = chosenEncryption(store, place);
  if (chosen === null) return null;
  const wrapper = await newWrapper(store, place, chosen);
  return { key: ObjectKey.fresh(store.random, layersOf(chosen.form)), wrapper };
}

/**
 * The same for bytes that are already sealed or plain, if the bucket is not the one that was
 * remembered. Throws `StoreError` bucket-changed if the bytes would have to be sealed differently;
 * repeating the request does that.
 */
export async function readmittedSealing(
  store: StoreContext,
  before: NewSealing | null,
  place: SealingPlace,
): Promise<NewSealing | null> {
  const chosen = chosenEncryption(store, place);
  if (chosen === null) return before;
  if (before?.key.layers !== layersOf(chosen.form)) throw new StoreError({ kind: "bucket-changed" });
  return { key: before.key, wrapper: await newWrapper(store, place, chosen) };
}

/** Seals the key of an object at this place. Throws as `newSealing`. */
export async function newWrapper(
  store: StoreContext,
  place: Pick<SealingPlace, "bucket" | "key">,
  chosen: EncryptionRequest,
): Promise<KeyWrapper> {
  switch (chosen.form) {
    case "AES256":
      if (store.sealing.sealer === null) throw new StoreError({ kind: "sealing-not-configured" });
      return rootWrapper(store.sealing.sealer);
    case "SSE-C":
      if (place.bucket.access?.encryption?.blocksCustomerKeys ?? store.settings.blockCustomerKeys) {
        throw new StoreError({ kind: "customer-keys-blocked", bucket: place.bucket.name });
      }
      return customerWrapper(chosen.key.bytes, chosen.key.md5, store.random);
    default:
      return newDataKey(store, place, chosen);
  }
}

async function newDataKey(
  { sealing, random }: StoreContext,
  { bucket, key }: Pick<SealingPlace, "bucket" | "key">,
  request: KmsRequest,
): Promise<KeyWrapper> {
  const bucketKey = request.bucketKey ?? false;
  const context = kmsContext(request, { bucket, key, bucketKey });
  const made = await sealing.dataKeys.generate({ keyId: request.keyId, context, mayReuse: bucketKey });
  if (!made.ok) throw new StoreError({ kind: "kms", failure: made.failure });
  const row = { form: request.form, keyArn: made.keyArn, dataKey: made.sealed, context, bucketKey };
  return dataKeyWrapper(made.plain, row, random);
}

/** The encryption columns of a version's row; `NewSealing` was made for that version. */
export function described(
  sealing: NewSealing | null,
  bucket: Bucket,
  { key, versionId }: { key: string; versionId: string },
): { encryption?: ObjectEncryption } {
  if (sealing === null) return {};
  const place = { bucket: bucket.name, bucketId: bucket.id, key, versionId };
  return { encryption: sealing.wrapper.wrap(sealing.key, place) };
}

/** True if a copy may keep its source's key: anything that opens the one can open the other. */
export function isSameKey(before: ObjectEncryption | undefined, after: ObjectEncryption | undefined): boolean {
  if (!before || !after) return before === after;
  if (before.form === "SSE-C") return after.form === "SSE-C" && before.keyMd5 === after.keyMd5;
  if (before.form === "AES256") return after.form === "AES256";
  return before.form === after.form && before.keyArn === (after as KmsEncryption).keyArn;
}
