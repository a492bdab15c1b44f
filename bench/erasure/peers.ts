import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Case, Contestant } from "./cases.ts";
import type { Skip } from "./isa-l.ts";
import { localContestant } from "./local.ts";
import type { Preparation, Round } from "./rounds.ts";

const run = promisify(execFile);

/** A package of npm, and how to run it; `load` requires a path from its folder. */
interface Peer {
  readonly name: string;
  readonly version: string;
  prepare(load: (path: string) => unknown, folder: string): Preparation;
}

const lostOf = (work: Case) => (work.op === "reconstruct-2" ? [0, 1] : [0]);
const isReconstruction = ({ op }: Case) => op === "reconstruct-1" || op === "reconstruct-2";
/** Slow peers need not run every geometry. */
const isCommon = ({ geometry: { k, m } }: Case) => (k === 4 && m === 2) || (k === 8 && m === 4);

function noise(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 13);
}

/** All shards in one array, encoded in place. */
interface Contiguous {
  encode(shards: Uint8Array, k: number, m: number): number;
  reconstruct(shards: Uint8Array, k: number, m: number, available: boolean[]): number;
}

function contiguous(name: string, version: string): Peer {
  return {
    name,
    version,
    prepare: (load, folder) => {
      const { ReedSolomonErasure } = load(name) as { ReedSolomonErasure: { fromBytes(bytes: Uint8Array): Contiguous } };
      const wasm = join(folder, "node_modules", name, "dist/reed_solomon_erasure_bg.wasm");
      const codec = ReedSolomonErasure.fromBytes(readFileSync(wasm));
      return (work) => {
        if (!isCommon(work)) return null;
        const { k, m } = work.geometry;
        const shards = noise((k + m) * work.blockBytes);
        if (work.op === "encode") return () => void codec.encode(shards, k, m);
        if (!isReconstruction(work)) return null;
        codec.encode(shards, k, m);
        const available = Array.from({ length: k + m }, (_, shard) => !lostOf(work).includes(shard));
        return () => void codec.reconstruct(shards, k, m, available);
      };
    },
  };
}

const arrays: Peer = {
  name: "wasm-reed-solomon-erasure",
  version: "0.2.2",
  prepare: (load) => {
    const codec = load("wasm-reed-solomon-erasure") as {
      encode(shards: Uint8Array[], m: number): Uint8Array[];
      reconstruct(shards: Uint8Array[], m: number, lost: Uint32Array): Uint8Array[];
    };
    return (work) => {
      if (!isCommon(work)) return null;
      const { k, m } = work.geometry;
      const data = Array.from({ length: k }, () => noise(work.blockBytes));
      if (work.op === "encode") return () => void codec.encode(data, m);
      if (!isReconstruction(work)) return null;
      const shards = codec.encode(data, m);
      return () => void codec.reconstruct(shards, m, Uint32Array.from(lostOf(work)));
    };
  },
};

/** Gives out its memory and takes addresses; the bytes are already there. */
const addresses: Peer = {
  name: "reed-solomon-erasure",
  version: "0.1.0",
  prepare: (load) => {
    const codec = load("reed-solomon-erasure/reed_solomon_erasure_bg.js") as {
      memory: WebAssembly.Memory;
      encode(shards: number, shardBytes: number, k: number, m: number): number;
    };
    const address = codec.memory.buffer.byteLength;
    codec.memory.grow(64);
    return (work) => {
      if (!isCommon(work) || work.op !== "encode") return null;
      const { k, m } = work.geometry;
      new Uint8Array(codec.memory.buffer, address).set(noise(k * work.blockBytes));
      return () => void codec.encode(address, work.blockBytes, k, m);
    };
  },
};

