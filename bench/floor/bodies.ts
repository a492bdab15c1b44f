import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { crc32Bytes, crc64Bytes } from "../../src/erasure/checksum.ts";
import { ErasureEngine } from "../../src/erasure/engine.ts";
import { kernelModule } from "../../test/support/kernel.ts";

export const LARGE_BYTES = 64 * 1024 * 1024;
export const SMALL_BYTES = 4096;

/** An uploaded body, and what must come back. */
export interface Bodies {
  large: Uint8Array;
  small: Uint8Array;
  /**
   * Of the large body, as uploads declare them: base64, except SHA-256, which is lower-case
   * hexadecimal.
   */
  crc32: string;
  crc64nvme: string;
  sha256Hex: string;
}

/** Random bodies: nothing on the way can make them smaller. */
export async function makeBodies(): Promise<Bodies> {
  const engine = await ErasureEngine.create(kernelModule(), { slots: 1 });
  const large = randomBytes(LARGE_BYTES);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  return {
    large,
    small: randomBytes(SMALL_BYTES),
    crc32: base64(crc32Bytes(crc32(large))),
    crc64nvme: base64(crc64Bytes(engine.crc64nvme(large))),
    sha256Hex: createHash("sha256").update(large).digest("hex"),
  };
}
