import { Buffer } from "node:buffer";
import type { EncryptionContext } from "../../../sealing/data-keys.ts";
import type { EncryptionRequest } from "../../../store/sealed/encryption.ts";
import type { ObjectEncryption } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { customerKey } from "./customer-key.ts";

const METHOD = "x-amz-server-side-encryption";
const KEY_ID = `${METHOD}-aws-kms-key-id`;
const CONTEXT = `${METHOD}-context`;
const BUCKET_KEY = `${METHOD}-bucket-key-enabled`;
/** KMS's limit of a request's context, in characters of JSON. */
const CONTEXT_CHARACTERS_MAX = 8192;
const KEY_ID_CHARACTERS_MAX = 2048;

/**
 * The encryption that a writing request asks for; undefined: none. Throws InvalidArgument,
 * InvalidRequest.
 */
export function requestedEncryption(
  call: Pick<Call, "headers" | "takesCustomerKeys">,
): { encryption: EncryptionRequest } | Record<string, never> {
  const { headers } = call;
  const method = headers.get(METHOD);
  const key = customerKey(call);
  if (key && (method !== null || headers.has(KEY_ID))) {
    throw new S3Error(
      "InvalidArgument",
      "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
      { ArgumentName: METHOD, ArgumentValue: method ?? "" },
    );
  }
  if (key) return { encryption: { form: "SSE-C", key } };
  switch (method) {
    case null:
      requireNoKmsHeaders(headers);
      return {};
    case "AES256":
      requireNoKmsHeaders(headers);
      return { encryption: { form: "AES256" } };
    case "aws:kms":
    case "aws:kms:dsse":
      return { encryption: { form: method, ...kmsParameters(headers, method) } };
    default:
      throw new S3Error("InvalidArgument", "The encryption method specified is not supported", {
        ArgumentName: METHOD,
        ArgumentValue: method.slice(0, 100),
      });
  }
}

/** A reading request may have only a client's key. Throws InvalidArgument. */
export function requireNoEncryption(headers: Headers): void {
  const name = [METHOD, KEY_ID, CONTEXT, BUCKET_KEY].find((header) => headers.has(header));
  if (name === undefined) return;
  throw new S3Error("InvalidArgument", `${name} header is not supported for this operation.`, {
    ArgumentName: name,
    ArgumentValue: headers.get(name) ?? "",
  });
}

function requireNoKmsHeaders(headers: Headers): void {
  const name = [KEY_ID, CONTEXT].find((header) => headers.has(header));
  if (name === undefined) return;
  throw new S3Error(
    "InvalidArgument",
    `Server Side Encryption with AWS KMS managed key requires HTTP header ${METHOD} : aws:kms`,
    { ArgumentName: name },
  );
}

function kmsParameters(headers: Headers, method: "aws:kms" | "aws:kms:dsse") {
  const keyId = headers.get(KEY_ID);
  if (keyId !== null && (keyId === "" || keyId.length > KEY_ID_CHARACTERS_MAX || /[^\x21-\x7e]/.test(keyId))) {
    throw new S3Error("InvalidArgument", "Invalid KMS key id.", { ArgumentName: KEY_ID });
  }
  return { keyId, context: parseContext(headers.get(CONTEXT)), bucketKey: parseBucketKey(headers, method) };
}

function parseBucketKey(headers: Headers, method: string): boolean | null {
  const text = headers.get(BUCKET_KEY)?.toLowerCase();
  if (text === undefined) return method === "aws:kms:dsse" ? false : null;
  if (text !== "true" && text !== "false") {
    throw new S3Error("InvalidArgument", "Invalid value for the bucket key.", { ArgumentName: BUCKET_KEY });
  }
  if (text === "true" && method === "aws:kms:dsse") {
    throw new S3Error("InvalidArgument", "S3 Bucket Keys are not supported with DSSE-KMS.", {
      ArgumentName: BUCKET_KEY,
    });
  }
  return text === "true";
}

function parseContext(text: string | null): EncryptionContext {
  if (text === null) return {};
  const invalid = () =>
    new S3Error(
      "InvalidArgument",
      `The header '${CONTEXT}' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map`,
      { ArgumentName: CONTEXT },
    );
  if (text.length > 2 * CONTEXT_CHARACTERS_MAX || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalid();
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, "base64")));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) throw invalid();
    throw error;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid();
  const entries = Object.entries(value);
  if (!entries.every(([name, member]) => name !== "" && typeof member === "string")) throw invalid();
  return Object.fromEntries(entries) as EncryptionContext;
}

/** Encryption headers of answers. */
export function encryptionHeaders(encryption: ObjectEncryption | undefined): Record<string, string> {
  if (encryption === undefined) return {};
  switch (encryption.form) {
    case "AES256":
      return { [METHOD]: "AES256" };
    case "SSE-C":
      return { [`${METHOD}-customer-algorithm`]: "AES256", [`${METHOD}-customer-key-MD5`]: encryption.keyMd5 };
    default:
      return {
        [METHOD]: encryption.form,
        [KEY_ID]: encryption.keyArn,
        ...(encryption.bucketKey && { [BUCKET_KEY]: "true" }),
      };
  }
}

/** The same for a new object or upload: with the client's context. */
export function newEncryptionHeaders(encryption: ObjectEncryption | undefined): Record<string, string> {
  if (encryption === undefined || !("context" in encryption)) return encryptionHeaders(encryption);
  const context = Buffer.from(JSON.stringify(encryption.context), "utf8").toString("base64");
  return { ...encryptionHeaders(encryption), [CONTEXT]: context };
}
