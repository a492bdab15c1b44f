import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import type { RandomBytes } from "../base/random.ts";
import type { EncryptionContext } from "./data-keys.ts";
import { decryptGcm, encryptGcm, NONCE_BYTES } from "./gcm.ts";
import { KEY_BYTES, ObjectKey } from "./object-key.ts";
import type { Sealer } from "./root-sealer.ts";

/** What an object's row says of its encryption; absent: its bytes are plain. `sealed` is the object's key; see each form. */
export type ObjectEncryption =
  /** SSE-S3: sealed under a root secret of the deployment (`Sealer`). */
  | { readonly form: "AES256"; readonly layout: 1; readonly sealed: string }
  | KmsEncryption
  /** SSE-C: sealed under the client's key, of which only this is kept. `keyMd5`: base64. */
  | { readonly form: "SSE-C"; readonly layout: 1; readonly sealed: string; readonly keyMd5: string };

/** SSE-KMS: sealed under a data key, which the KMS sealed. */
export interface KmsEncryption {
  readonly form: "aws:kms" | "aws:kms:dsse";
  readonly layout: 1;
  readonly sealed: string;
  readonly keyArn: string;
  /** Base64, as the KMS gave it. */
  readonly dataKey: string;
  /** All of the context that the data key was made with. */
  readonly context: EncryptionContext;
  readonly bucketKey: boolean;
}

/** Where a version lies. Its sealed key opens there only. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly bucketId: number;
  readonly key: string;
  /** Id of the version, as the row has it. */
  readonly versionId: string;
}

/** The text that a sealed key is bound to. No part of it can hold U+0000. */
function contextOf({ bucket, bucketId, key, versionId }: ObjectPlace): string {
  return ["sherd/1/object", bucket, String(bucketId), key, versionId].join("\0");
}

/** How many layers a form has. */
export function layersOf(form: ObjectEncryption["form"]): 1 | 2 {
  return form === "aws:kms:dsse" ? 2 : 1;
}

/** True for forms whose ETags are MD5s of the plain bytes, as AWS has it. */
export function etagIsMd5(form: ObjectEncryption["form"]): boolean {
  return form === "AES256";
}

/** What seals objects' keys: a root secret, a KMS's data key or a client's key. Sealing again for another place costs no call. */
export interface KeyWrapper {
  readonly form: ObjectEncryption["form"];
  /** What the row of a version at `place` says. */
  wrap(key: ObjectKey, place: ObjectPlace): ObjectEncryption;
}

export function rootWrapper(sealer: Sealer): KeyWrapper {
  return {
    form: "AES256",
    wrap: (key, place) => ({
      form: "AES256",
      layout: 1,
      sealed: key.wrap((bytes) => sealer.seal("object-key", contextOf(place), bytes)),
    }),
  };
}

/** `plain`: the data key. */
export function dataKeyWrapper(
  plain: Uint8Array,
  row: Omit<KmsEncryption, "sealed" | "layout">,
  random: RandomBytes,
): KeyWrapper {
  return {
    form: row.form,
    wrap: (key, place) => ({ ...row, layout: 1, sealed: sealUnder(plain, contextOf(place), key, random) }),
  };
}

/** `plain`: the client's key. */
export function customerWrapper(plain: Uint8Array, keyMd5: string, random: RandomBytes): KeyWrapper {
  return {
    form: "SSE-C",
    wrap: (key, place) => ({
      form: "SSE-C",
      layout: 1,
      keyMd5,
      sealed: sealUnder(plain, contextOf(place), key, random),
    }),
  };
}

/** The object's key, or null if no root secret of the deployment opens it at this place. */
export function openUnderRoot(sealer: Sealer, row: ObjectEncryption, place: ObjectPlace): ObjectKey | null {
  const bytes = sealer.openBytes("object-key", contextOf(place), row.sealed);
  return bytes === null ? null : new ObjectKey(bytes);
}

/** The object's key, or null if this data key or client's key does not open it at this place. */
export function openUnder(plain: Uint8Array, row: ObjectEncryption, place: ObjectPlace): ObjectKey | null {
  const bytes = Buffer.from(row.sealed, "base64url");
  const parameters = { key: wrappingKey(plain, contextOf(place)), nonce: bytes.subarray(0, NONCE_BYTES) };
  const opened = parameters.nonce.length < NONCE_BYTES ? null : decryptGcm(parameters, bytes.subarray(NONCE_BYTES));
  return opened?.length === KEY_BYTES ? new ObjectKey(opened, layersOf(row.form)) : null;
}

/** Base64url of nonce (12), ciphertext (32), tag (16). */
function sealUnder(plain: Uint8Array, context: string, key: ObjectKey, random: RandomBytes): string {
  const nonce = random(NONCE_BYTES);
  const sealed = key.wrap((bytes) => encryptGcm({ key: wrappingKey(plain, context), nonce }, bytes));
  return Buffer.concat([nonce, sealed]).toString("base64url");
}

/** A data key may seal many objects: each gets a key of its own. */
function wrappingKey(plain: Uint8Array, context: string): Uint8Array {
  return createHmac("sha256", plain).update(context, "utf8").digest();
}
