import { type Geometry, largestBlockBytes } from "../../src/erasure/geometry.ts";

/**
 * What is timed. `encode` and `reconstruct-*` work on blocks where they lie; with `+border`, bytes come from JavaScript in pieces of
 * 64 KiB and results are handed back as the Worker uses them: views when writing, copies when reading. `seal` is all that a
 * stripe needs on its way to the drives: border, parity and checks. `verify` is what a frame needs on its way back. `md5xN` are N
 * messages at the same time.
 */
export type Operation =
  | "encode"
  | "encode+border"
  | "seal"
  | "verify"
  | "reconstruct-1"
  | "reconstruct-2"
  | "reconstruct-1+border"
  | "reconstruct-2+border"
  | "xor"
  | "memcpy"
  | ChecksumOperation;

export type Md5Operation = "md5" | "md5x2" | "md5x4" | "md5x8";
export type XxHashOperation = "xxhash64" | "xxhash3" | "xxhash128";
export type ChecksumOperation =
  | "crc32"
  | "crc32c"
  | "crc64nvme"
  | Md5Operation
  | "sha1"
  | "sha256"
  | "sha512"
  | XxHashOperation;

/** One row of the table; a round of it handles `geometry.k` blocks of `blockBytes`. */
export interface Case {
  readonly op: Operation;
  readonly geometry: Geometry;
  readonly blockBytes: number;
}

/** How many messages each hashes. */
export const MD5_MESSAGES: Record<Md5Operation, number> = { md5: 1, md5x2: 2, md5x4: 4, md5x8: 8 };
const MD5S = Object.keys(MD5_MESSAGES) as Md5Operation[];
const XXHASHES: readonly XxHashOperation[] = ["xxhash64", "xxhash3", "xxhash128"];
const CRCS: readonly ChecksumOperation[] = ["crc32", "crc32c", "crc64nvme"];
const CHECKSUMS: readonly ChecksumOperation[] = [...CRCS, ...MD5S, "sha1", "sha256", "sha512", ...XXHASHES];

const geometryOf = (text: string): Geometry => {
  const [k, m] = text.split("+").map(Number) as [number, number];
  return { k, m };
};

function caseOf(op: Operation, text: string): Case {
  const geometry = geometryOf(text);
  return { op, geometry, blockBytes: largestBlockBytes(geometry) };
}

/** All cases, in the order of the table. Blocks are as large as the engine makes them. */
export function allCases(): Case[] {
  const encoded = ["1+2", "2+1", "2+2", "3+2", "4+2", "6+3", "8+4", "10+4", "16+4"];
  const rebuilt = ["4+2", "6+3", "8+4", "16+4"];
  return [
    caseOf("memcpy", "4+1"),
    caseOf("xor", "4+1"),
    ...encoded.map((text) => caseOf("encode", text)),
    ...["4+2", "8+4"].flatMap((text) => [caseOf("encode+border", text), caseOf("seal", text)]),
    ...rebuilt.map((text) => caseOf("reconstruct-1", text)),
    ...rebuilt.map((text) => caseOf("reconstruct-2", text)),
    caseOf("reconstruct-1+border", "4+2"),
    caseOf("reconstruct-2+border", "4+2"),
    caseOf("verify", "4+2"),
    ...CHECKSUMS.map((op) => caseOf(op, op === "md5x8" ? "8+0" : "4+0")),
  ];
}

/** True for the cases that no geometry has to do with; four or eight blocks of 256 KiB a round all the same. */
export function isPlain({ op }: Case): boolean {
  return op === "memcpy" || (CHECKSUMS as readonly string[]).includes(op);
}

/** Bytes that one round of a case handles: data only, whatever is computed besides. */
export function dataBytes({ geometry, blockBytes }: Case): number {
  return geometry.k * blockBytes;
}

/** A contestant: an implementation in a runtime. */
export interface Contestant {
  readonly implementation: string;
  readonly runtime: "node" | "workerd" | "c";
  /** Runs `rounds` rounds and returns the seconds they took; null if it has no such operation. */
  run(work: Case, rounds: number): Promise<number | null>;
  close(): Promise<void>;
}
