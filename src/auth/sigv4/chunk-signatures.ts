import { createHash, type Hash } from "node:crypto";
import { equalInConstantTime } from "./constant-time.ts";
import type { SignatureMismatch } from "./failures.ts";
import { signText, type VerifiedSignature } from "./verify-signature.ts";

const sha256OfNothing = createHash("sha256").digest("hex");

/**
 * The chain of signatures over a streamed body: each covers its chunk and the signature before it, the first of them
 * the request's own, so that chunks can be neither altered, nor left out, nor put in another order.
 *
 * Follows "Signature Calculations …: Transferring Payload in Multiple Chunks (Chunked Upload)" and "… Including
 * Trailing Headers".
 */
export class ChunkSignatures {
  readonly #verified: VerifiedSignature;
  #previous: string;
  #chunk = 1;
  #hash: Hash = createHash("sha256");

  constructor(verified: VerifiedSignature) {
    this.#verified = verified;
    this.#previous = verified.seedSignature;
  }

  /** Takes in bytes of the chunk that is being read. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Ends the chunk that is being read; null where `signature` is the right one for it. */
  endChunk(signature: string): SignatureMismatch | null {
    const stringToSign = this.#stringToSign("AWS4-HMAC-SHA256-PAYLOAD", [sha256OfNothing, this.#hash.digest("hex")]);
    this.#hash = createHash("sha256");
    return this.#check(stringToSign, signature, { part: "chunk", chunk: this.#chunk++ });
  }

  /** `canonicalTrailers` is a line `name:value\n` for each; null where `signature` is the right one for them. */
  checkTrailers(canonicalTrailers: string, signature: string): SignatureMismatch | null {
    const digest = createHash("sha256").update(canonicalTrailers).digest("hex");
    return this.#check(this.#stringToSign("AWS4-HMAC-SHA256-TRAILER", [digest]), signature, { part: "trailer" });
  }

  #stringToSign(algorithm: string, digests: readonly string[]): string {
    const { timestamp, scope } = this.#verified;
    return [algorithm, timestamp, scope, this.#previous, ...digests].join("\n");
  }

  #check(stringToSign: string, signature: string, subject: SignatureMismatch["subject"]): SignatureMismatch | null {
    this.#previous = signText(this.#verified.signingKey, stringToSign);
    if (equalInConstantTime(this.#previous, signature)) return null;
    const { accessKeyId } = this.#verified;
    return { kind: "signatureDoesNotMatch", subject, accessKeyId, signatureProvided: signature, stringToSign };
  }
}
