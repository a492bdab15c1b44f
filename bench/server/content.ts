import type { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { ExpectedBody } from "../support/http-connection.ts";

const MIB = 1024 * 1024;
/** Objects above this size are uploaded in parts. */
export const SINGLE_BYTES_MAX = 64 * MIB;
export const PART_BYTES = 16 * MIB;
/** Bodies differ by where in the noise they begin; a prime, so that none lies on a block of another. */
const STEP_BYTES = 4099;
const SPARE_BYTES = MIB;

/** Random bytes, of which each object is a piece, so that any number of different bodies costs no memory. */
export class Content {
  readonly #noise = randomBytes(SINGLE_BYTES_MAX + SPARE_BYTES);

  /** A body of at most 64 MiB; different for each of the first 255 numbers. */
  body(sizeBytes: number, number: number): Uint8Array {
    const offset = (number * STEP_BYTES) % SPARE_BYTES;
    return this.#noise.subarray(offset, offset + sizeBytes);
  }

  /** Part of an object of several parts; `index` from 0. */
  part(index: number): Uint8Array {
    return this.body(PART_BYTES, index);
  }

  /** All of such an object, or those bytes of it that begin with a part. */
  parts(sizeBytes: number, firstPart = 0): ExpectedBody {
    return {
      length: sizeBytes,
      holds: (offset: number, bytes: Buffer) => {
        for (let at = 0; at < bytes.length; ) {
          const inPart = (offset + at) % PART_BYTES;
          const part = this.part(firstPart + Math.floor((offset + at) / PART_BYTES));
          const take = Math.min(bytes.length - at, PART_BYTES - inPart);
          if (!bytes.subarray(at, at + take).equals(part.subarray(inPart, inPart + take))) return false;
          at += take;
        }
        return true;
      },
    };
  }
}
