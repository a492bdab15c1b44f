import { AwsClient } from "aws4fetch";
import { fromBase64, toBase64 } from "../../base/bytes.ts";
import type { EncryptionContext } from "../../sealing/data-keys.ts";
import {
  type ExternalAnswer,
  type ExternalKms,
  type ExternalParts,
  fetchInTime,
  parseObject,
  unreadableAnswer,
} from "./external-kms.ts";

export interface AwsKmsSettings {
  /** `https://kms.eu-central-1.amazonaws.com`, or any endpoint with its API. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * AWS KMS, or whatever speaks its API: Encrypt and Decrypt, signed with Signature Version 4. `key` is a key id, ARN or alias there; the encryption
 * context is passed on, so that policies there can ask for it.
 *
 * Follows the AWS KMS API Reference.
 */
export function awsKms(settings: AwsKmsSettings, parts: ExternalParts): ExternalKms {
  const { accessKeyId, secretAccessKey, region } = settings;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "kms", retries: 0 });
  const call = async (operation: string, input: object, member: string): Promise<ExternalAnswer> => {
    const request = await client.sign(settings.endpoint, {
      method: "POST",
      headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": `TrentService.${operation}` },
      body: JSON.stringify(input),
    });
    const fetched = await fetchInTime(request, parts);
    return fetched.ok ? readAnswer(fetched, member) : fetched.answer;
  };
  const contextOf = (context: EncryptionContext) =>
    Object.keys(context).length === 0 ? {} : { EncryptionContext: context };
  return {
    encrypt: (key, plain, context) =>
      call("Encrypt", { KeyId: key, Plaintext: toBase64(plain), ...contextOf(context) }, "CiphertextBlob"),
    decrypt: (key, sealed, context) =>
      call("Decrypt", { KeyId: key, CiphertextBlob: toBase64(sealed), ...contextOf(context) }, "Plaintext"),
  };
}

/** Of these it is the server's fault, or nobody's: the request may be repeated. */
const PASSING = [
  "ThrottlingException",
  "DependencyTimeoutException",
  "KMSInternalException",
  "KeyUnavailableException",
];

function readAnswer({ status, text }: { status: number; text: string }, member: string): ExternalAnswer {
  const document = parseObject(text);
  if (status === 200) {
    const value = document[member];
    const bytes = typeof value === "string" ? fromBase64(value) : null;
    if (bytes !== null) return { ok: true, bytes };
    return unreadableAnswer;
  }
  const code = codeOf(document);
  if (code === "InvalidCiphertextException" || code === "IncorrectKeyException") {
    return { ok: false, problem: "invalid-ciphertext" };
  }
  const isPassing = status >= 500 || status === 429 || PASSING.includes(code);
  return { ok: false, problem: isPassing ? "unreachable" : "refused", reason: `it answered ${status} ${code}`.trim() };
}

/** Without its namespace; "" if it is no name. */
function codeOf({ __type: type }: Readonly<Record<string, unknown>>): string {
  const name = typeof type === "string" ? (type.split("#").at(-1) ?? "") : "";
  return /^\w{1,64}$/.test(name) ? name : "";
}
