import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteBudget } from "../src/base/byte-budget.ts";
import { decorate, decorateReader, decorateWriter } from "../src/drives/decorate.ts";
import { type Drive, DriveError } from "../src/drives/drive.ts";
import { MemoryDrive } from "../src/drives/memory.ts";
import { ErasureEngine } from "../src/erasure/engine.ts";
import { Metadata } from "../src/metadata/metadata.ts";
import type { StoreContext } from "../src/store/context.ts";
import { DriveLatency } from "../src/store/read/drive-latency.ts";
import { DEFAULT_SETTINGS, type StoreSettings } from "../src/store/settings.ts";
import { watchedDrives } from "../src/store/watched-drives.ts";
import { BUFFERED_BYTES_MAX } from "../src/store/write/blob-layouts.ts";
import { TEST_ROOT_KEY, testSealing } from "../test/support/sealing.ts";
import { SqliteD1 } from "../test/support/sqlite-d1.ts";
import { Expiring } from "./expiring-model.ts";
import type { SeededRandom } from "./random.ts";
import { Process, Scheduler } from "./scheduler.ts";

const MIGRATIONS = join(import.meta.dirname, "../migrations");

/** Small sizes, so that every shape of object is quick, and short times, so that every job has work. */
const SIM_SETTINGS: StoreSettings = {
  ...DEFAULT_SETTINGS,
  inlineBytesMax: 200,
  smallBytesMax: 800,
  storageClasses: {
    STANDARD: { k: 4, m: 2 },
    REDUCED_REDUNDANCY: { k: 2, m: 1 },
    // Shared drives: a lost one must not take more of a blob than it survives.
    GLACIER_IR: { k: 2, m: 2, drives: ["drive-1", "drive-3", "drive-4", "drive-5", "drive-7"] },
  },
  partBytesMin: 1,
  graceSeconds: 240,
  packAgeSeconds: 5,
  scrubCycleSeconds: 1800,
  orphanGraceSeconds: 3600,
  // What expires does so while the clients are at it.
  lifecycleDaySeconds: 20,
  // The audit knows only shards that rows name.
  snapshotSeconds: 0,
};

/** Probabilities of faults per call. */
export interface FaultRates {
  driveFails: number;
  /** The call takes effect, and its answer is lost. */
  driveLosesAnswer: number;
  /** Half of the hanging calls take effect after their caller was told that they did not. */
  driveHangs: number;
  /** A completed write or deletion takes effect once more, some time later. */
  driveRepeats: number;
  databaseFails: number;
  databaseLosesAnswer: number;
}

const FAULT_RATES: FaultRates = {
  driveFails: 0.004,
  driveLosesAnswer: 0.002,
  driveHangs: 0.0005,
  driveRepeats: 0.005,
  databaseFails: 0.004,
  databaseLosesAnswer: 0.004,
};

const NO_FAULTS: FaultRates = {
  driveFails: 0,
  driveLosesAnswer: 0,
  driveHangs: 0,
  driveRepeats: 0,
  databaseFails: 0,
  databaseLosesAnswer: 0,
};

/** How long after its caller's answer a call may take effect. */
const LATE_MS_MAX = 600_000;

/** Drives, database and processes of one run: the real store and the real jobs on top of faults. */
export class World {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  readonly d1: SqliteD1;
  readonly drives: MemoryDrive[];
  readonly down = new Set<string>();
  /** Shards that were damaged at rest and not rewritten since, as `drive key`. */
  readonly damaged = new Set<string>();
  readonly #lostWithDrives = new Set<string>();
  readonly counts: Record<string, number> = {};
  /** What is known of the bucket whose objects expire. */
  readonly expiring = new Expiring();
  /** Keys of a process that starts, the newest first. */
  readonly rootKeys = [TEST_ROOT_KEY];
  rates: FaultRates;
  #kernel: WebAssembly.Module;

