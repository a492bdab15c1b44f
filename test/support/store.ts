import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteBudget } from "../../src/base/byte-budget.ts";
import type { Clock } from "../../src/base/clock.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { OutgoingBody } from "../../src/base/outgoing-body.ts";
import type { Drive } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import type { ErasureEngine } from "../../src/erasure/engine.ts";
import type { Cost } from "../../src/metadata/database.ts";
import { Metadata } from "../../src/metadata/metadata.ts";
import type { Sealing } from "../../src/sealing/sealing.ts";
import type { StoreContext } from "../../src/store/context.ts";
import { DriveLatency } from "../../src/store/read/drive-latency.ts";
import { DEFAULT_SETTINGS, type StoreSettings } from "../../src/store/settings.ts";
import type { IncomingBody } from "../../src/store/types.ts";
import { watchedDrives } from "../../src/store/watched-drives.ts";
import { BUFFERED_BYTES_MAX } from "../../src/store/write/blob-layouts.ts";
import { createEngine } from "./kernel.ts";
import { openRealD1 } from "./real-d1.ts";
import { testSealing } from "./sealing.ts";
import { SqliteD1 } from "./sqlite-d1.ts";

const MIGRATIONS = join(import.meta.dirname, "../../migrations");

/** A store on a real D1 and drives in memory, six unless told otherwise. */
export interface TestStore {
  store: StoreContext;
  /** Bare, without faults. */
  drives: MemoryDrive[];
  d1: D1Database;
  /** What D1 calls cost since the last call of this. */
  takeCost(): Cost;
  dispose(): Promise<void>;
}

export interface TestStoreOptions {
  settings?: Partial<StoreSettings>;
  clock?: Clock;
  /** Absent: as `testSealing` has it. */
  sealing?: Sealing;
  decorateDrive?(drive: Drive): Drive;
  decorateD1?(d1: D1Database): D1Database;
}

/**
 * With `countsRows` it is the real D1, in workerd, of which a test file should start one; otherwise SQLite in this process. The store
 * has all of `driveCount` drives from the beginning: one that is pushed to `drives` later is in stores that are built later alone.
 */
export async function openTestStore(
  options: TestStoreOptions & { countsRows?: boolean; driveCount?: number } = {},
): Promise<TestStore> {
  const database = options.countsRows ? await openRealD1() : openSqlite();
  const drives = Array.from(
    { length: options.driveCount ?? 6 },
    (_, index) => new MemoryDrive({ name: `drive-${index + 1}` }),
  );
  const engine = await createEngine(8);
  const rig = { drives, engine, d1: database.d1, ...options };
  let cost = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
  const store = buildStore(rig, (more) => {
    cost.roundTrips += more.roundTrips;
    cost.rowsRead += more.rowsRead;
    cost.rowsWritten += more.rowsWritten;
  });
  const takeCost = () => {
    const taken = cost;
    cost = { roundTrips: 0, rowsRead: 0, rowsWritten: 0 };
    return taken;
  };
  return { store, drives, d1: database.d1, takeCost, dispose: database.dispose };
}

/** A store over given parts: several may share the same D1 and drives, as isolates do. */
export function buildStore(
  parts: { drives: readonly Drive[]; engine: ErasureEngine; d1: D1Database } & TestStoreOptions,
  observe?: (cost: Cost) => void,
): StoreContext {
  const { drives, engine, d1, settings, clock = systemClock, decorateDrive, decorateD1, sealing } = parts;
  const metadata = new Metadata(decorateD1 ? decorateD1(d1) : d1, observe);
  return {
    metadata,
    ...watchedDrives(decorateDrive ? drives.map(decorateDrive) : drives, [metadata]),
    latency: new DriveLatency(),
    shardMemory: new ByteBudget(BUFFERED_BYTES_MAX),
    sealing: sealing ?? testSealing(random),
    engine,
    clock,
    random,
    settings: { ...DEFAULT_SETTINGS, ...settings },
  };
}

const random = (count: number) => new Uint8Array(randomBytes(count));

function openSqlite(): { d1: D1Database; dispose(): Promise<void> } {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
  const database = new SqliteD1(files.sort().map((name) => readFileSync(join(MIGRATIONS, name), "utf8")));
  return { d1: database as unknown as D1Database, dispose: async () => database.close() };
}

/** A body that verifies nothing and keeps no checksum of its own. */
export function bodyOf(bytes: Uint8Array, pieceBytes = 64 * 1024): IncomingBody {
  let at = 0;
  return {
    sizeBytes: bytes.length,
    digests: [],
    async next() {
      if (at >= bytes.length) return null;
      const piece = bytes.slice(at, at + pieceBytes);
      at += piece.length;
      return piece;
    },
    verify: () => null,
  };
}

export async function readAll(body: OutgoingBody): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let piece = await body.next(); piece !== null; piece = await body.next()) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

/** Deterministic bytes, different for each seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

export const NO_ATTRIBUTES = { system: {}, user: {} };

/** The parts of a PutObject that most tests do not care about. */
export function put(bucket: string, key: string, bytes: Uint8Array) {
  return { bucket, key, attributes: NO_ATTRIBUTES, storageClass: "STANDARD", body: bodyOf(bytes) };
}
