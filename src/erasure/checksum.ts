import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import type { ErasureEngine } from "./engine.ts";
import { Xxh3, Xxh64 } from "./xxhash.ts";

export type ChecksumName =
  | "crc32"
  | "crc32c"
  | "crc64nvme"
  | "sha1"
  | "sha256"
  | "sha512"
  | "md5"
  | "xxhash64"
  | "xxhash3"
  | "xxhash128";

/** A checksum of bytes that come piece by piece. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  /** The value, most significant byte first, as S3 encodes it in base64. Called once, at the end. */
  digest(): Uint8Array;
  /** Called instead of `digest`: releases what is held. After the end it does nothing. */
  release?(): void;
}

/**
 * A fresh checksum, each by what is fastest in workerd: CRC-32C and CRC-64/NVME in the engine (1.5 and 20 times as fast as the
 * runtime's), CRC-32 in node:zlib (twice as fast as the engine's), MD5 in the engine, which computes several together, the
 * XXH family, which the runtime has not, in the engine too, the other digests, and the MD5s that are too many for the engine, in node:crypto. See docs/performance.md.
 */
export function createChecksum(name: ChecksumName, engine: ErasureEngine): Checksum {
  switch (name) {
    case "crc32":
      return new Crc32Checksum(zlibCrc32);
    case "crc32c":
      return new Crc32Checksum((bytes, crc) => engine.crc32c(bytes, crc));
    case "crc64nvme":
      return new Crc64Checksum(engine);
    case "sha1":
    case "sha256":
    case "sha512":
      return new Digest(name);
    case "xxhash64":
      return new Xxh64(engine);
    case "xxhash3":
      return new Xxh3(engine, 64);
    case "xxhash128":
      return new Xxh3(engine, 128);
    case "md5":
      return engine.openMd5() ?? new Digest(name);
  }
}

class Crc32Checksum implements Checksum {
  readonly #crcOf: (bytes: Uint8Array, crc: number) => number;
  #crc = 0;

  constructor(crcOf: (bytes: Uint8Array, crc: number) => number) {
    this.#crcOf = crcOf;
  }

  update(bytes: Uint8Array): void {
    this.#crc = this.#crcOf(bytes, this.#crc);
  }

  digest(): Uint8Array {
    return crc32Bytes(this.#crc);
  }
}

class Crc64Checksum implements Checksum {
  readonly #engine: ErasureEngine;
  #crc = 0n;

  constructor(engine: ErasureEngine) {
    this.#engine = engine;
  }

  update(bytes: Uint8Array): void {
    this.#crc = this.#engine.crc64nvme(bytes, this.#crc);
  }

  digest(): Uint8Array {
    return crc64Bytes(this.#crc);
  }
}

class Digest implements Checksum {
  readonly #hash: ReturnType<typeof createHash>;

  constructor(name: "sha1" | "sha256" | "sha512" | "md5") {
    this.#hash = createHash(name);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}

/** A 32-bit CRC as S3 encodes it: four bytes, most significant first. */
export function crc32Bytes(crc: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, crc);
  return bytes;
}

/** A 64-bit CRC as S3 encodes it: eight bytes, most significant first. */
export function crc64Bytes(crc: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, crc);
  return bytes;
}