const javascript: Peer = {
  name: "@bnb-chain/reed-solomon",
  version: "1.1.4",
  prepare: (load) => {
    const { ReedSolomon } = load("@bnb-chain/reed-solomon") as {
      ReedSolomon: new (k: number, m: number) => { encodeSegment(data: Uint8Array): Uint8Array[] };
    };
    return (work) => {
      const { k, m } = work.geometry;
      if (work.op !== "encode" || k !== 4 || m !== 2) return null;
      const codec = new ReedSolomon(k, m);
      const data = noise(k * work.blockBytes);
      return () => void codec.encodeSegment(data);
    };
  },
};

interface Native {
  create(k: number, m: number): Buffer;
  /** Context, sources and targets as bits, data with offset and size, parity with offset and size, callback. */
  encode(
    ...values: [Buffer, number, number, Buffer, number, number, Buffer, number, number, (error?: Error) => void]
  ): void;
}

/** A native addon: works in its own thread, and cannot run in a Worker. */
const native: Peer = {
  name: "@ronomon/reed-solomon",
  version: "6.0.0",
  prepare: (load) => {
    const codec = load("@ronomon/reed-solomon") as Native;
    return (work): Round | null => {
      const { k, m } = work.geometry;
      const isEncoding = work.op === "encode";
      if (!isCommon(work) || !(isEncoding || isReconstruction(work))) return null;
      const context = codec.create(k, m);
      const bits = (shards: readonly number[]) => shards.reduce((sum, shard) => sum | (1 << shard), 0);
      const shards = Array.from({ length: k + m }, (_, shard) => shard);
      const targets = isEncoding ? shards.slice(k) : lostOf(work);
      const sources = bits(shards.filter((shard) => !targets.includes(shard)));
      const data = Buffer.from(noise(k * work.blockBytes));
      const parity = Buffer.alloc(m * work.blockBytes);
      const once = () =>
        new Promise<void>((resolve, reject) => {
          const done = (error?: Error) => (error ? reject(error) : resolve());
          codec.encode(context, sources, bits(targets), data, 0, data.length, parity, 0, parity.length, done);
        });
      return once;
    };
  },
};

interface HashWasm {
  init(): void;
  update(bytes: Uint8Array): void;
  digest(): string;
}

/** Compiles its WebAssembly at run time, which a Worker may not. */
const hashWasm: Peer = {
  name: "hash-wasm",
  version: "4.12.0",
  prepare: (load) => {
    const library = load("hash-wasm") as Record<string, () => Promise<HashWasm>>;
    const create = { xxhash64: "createXXHash64", xxhash3: "createXXHash3", xxhash128: "createXXHash128" };
    return ({ op, geometry, blockBytes }) => {
      const opened = library[create[op as keyof typeof create] ?? ""]?.();
      if (opened === undefined) return null;
      const blocks = Array.from({ length: geometry.k }, () => noise(blockBytes));
      return async () => {
        const hash = await opened;
        hash.init();
        for (const block of blocks) hash.update(block);
        hash.digest();
      };
    };
  },
};

const PEERS: readonly Peer[] = [
  hashWasm,
  contiguous("@subspace/reed-solomon-erasure.wasm", "0.2.5"),
  contiguous("@digitaldefiance/reed-solomon-erasure.wasm", "1.0.2"),
  arrays,
  addresses,
  native,
  javascript, // last: what collects its garbage in other threads would count as the next one's time
];

/** The codecs on npm, each installed into `folder` if possible. */
export async function peerContestants(folder: string, skip: Skip): Promise<Contestant[]> {
  await mkdir(folder, { recursive: true });
  if (!existsSync(join(folder, "package.json"))) await writeFile(join(folder, "package.json"), '{ "private": true }\n');
  const load = createRequire(join(folder, "package.json"));
  const contestants: Contestant[] = [];
  for (const peer of PEERS) {
    try {
      if (!existsSync(join(folder, "node_modules", peer.name)))
        await run("npm", ["install", "--no-audit", "--no-fund", `${peer.name}@${peer.version}`], { cwd: folder });
      contestants.push(localContestant(peer.name, peer.prepare(load, folder)));
    } catch (error) {
      skip(peer.name, error);
    }
  }
  return contestants;
}
