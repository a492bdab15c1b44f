/**
 * What the Worker uses of Node, by `nodejs_compat`; nothing else of Node is in its types. `tsc` checks the same code against
 * @types/node too, with the tests, so that what is declared here cannot differ from what Node has.
 */

declare module "node:assert" {
  export const strict: Strict;
  interface Strict {
    ok(condition: unknown, message?: string): asserts condition;
  }
}

declare module "node:buffer" {
  type Encoding = "utf8" | "hex" | "base64" | "base64url" | "latin1" | "ascii";

  export class Buffer extends Uint8Array<ArrayBuffer> {
    private constructor();
    static from(text: string, encoding?: Encoding): Buffer;
    static from(memory: ArrayBufferLike, offset?: number, length?: number): Buffer;
    static from(bytes: ArrayLike<number>): Buffer;
    static alloc(sizeBytes: number): Buffer;
    static concat(pieces: readonly Uint8Array[], sizeBytes?: number): Buffer;
    static byteLength(text: string, encoding?: Encoding): number;
    static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1;
    copy(target: Uint8Array, targetStart?: number): number;
    equals(other: Uint8Array): boolean;
    indexOf(value: string | number | Uint8Array, from?: number): number;
    subarray(begin?: number, end?: number): Buffer;
    toString(encoding?: Encoding, begin?: number, end?: number): string;
  }
}

declare module "node:crypto" {
  import type { Buffer } from "node:buffer";

  type Digest = "hex" | "base64" | "base64url";

  export interface Hash {
    update(data: string | Uint8Array, encoding?: "utf8" | "hex"): Hash;
    digest(): Buffer;
    digest(encoding: Digest): string;
    copy(): Hash;
  }
  export function createHash(algorithm: "md5" | "sha1" | "sha256" | "sha512"): Hash;
  export function createHmac(algorithm: "sha1" | "sha256", key: string | Uint8Array): Hash;
  interface Cipher {
    setAAD(context: Uint8Array): this;
    update(data: string, encoding: "utf8"): Buffer;
    update(data: Uint8Array): Buffer;
    final(): Buffer;
  }
  export function createCipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    nonce: Uint8Array,
  ): Cipher & { getAuthTag(): Buffer };
  export function createDecipheriv(
    algorithm: "aes-256-gcm",
    key: Uint8Array,
    nonce: Uint8Array,
    options: { authTagLength: number },
  ): Cipher & { setAuthTag(tag: Uint8Array): void };
  export function hkdfSync(
    digest: "sha256",
    key: string | Uint8Array,
    salt: Uint8Array,
    info: string,
    lengthBytes: number,
  ): ArrayBuffer;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}

declare module "node:zlib" {
  export function crc32(data: string | Uint8Array, before?: number): number;

  /** A Node stream: written to on one side, read from on the other. */
  interface Inflating {
    write(piece: Uint8Array, written: (error?: Error | null) => void): boolean;
    end(): void;
    read(): Uint8Array | null;
    destroy(error?: Error): void;
    on(event: "readable" | "end" | "close", listener: () => void): this;
    on(event: "error", listener: (error: Error) => void): this;
  }
  export function createGunzip(options?: { chunkSize?: number }): Inflating;
}
