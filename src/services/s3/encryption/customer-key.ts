import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { fromBase64 } from "../../../base/bytes.ts";
import type { CustomerKey } from "../../../store/sealed/encryption.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";

const OF_OBJECT = "x-amz-server-side-encryption-customer-";
const OF_SOURCE = "x-amz-copy-source-server-side-encryption-customer-";

/**
 * The client's key (SSE-C) in a request for its object; null: none. Throws InvalidArgument,
 * InvalidRequest.
 */
export function customerKey(call: Pick<Call, "headers" | "takesCustomerKeys">): CustomerKey | null {
  return parseCustomerKey(call, OF_OBJECT);
}

/** The same, for the source of a copy. */
export function sourceCustomerKey(call: Pick<Call, "headers" | "takesCustomerKeys">): CustomerKey | null {
  return parseCustomerKey(call, OF_SOURCE);
}

/**
 * Reads the three headers, as in "Using server-side encryption with customer-provided keys (SSE-C)"
 * in the S3 User Guide. Neither the key nor its digest is in any error.
 */
function parseCustomerKey(
  { headers, takesCustomerKeys }: Pick<Call, "headers" | "takesCustomerKeys">,
  prefix: string,
): CustomerKey | null {
  const algorithm = headers.get(`${prefix}algorithm`);
  const keyText = headers.get(`${prefix}key`);
  const md5 = headers.get(`${prefix}key-md5`);
  if (algorithm === null && keyText === null && md5 === null) return null;
  if (!takesCustomerKeys) throw new S3Error("InvalidRequest", `${REQUESTS} must be made over a secure connection.`);
  if (algorithm === null) throw invalid(`${REQUESTS} must provide a valid encryption algorithm.`, `${prefix}algorithm`);
  if (algorithm !== "AES256") throw new S3Error("InvalidEncryptionAlgorithmError");
  if (keyText === null) throw invalid(`${REQUESTS} must provide an appropriate secret key.`, `${prefix}key`);
  const bytes = fromBase64(keyText);
  if (bytes?.length !== 32) throw invalid("The secret key was invalid for the specified algorithm.", `${prefix}key`);
  if (md5 === null) {
    throw invalid(`${REQUESTS} must provide the client calculated MD5 of the secret key.`, `${prefix}key-md5`);
  }
  const computed = createHash("md5").update(bytes).digest("base64");
  if (!Buffer.from(md5).equals(Buffer.from(computed))) {
    throw invalid("The calculated MD5 hash of the key did not match the hash that was provided.", `${prefix}key-md5`);
  }
  return { bytes, md5: computed };
}

const REQUESTS = "Requests specifying Server Side Encryption with Customer provided keys";

function invalid(message: string, header: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName: header });
}
