import { Buffer } from "node:buffer";
import type { ContentRow } from "../../metadata/rows.ts";
import {
  customerWrapper,
  dataKeyWrapper,
  type KmsEncryption,
  type ObjectEncryption,
  type ObjectPlace,
  openUnder,
  openUnderRoot,
  rootWrapper,
} from "../../sealing/object-encryption.ts";
import type { ObjectKey } from "../../sealing/object-key.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { Content } from "../read/object-body.ts";
import type { Bucket } from "../types.ts";
import type { CustomerKey } from "./encryption.ts";
import type { NewSealing } from "./new-sealing.ts";

/** A row of an object or an upload, with its place. */
export interface SealedRow {
  bucket: Pick<Bucket, "id" | "name">;
  key: string;
  /** Id of the version or the upload. */
  id: string;
  /** JSON that the store wrote. */
  attributes: unknown;
  of?: "upload";
}

/** Encryption columns of the row; absent: it is plain. */
export function encryptionOf({ attributes }: Pick<SealedRow, "attributes">): ObjectEncryption | undefined {
  return (attributes as { encryption?: ObjectEncryption }).encryption;
}

/**
 * Checks that a request has a client's key exactly if the row needs one, before anything about the
 * object is returned. Throws `StoreError` customer-key-missing, customer-key-unexpected,
 * customer-key-wrong, sealed-shut.
 */
export function checkCustomerKey(row: SealedRow, customerKey: CustomerKey | null): void {
  const encryption = encryptionOf(row);
  if (encryption?.form === "SSE-C") openUnderCustomer(encryption, row, customerKey);
  else if (customerKey) throw new StoreError({ kind: "customer-key-unexpected" });
}

/**
 * The key of the row, and its sealing, which can seal the key again for another place. Null: the
 * row is plain. A KMS is asked to open the data key. Throws `StoreError` customer-key-missing,
 * customer-key-unexpected, customer-key-wrong, kms, sealing-not-configured. Throws sealed-shut if
 * the row was altered or moved, or if its root secret is not configured.
 */
export async function openSealing(
  store: StoreContext,
  row: SealedRow,
  customerKey: CustomerKey | null,
): Promise<NewSealing | null> {
  const encryption = encryptionOf(row);
  if (encryption?.form !== "SSE-C" && customerKey) throw new StoreError({ kind: "customer-key-unexpected" });
  if (!encryption) return null;
  switch (encryption.form) {
    case "AES256":
      return openUnderRoots(store, encryption, placeOf(row));
    case "SSE-C": {
      const key = openUnderCustomer(encryption, row, customerKey);
      const { bytes, md5 } = customerKey as CustomerKey;
      return { key, wrapper: customerWrapper(bytes, md5, store.random) };
    }
    default:
      return openUnderKms(store, encryption, placeOf(row));
  }
}

/** The bytes of a row, readable. Throws as `openSealing`. */
export async function openContent(
  store: StoreContext,
  row: SealedRow & ContentRow,
  customerKey: CustomerKey | null,
): Promise<Content> {
  const sealing = await openSealing(store, row, customerKey);
  return { extents: row.extents, inlineBody: row.inlineBody, objectKey: sealing?.key ?? null };
}

function placeOf({ bucket, key, id }: SealedRow): ObjectPlace {
  return { bucket: bucket.name, bucketId: bucket.id, key, versionId: id };
}

function openUnderRoots({ sealing, tell }: StoreContext, row: ObjectEncryption, place: ObjectPlace): NewSealing {
  const { sealer } = sealing;
  if (sealer === null) throw new StoreError({ kind: "sealing-not-configured" });
  const key = openUnderRoot(sealer, row, place);
  if (key) return { key, wrapper: rootWrapper(sealer) };
  const root = sealer.rootOf(row.sealed);
  const isKnown = root !== null && sealer.roots.includes(root);
  const reason = isKnown ? "it was altered, or moved from another place" : `root secret ${root} is not configured`;
  tell?.(`the key of an object does not open: ${reason}`);
  throw new StoreError({ kind: "sealed-shut", reason });
}

function openUnderCustomer(encryption: ObjectEncryption, row: SealedRow, customerKey: CustomerKey | null): ObjectKey {
  const { of = "object" } = row;
  if (!customerKey) throw new StoreError({ kind: "customer-key-missing", of });
  const key = openUnder(customerKey.bytes, encryption, placeOf(row));
  if (key) return key;
  throw new StoreError({ kind: "customer-key-wrong", of });
}

async function openUnderKms(
  { sealing, random }: StoreContext,
  row: KmsEncryption,
  place: ObjectPlace,
): Promise<NewSealing> {
  const { keyArn, context } = row;
  const opened = await sealing.dataKeys.open({ sealed: row.dataKey, keyArn, context });
  if (!opened.ok) throw new StoreError({ kind: "kms", failure: opened.failure });
  const key = openUnder(opened.plain, row, place);
  if (!key) throw new StoreError({ kind: "sealed-shut", reason: "it was altered, or moved from another place" });
  const { form, dataKey, bucketKey } = row;
  return { key, wrapper: dataKeyWrapper(opened.plain, { form, keyArn, dataKey, context, bucketKey }, random) };
}

/** Bytes in the form that rows keep them in. */
export function inlineText(store: Pick<StoreContext, "random">, bytes: Uint8Array, key: ObjectKey | null): string {
  const kept = key === null ? bytes : key.sealBytes(bytes, store.random);
  return Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64");
}
