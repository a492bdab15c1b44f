// One round of each case, for our engine and for the runtime's own functions. Runs in Node and,
// bundled, in workerd.

import { createHash } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";
import { createChecksum } from "../../src/erasure/checksum.ts";
import { ErasureEngine } from "../../src/erasure/engine.ts";
import { instantiateKernel, type KernelInstance } from "../../src/erasure/kernel.ts";
import { planReconstruction, runReconstruction } from "../../src/erasure/reconstruction.ts";
import { StripeBuffer } from "../../src/erasure/stripe-buffer.ts";
import { type Case, dataBytes, MD5_MESSAGES, type Md5Operation, type XxHashOperation } from "./cases.ts";

/** Does one round; asynchronous only if the timed operation is. */
export type Round = () => void | Promise<void>;
/** Prepares a case and returns its round, or null if there is no such operation. */
export type Preparation = (work: Case) => Round | null;

const BLOB_ID = new Uint8Array(16).fill(7);
/** What a body is read into: the same piece again and again, as with a BYOB reader. */
const PIECE_BYTES = 65_536;

function noise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 13);
}

/** Blocks of a stripe in JavaScript's memory, each an array of its own, as frames arrive from drives. */
function arrivedBlocks({ geometry, blockBytes }: Case): Uint8Array[] {
  return Array.from({ length: geometry.k + geometry.m }, () => noise(blockBytes));
}

/** Our engine. `kernel` is the compiled kernel.wasm. */
export async function prepareSherd(kernel: WebAssembly.Module): Promise<Preparation> {
  const instance = await instantiateKernel(kernel, 1);
  const engine = await ErasureEngine.create(kernel, { slots: 1 });
  const base = (instance.kernel.SLOTS.value as number) + (instance.kernel.SLOT_BYTES.value as number);
  const end = base + (instance.kernel.SLOT_BYTES.value as number);
  const pattern = noise(end - base);
  return (work) => {
    instance.memory.set(pattern, base);
    const { k, m } = work.geometry;
    switch (work.op) {
      case "encode":
        return () => instance.kernel.encode(k, m, base, work.blockBytes);
      case "encode+border":
        return roundOfBorder(instance, base, work);
      case "seal":
        return roundOfSeal(instance, base, work);
      case "reconstruct-1":
      case "reconstruct-2":
        return roundOfSolving(instance, base, work);
      case "reconstruct-1+border":
      case "reconstruct-2+border":
        return roundOfReconstruct(engine, work);
      case "verify":
        return roundOfVerify(engine, work);
      case "crc32":
      case "crc32c":
      case "crc64nvme":
        return roundOfCrc(engine, work);
      case "md5":
      case "md5x2":
      case "md5x4":
      case "md5x8":
        return roundOfMd5(work, () => createChecksum("md5", engine));
      case "xxhash64":
      case "xxhash3":
      case "xxhash128":
        return roundOfHash(engine, work.op, work);
      default:
        return null;
    }
  };
}

function fill(buffer: StripeBuffer, piece: Uint8Array): void {
  while (buffer.missingBytes > 0) buffer.append(piece);
}

function roundOfBorder(instance: KernelInstance, base: number, { geometry, blockBytes }: Case): Round {
  const piece = noise(PIECE_BYTES);
  const buffer = new StripeBuffer(instance, base, () => {});
  const bytes = geometry.k * blockBytes;
  const stride = instance.kernel.frameStride(geometry.k + geometry.m);
  return () => {
    buffer.begin(geometry, bytes);
    fill(buffer, piece);
    instance.kernel.encode(geometry.k, geometry.m, base, blockBytes);
    for (let shard = 0; shard < geometry.k + geometry.m; shard++)
      instance.memory.subarray(base + shard * stride, base + shard * stride + blockBytes);
  };
}

function roundOfSeal(instance: KernelInstance, base: number, { geometry, blockBytes }: Case): Round {
  const piece = noise(PIECE_BYTES);
  const buffer = new StripeBuffer(instance, base, () => {});
  return () => {
    buffer.begin(geometry, geometry.k * blockBytes);
    fill(buffer, piece);
    buffer.seal(BLOB_ID, 0);
  };
}

const lostCount = (work: Case) => (work.op.startsWith("reconstruct-2") ? 2 : 1);

