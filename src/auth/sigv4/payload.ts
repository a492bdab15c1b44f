import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";

/** How the bytes of the body are bound to the signature, from x-amz-content-sha256. */
export type PayloadMode =
  /** The whole body has this SHA-256, in lower-case hexadecimal. */
  | { kind: "hash"; sha256Hex: string }
  | { kind: "unsigned" }
  | { kind: "streaming-signed" }
  | { kind: "streaming-signed-trailer" }
  | { kind: "streaming-unsigned-trailer" };

export const unsignedPayload = "UNSIGNED-PAYLOAD";

const literalModes: ReadonlyMap<string, PayloadMode> = new Map<string, PayloadMode>([
  [unsignedPayload, { kind: "unsigned" }],
  ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD", { kind: "streaming-signed" }],
  ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", { kind: "streaming-signed-trailer" }],
  ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", { kind: "streaming-unsigned-trailer" }],
]);
const asymmetricModes = new Set([
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
  "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
]);
const sha256Hex = /^[0-9a-fA-F]{64}$/;

/** Reads a value of x-amz-content-sha256. */
export function parsePayloadMode(text: string): Checked<PayloadMode> {
  const literal = literalModes.get(text);
  if (literal !== undefined) return { ok: true, value: literal };
  if (sha256Hex.test(text)) return { ok: true, value: { kind: "hash", sha256Hex: text.toLowerCase() } };
  return refused({
    kind: asymmetricModes.has(text) ? "unsupportedContentSha256" : "invalidContentSha256",
    value: text,
  });
}

/**
 * The same of a request without a SigV4 signature: the header may be absent, and signed chunks have nothing to be chained
 * to. botocore without credentials sends STREAMING-UNSIGNED-PAYLOAD-TRAILER.
 */
export function parseUnchainedPayloadMode(text: string | undefined): Checked<PayloadMode> {
  const mode = parsePayloadMode(text ?? unsignedPayload);
  if (!mode.ok || text === undefined) return mode;
  const { kind } = mode.value;
  if (kind !== "streaming-signed" && kind !== "streaming-signed-trailer") return mode;
  return refused({ kind: "contentSha256NeedsSignature", value: text });
}
