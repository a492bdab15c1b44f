import type { KmsEncryption, ObjectEncryption } from "../../sealing/object-encryption.ts";
import type { StoreContext } from "../context.ts";
import { StoreError } from "../failure.ts";
import type { EncryptionRequest, KmsRequest } from "./encryption.ts";

/**
 * Checks that the encryption of an object, `now` (undefined: plain), is the one that the request
 * asks for. A request that names none accepts any. A KMS is asked only if the request names the key
 * by an alias. Throws `StoreError` other-encryption, kms.
 */
export async function requireSameEncryption(
  store: StoreContext,
  request: EncryptionRequest | undefined,
  now: ObjectEncryption | undefined,
): Promise<void> {
  if (request === undefined) return;
  const isSame =
    request.form === now?.form && (!("keyId" in request) || (await isSameKms(store, request, now as KmsEncryption)));
  if (!isSame) throw new StoreError({ kind: "other-encryption" });
}

async function isSameKms({ sealing }: StoreContext, request: KmsRequest, now: KmsEncryption): Promise<boolean> {
  if (request.bucketKey !== null && request.bucketKey !== now.bucketKey) return false;
  if (Object.entries(request.context).some(([name, value]) => now.context[name] !== value)) return false;
  const { keyId } = request;
  if (keyId === null || keyId === now.keyArn || now.keyArn.endsWith(`:key/${keyId}`)) return true;
  if (!/(^|:)alias\//.test(keyId)) return false;
  const named = await sealing.dataKeys.generate({ keyId, context: now.context, mayReuse: now.bucketKey });
  if (!named.ok) throw new StoreError({ kind: "kms", failure: named.failure });
  return named.keyArn === now.keyArn;
}