/** Arranges blocks and plan once, then only computes: what `runReconstruction` does after its copies. */
function roundOfSolving(instance: KernelInstance, base: number, work: Case): Round {
  const { geometry, blockBytes } = work;
  const lost = Array.from({ length: lostCount(work) }, (_, shard) => shard);
  const blocks = arrivedBlocks(work).map((block, shard) => (lost.includes(shard) ? null : block));
  const present = blocks.map((block) => block !== null);
  const plan = planReconstruction(geometry, present, lost);
  const place = (shard: number, address: number) => instance.memory.set(blocks[shard] as Uint8Array, address);
  runReconstruction(instance, base, { geometry, plan, blockBytes, place });
  const { kernel } = instance;
  if (lost.length === 1) return () => kernel.row(0, geometry.k, geometry.m, base, blockBytes);
  return () => kernel.solve(geometry.k, geometry.m, base, blockBytes, lost.length);
}

function roundOfReconstruct(engine: ErasureEngine, work: Case): Round {
  const lost = Array.from({ length: lostCount(work) }, (_, shard) => shard);
  const blocks = arrivedBlocks(work).map((block, shard) => (lost.includes(shard) ? null : block));
  return () => {
    engine.reconstruct(work.geometry, blocks, lost);
  };
}

/** Verifies the frames of a stripe's data blocks. Their checks are wrong, which costs the same. */
function roundOfVerify(engine: ErasureEngine, { geometry, blockBytes }: Case): Round {
  const frames = Array.from({ length: geometry.k }, () => noise(blockBytes + 8));
  return () => {
    frames.forEach((frame, shard) => {
      engine.verifyFrame(frame, { blobId: BLOB_ID, shard, stripe: 0 });
    });
  };
}

function roundOfCrc(engine: ErasureEngine, work: Case): Round {
  const blocks = arrivedBlocks(work);
  const { op } = work as { op: "crc32" | "crc32c" | "crc64nvme" };
  return () => {
    for (const block of blocks) engine[op](block);
  };
}

function roundOfHash(engine: ErasureEngine, name: XxHashOperation, work: Case): Round {
  const blocks = arrivedBlocks(work);
  return () => {
    const hash = createChecksum(name, engine);
    for (const block of blocks) hash.update(block);
    hash.digest();
  };
}

interface Md5 {
  update(bytes: Uint8Array): unknown;
  digest(): unknown;
}

/** As bodies that arrive at the same time: all have begun, then each gets a piece in turn. */
function roundOfMd5(work: Case, open: () => Md5): Round {
  const piece = noise(PIECE_BYTES);
  const count = MD5_MESSAGES[work.op as Md5Operation];
  const turns = dataBytes(work) / count / PIECE_BYTES;
  return () => {
    const md5s = Array.from({ length: count }, open);
    for (const md5 of md5s) md5.update(piece.subarray(0, 64));
    for (let turn = 0; turn < turns; turn++) for (const md5 of md5s) md5.update(piece);
    for (const md5 of md5s) md5.digest();
  };
}

/** What the runtime itself brings: copies and checksums. `DigestStream` is workerd's. */
export function prepareNative(work: Case): Round | null {
  const blocks = arrivedBlocks(work);
  const { op } = work;
  switch (op) {
    case "memcpy": {
      const target = new Uint8Array(work.blockBytes);
      return () => {
        for (const block of blocks) target.set(block);
      };
    }
    case "md5":
    case "md5x2":
    case "md5x4":
    case "md5x8":
      return roundOfMd5(work, () => createHash("md5"));
    case "sha1":
    case "sha256":
    case "sha512":
      return () => {
        const hash = createHash(op);
        for (const block of blocks) hash.update(block);
        hash.digest();
      };
    case "crc32":
    case "crc32c":
    case "crc64nvme":
      return roundOfNativeCrc(op, blocks);
    default:
      return null;
  }
}

/** CRC-32 is in node:zlib; the others only workerd has, as streams. */
function roundOfNativeCrc(op: "crc32" | "crc32c" | "crc64nvme", blocks: readonly Uint8Array[]): Round | null {
  if (op === "crc32") {
    return () => {
      for (const block of blocks) zlibCrc32(block);
    };
  }
  if (typeof crypto.DigestStream !== "function") return null;
  const name = op.toUpperCase() as "CRC32C" | "CRC64NVME";
  return async () => {
    const stream = new crypto.DigestStream(name);
    const writer = stream.getWriter();
    for (const block of blocks) await writer.write(block);
    await writer.close();
    await stream.digest;
  };
}

/** The plain XOR sweep that reconstruction is held against; see plain-xor.ts. Its module has room for one stripe. */
export async function preparePlainXor(module: WebAssembly.Module): Promise<Preparation> {
  const { exports } = await WebAssembly.instantiate(module, {});
  const sweep = exports.sweep as (k: number, base: number, stride: number, bytes: number) => void;
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  memory.set(noise(memory.length));
  return ({ op, geometry, blockBytes }) => {
    if (op !== "xor" || geometry.k !== 4) return null;
    return () => sweep(geometry.k, 65_536, blockBytes + 128, blockBytes);
  };
}