  constructor(random: SeededRandom, kernel: WebAssembly.Module, rates: FaultRates = FAULT_RATES) {
    this.random = random;
    this.scheduler = new Scheduler(random);
    this.#kernel = kernel;
    this.rates = rates;
    const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith(".sql"));
    this.d1 = new SqliteD1(files.sort().map((name) => readFileSync(join(MIGRATIONS, name), "utf8")));
    this.drives = Array.from({ length: 7 }, (_, index) => new MemoryDrive({ name: `drive-${index + 1}` }));
  }

  count(what: string, times = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  /** A fresh process with a store of its own on the shared drives and database. */
  async start(name: string): Promise<{ process: Process; store: StoreContext }> {
    const process = new Process(name);
    return { process, store: await this.storeOf(process) };
  }

  /** `process` null: a store that nothing interrupts, for checks. */
  async storeOf(process: Process | null): Promise<StoreContext> {
    const metadata = new Metadata(process ? this.#database(process) : (this.d1 as unknown as D1Database));
    const drives = process ? this.drives.map((drive) => this.#drive(process, drive)) : this.drives;
    return {
      metadata,
      ...watchedDrives(drives, [metadata]),
      latency: new DriveLatency(),
      shardMemory: new ByteBudget(BUFFERED_BYTES_MAX),
      sealing: testSealing((count) => this.random.bytes(count), this.rootKeys),
      engine: await ErasureEngine.create(this.#kernel, { slots: 4 }),
      clock: this.scheduler.clock(process),
      random: (count) => this.random.bytes(count),
      settings: SIM_SETTINGS,
    };
  }

  /** Flips a bit of a shard at rest, or removes it, if its blob survives that. */
  damageOneShard(): void {
    const live = "FROM blobs WHERE condemned_ms IS NULL";
    const { count } = this.d1.database.prepare(`SELECT count(*) AS count ${live}`).get() as { count: number };
    if (count === 0) return;
    const one = this.d1.database.prepare(`SELECT k, shards ${live} ORDER BY id LIMIT 1 OFFSET ?`);
    const blob = one.get(this.random.below(count)) as { k: number; shards: string };
    const places = (JSON.parse(blob.shards) as ([string, string] | null)[]).flatMap((place) => {
      const drive = this.drives.find(({ name }) => name === place?.[0]);
      const bytes = place && drive?.shards.get(place[1]);
      return place && drive && bytes && !this.damaged.has(place.join(" ")) ? [{ drive, key: place[1], bytes }] : [];
    });
    // One more than is needed must be left, because a write under way may have been acknowledged by a quorum only.
    if (places.length <= blob.k) return;
    const { drive, key, bytes } = this.random.pick(places);
    this.damaged.add(`${drive.name} ${key}`);
    if (this.random.chance(0.5)) {
      drive.shards.delete(key);
      this.count("shard lost");
      return;
    }
    const rotten = bytes.slice();
    const at = this.random.below(rotten.length);
    rotten[at] = (rotten[at] as number) ^ (1 << this.random.below(8));
    drive.shards.set(key, rotten);
    this.count("shard rotten");
  }

  /** Takes everything from a drive, its marker included. */
  loseAll(drive: MemoryDrive): void {
    for (const key of drive.shards.keys()) this.noteLost(drive, key);
    drive.shards.clear();
  }

  /** The shard went with its drive. */
  noteLost({ name }: MemoryDrive, key: string): void {
    this.#lostWithDrives.add(`${name} ${key}`);
  }

  /** Shards that were lost with their drives and that rows still name. */
  lostWithDrives(): string[] {
    if (this.#lostWithDrives.size === 0) return [];
    const named = new Set(
      this.#liveBlobs().flatMap(({ places }) => places.flatMap((place) => (place ? [place.join(" ")] : []))),
    );
    for (const shard of this.#lostWithDrives) {
      const [name, key = ""] = shard.split(" ");
      const isThere = this.drives.some((drive) => drive.name === name && drive.shards.has(key));
      if (isThere || !named.has(shard)) this.#lostWithDrives.delete(shard);
    }
    return [...this.#lostWithDrives];
  }

  /** Whether every blob that a row names has enough good shards on the other drives. */
  survivesWithout(lost: MemoryDrive): boolean {
    return this.#liveBlobs().every(({ k, places }) => {
      const good = places.filter((place) => {
        const drive = this.drives.find(({ name }) => name === place?.[0]);
        return place && drive && drive !== lost && drive.shards.has(place[1]) && !this.damaged.has(place.join(" "));
      });
      return good.length >= k;
    });
  }

  #liveBlobs(): { k: number; places: ([string, string] | null)[] }[] {
    const rows = this.d1.database.prepare("SELECT k, shards FROM blobs WHERE condemned_ms IS NULL").all();
    return (rows as { k: number; shards: string }[]).map(({ k, shards }) => ({ k, places: JSON.parse(shards) }));
  }

  /** Of every version that a row names. */
  storedEtags(): Set<string> {
    const rows = this.d1.database.prepare("SELECT etag FROM objects UNION SELECT etag FROM versions").all();
    return new Set((rows as { etag: string }[]).map(({ etag }) => etag));
  }

  /** Digest of all that is stored. */
  fingerprint(): string {
    const hash = createHash("sha256");
    for (const table of ["objects", "versions", "annotations", "blobs", "blob_refs", "trash", "parts"]) {
      hash.update(JSON.stringify(this.d1.database.prepare(`SELECT * FROM ${table}`).all()));
    }
    for (const drive of this.drives) {
      for (const key of [...drive.shards.keys()].sort()) hash.update(key).update(drive.shards.get(key) as Uint8Array);
    }
    return hash.digest("hex").slice(0, 16);
  }

  /** From here on nothing fails any more. */
  calm(): void {
    this.rates = NO_FAULTS;
    this.down.clear();
  }

  #database(process: Process): D1Database {
    const batch = async (statements: Parameters<SqliteD1["batch"]>[0]) => {
      await this.scheduler.pause(process);
      if (this.random.chance(this.rates.databaseFails)) {
        this.count("database call failed");
        throw new Error("D1_ERROR: Network connection lost.");
      }
      const outcomes = await this.d1.batch(statements);
      await this.scheduler.pause(process);
      if (this.random.chance(this.rates.databaseLosesAnswer)) {
        this.count("database answer lost");
        throw new Error("D1_ERROR: Network connection lost.");
      }
      return outcomes;
    };
    return { prepare: (sql: string) => this.d1.prepare(sql), batch } as unknown as D1Database;
  }

  #drive(process: Process, drive: MemoryDrive): Drive {
    const call = <T>(run: () => Promise<T>, again?: () => void) =>
      this.#driveCall(process, { drive: drive.name, run, again });
    return decorate(drive, {
      put: (key, sizeBytes) => {
        const writer = drive.put(key, sizeBytes);
        const pieces: Uint8Array[] = [];
        const again = () => void drive.shards.set(key, new Uint8Array(Buffer.concat(pieces)));
        return decorateWriter(writer, {
          write: (bytes) => {
            pieces.push(bytes.slice());
            return call(() => writer.write(bytes));
          },
          close: () => call(() => writer.close(), again),
        });
      },
      get: (key, range) =>
        call(async () => {
          const reader = await drive.get(key, range);
          return reader && decorateReader(reader, { read: (length) => call(() => reader.read(length)) });
        }),
      head: (key) => call(() => drive.head(key)),
      delete: (keys) =>
        call(
          () => drive.delete(keys),
          () => void drive.delete(keys),
        ),
      list: (page) => call(() => drive.list(page)),
    });
  }

  async #driveCall<T>(process: Process, { drive, run, again }: DriveCall<T>): Promise<T> {
    await this.scheduler.pause(process);
    if (this.down.has(drive) || this.random.chance(this.rates.driveFails)) {
      this.count("drive call failed");
      throw new DriveError(drive, "unreachable", "made to fail");
    }
    if (this.random.chance(this.rates.driveHangs)) {
      this.count("drive call hung");
      if (again && this.random.chance(0.5)) this.#later("drive call took effect late", again);
      // As the timeout around every real drive ends it.
      await this.scheduler.clock(process).sleep(15_000);
      throw new DriveError(drive, "timeout", "made to hang");
    }
    const result = await run();
    if (again && this.random.chance(this.rates.driveRepeats)) this.#later("drive call repeated", again);
    await this.scheduler.pause(process);
    if (this.random.chance(this.rates.driveLosesAnswer)) {
      this.count("drive answer lost");
      throw new DriveError(drive, "unreachable", "the answer was lost");
    }
    return result;
  }

  /** Delayed effects arrive, whatever became of the process that sent them. */
  #later(what: string, effect: () => void): void {
    this.count(what);
    void this.scheduler
      .clock(null)
      .sleep(15_000 + this.random.below(LATE_MS_MAX))
      .then(effect);
  }
}

interface DriveCall<T> {
  drive: string;
  run(): Promise<T>;
  /** Its effect alone, if it has one that may come late or twice. */
  again: (() => void) | undefined;
}
