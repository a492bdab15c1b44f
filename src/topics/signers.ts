import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { CertificateRow, SigningCertificateTable } from "../metadata/topics/signing-certificates.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import { makeCertificate } from "./certificate.ts";

/** Signs documents of topics. */
export interface Signer {
  /** Part of the certificate's URL. */
  readonly certificateId: string;
  /** Base64. `version` 1: RSA with SHA-1, 2: with SHA-256. */
  sign(version: "1" | "2", text: string): Promise<string>;
}

export interface SignerParts {
  readonly certificates: SigningCertificateTable;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

const DAY_MS = 86_400_000;
const VALID_MS = 2 * 365 * DAY_MS;
/** A new one is made so long before the last one ends: what it has signed can be verified for that time. */
const RENEWED_MS = 60 * DAY_MS;
/** How long an isolate goes on with one that it has read. */
const REMEMBERED_MS = DAY_MS;

/** The deployment's key for signing documents, which is made when it is first needed, and renewed. */
export class Signers {
  readonly #parts: SignerParts;
  #current: { signer: Promise<Signer>; untilMs: number } | null = null;

  constructor(parts: SignerParts) {
    this.#parts = parts;
  }

  /** At most three D1 round trips, once a day. */
  current(): Promise<Signer> {
    const nowMs = this.#parts.clock.now();
    if (this.#current === null || nowMs >= this.#current.untilMs) {
      const signer = this.#open(nowMs);
      this.#current = { signer, untilMs: nowMs + REMEMBERED_MS };
      signer.catch(() => {
        this.#current = null;
      });
    }
    return this.#current.signer;
  }

  async #open(nowMs: number): Promise<Signer> {
    const { certificates, sealer } = this.#parts;
    const enoughMs = nowMs + RENEWED_MS;
    const known = await certificates.newest();
    if (known !== null && known.notAfterMs > enoughMs && keyOf(sealer, known) !== null)
      return openSigner(sealer, known);
    // One that was sealed under a root secret that is gone cannot be used any more.
    const isLost = known !== null && keyOf(sealer, known) === null;
    await certificates.add(await this.#make(nowMs), isLost ? Number.MAX_SAFE_INTEGER : enoughMs);
    return openSigner(sealer, (await certificates.newest()) as CertificateRow);
  }

  async #make(nowMs: number): Promise<CertificateRow> {
    const { sealer, random } = this.#parts;
    const notAfterMs = nowMs + VALID_MS;
    const validity = { notBeforeMs: nowMs - DAY_MS, notAfterMs, random };
    const { certificate, key } = await makeCertificate("Sherd topics", validity);
    const id = createHash("sha256").update(certificate).digest("hex").slice(0, 32);
    return { id, certificate, sealedKey: sealer.seal("signing-key", id, key), notAfterMs };
  }
}

function keyOf(sealer: Sealer, { id, sealedKey }: CertificateRow): string | null {
  return sealer.open("signing-key", id, sealedKey);
}

async function openSigner(sealer: Sealer, row: CertificateRow): Promise<Signer> {
  const key = keyOf(sealer, row);
  if (key === null)
    throw new Error("the key that signs messages of topics was sealed under a root secret that is gone");
  const bytes = Buffer.from(key, "base64");
  const load = (hash: string) =>
    crypto.subtle.importKey("pkcs8", bytes, { name: "RSASSA-PKCS1-v1_5", hash }, false, ["sign"]);
  const keys = { "1": await load("SHA-1"), "2": await load("SHA-256") };
  return {
    certificateId: row.id,
    async sign(version, text) {
      const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", keys[version], new TextEncoder().encode(text));
      return Buffer.from(signature).toString("base64");
    },
  };
}
