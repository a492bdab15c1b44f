import { crc32Bytes, crc64Bytes } from "../../erasure/checksum.ts";
import { combineCrc } from "../../erasure/combine.ts";
import type { SealedStripe, StripeBuffer } from "../../erasure/stripe-buffer.ts";
import type { DigestName } from "../types.ts";

/** CRCs that need no pass of their own over a body that is cut into stripes. */
const crcNames = ["crc32", "crc32c", "crc64nvme"] as const satisfies readonly DigestName[];
type StripeCrcName = (typeof crcNames)[number];

export function isStripeCrc(name: DigestName): name is StripeCrcName {
  return (crcNames as readonly DigestName[]).includes(name);
}

/**
 * The CRCs of a body's data, blob after blob and stripe after stripe. CRC-64/NVME combines from the
 * frames' checks. The others are computed while the stripe is in the kernel's memory anyway. For a
 * sealed body all are computed there, before sealing: the frames' checks, and the CRC-64/NVME of
 * its blobs, cover the sealed bytes.
 */
export class StripeCrcs {
  readonly #crc32s = new Map<"crc32" | "crc32c", number>();
  #crc64 = 0n;
  /** Of the blob that is being written. */
  #blobCrc64 = 0n;
  #blobBytes = 0;
  #isSealed = false;

  /** CRC-64/NVME is always there. */
  constructor(names: readonly StripeCrcName[]) {
    for (const name of names) if (name !== "crc64nvme") this.#crc32s.set(name, 0);
  }

  /** Adds the next stripe, full and still plain. `isToBeSealed`: its blocks will be encrypted. */
  takePlain(buffer: StripeBuffer, isToBeSealed: boolean): void {
    this.#isSealed = isToBeSealed;
    for (const [name, crc] of this.#crc32s) this.#crc32s.set(name, buffer.crc32OfData(name, crc));
    if (isToBeSealed) this.#crc64 = buffer.crc64OfData(this.#crc64);
  }

  /** Adds the same stripe as it is stored. */
  takeStored({ crc64, dataBytes }: SealedStripe): void {
    this.#blobCrc64 = combineCrc("crc64nvme", this.#blobCrc64, crc64, dataBytes);
    this.#blobBytes += dataBytes;
  }

  /** Ends the blob. Returns the CRC-64/NVME of its stored bytes. */
  endBlob(): bigint {
    const crc64 = this.#blobCrc64;
    if (!this.#isSealed) this.#crc64 = combineCrc("crc64nvme", this.#crc64, crc64, this.#blobBytes);
    this.#blobCrc64 = 0n;
    this.#blobBytes = 0;
    return crc64;
  }

  /** Of all completed blobs, as digests of a body. */
  get digests(): Map<DigestName, Uint8Array> {
    const digests = new Map<DigestName, Uint8Array>([["crc64nvme", crc64Bytes(this.#crc64)]]);
    for (const [name, crc] of this.#crc32s) digests.set(name, crc32Bytes(crc));
    return digests;
  }
}
