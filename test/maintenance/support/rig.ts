import { expect } from "vitest";
import type { Drive } from "../../../src/drives/drive.ts";
import { isMarkerKey } from "../../../src/drives/marker.ts";
import type { MemoryDrive } from "../../../src/drives/memory.ts";
import type { Budget, Job, JobReport } from "../../../src/maintenance/run/job.ts";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import type { StoreContext } from "../../../src/store/context.ts";
import { openObject } from "../../../src/store/read/objects.ts";
import type { StoreSettings } from "../../../src/store/settings.ts";
import { putObject } from "../../../src/store/write/write.ts";
import { type FaultPlan, withFaults } from "../../support/faulty.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { buildStore, openTestStore, put, readAll, type TestStore } from "../../support/store.ts";

export const ENDLESS: Budget = { untilMs: Number.POSITIVE_INFINITY, isSpent: () => false };
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Small sizes, so that every shape is quick to write: inline up to 100 bytes, three copies up to 1,000, larger ones 4+2. */
const SMALL_SIZES = { inlineBytesMax: 100, smallBytesMax: 1_000, partBytesMin: 1 };
/** Tests that look at what lies on the drives look for shards of objects. */
const NO_SNAPSHOTS = { snapshotSeconds: 0 };

/** One row of `blobs`, as the tests look at it. */
export interface BlobState {
  id: string;
  shards: ([string, string] | null)[];
  spare_shards: number | null;
  heal_after_ms: number;
  verified_ms: string | null;
}

/** A store on memory drives whose configuration and faults a test changes as it goes. */
export class MaintenanceRig {
  readonly bucket = "kept";
  readonly clock: ManualClock;
  readonly rig: TestStore;
  /** What drives do instead of what they should, in all stores of this rig. */
  plan: FaultPlan = () => null;

  private constructor(rig: TestStore, clock: ManualClock) {
    this.rig = rig;
    this.clock = clock;
  }

  static async open(
    options: { drives?: number; settings?: Partial<StoreSettings>; countsRows?: boolean } = {},
  ): Promise<MaintenanceRig> {
    const clock = new ManualClock();
    const { countsRows = false } = options;
    const rig = await openTestStore({
      clock,
      countsRows,
      driveCount: options.drives ?? 7,
      settings: { ...SMALL_SIZES, ...NO_SNAPSHOTS, ...options.settings },
    });
    const made = new MaintenanceRig(rig, clock);
    await createBucket(made.store(), { name: made.bucket, owner: "root", region: "us-east-1" });
    return made;
  }

  /** A store, as an isolate has one, on the drives given or on all. */
  store(parts: { drives?: readonly Drive[]; settings?: Partial<StoreSettings> } = {}): StoreContext {
    const { engine, settings } = this.rig.store;
    return buildStore({
      drives: parts.drives ?? this.rig.drives,
      engine,
      d1: this.rig.d1,
      clock: this.clock,
      settings: { ...settings, ...parts.settings },
      decorateDrive: (drive) => withFaults(drive, (call) => this.plan(call)),
    });
  }

  drive(name: string): MemoryDrive {
    const found = this.rig.drives.find((drive) => drive.name === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  }

  async putBytes(key: string, bytes: Uint8Array): Promise<void> {
    await putObject(this.store(), put(this.bucket, key, bytes));
  }

  async put(key: string, bytes: Uint8Array): Promise<BlobState> {
    const known = new Set((await this.blobs()).map(({ id }) => id));
    await this.putBytes(key, bytes);
    const fresh = (await this.blobs()).find(({ id }) => !known.has(id));
    if (!fresh) throw new Error("the body is too small for a blob");
    return fresh;
  }

  async read(key: string, store = this.store()): Promise<Uint8Array> {
    const { head, read } = await openObject(store, { bucket: this.bucket, key });
    return readAll(await read({ offset: 0, length: head.sizeBytes }));
  }

  async expectBytes(key: string, bytes: Uint8Array, store = this.store()): Promise<void> {
    expect(Buffer.compare(await this.read(key, store), bytes)).toBe(0);
  }

  async rows<Row>(sql: string): Promise<Row[]> {
    const [outcome] = await this.rig.d1.batch<Row>([this.rig.d1.prepare(sql)]);
    return outcome?.results ?? [];
  }

  async blobs(): Promise<BlobState[]> {
    const rows = await this.rows<Omit<BlobState, "shards"> & { shards: string }>(
      "SELECT id, shards, spare_shards, heal_after_ms, verified_ms FROM blobs ORDER BY id",
    );
    return rows.map((row) => ({ ...row, shards: JSON.parse(row.shards) }));
  }

  async blob(id: string): Promise<BlobState> {
    const found = (await this.blobs()).find((blob) => blob.id === id);
    if (!found) throw new Error(`no blob ${id}`);
    return found;
  }

  damage(): Promise<{ blob_id: string; shard: number; cause: string }[]> {
    return this.rows("SELECT blob_id, shard, cause FROM damage ORDER BY blob_id, shard");
  }

  /** Notes damage as a reader does. */
  note(blobId: string, shard: number, cause: "absent" | "corrupt" | "short" = "absent"): Promise<void> {
    return this.rig.store.metadata.blobs.noteDamage([{ blobId, shard, cause }], [], this.clock.now());
  }

  /** The bytes of a shard as its drive has them. */
  shard({ shards }: BlobState, shard: number): Uint8Array | undefined {
    const place = shards[shard];
    return place ? this.drive(place[0]).shards.get(place[1]) : undefined;
  }

  lose({ shards }: BlobState, shard: number): void {
    const place = shards[shard];
    if (place) this.drive(place[0]).shards.delete(place[1]);
  }

  flipBit({ shards }: BlobState, shard: number, at = 500): void {
    const place = shards[shard];
    const bytes = place && this.drive(place[0]).shards.get(place[1]);
    if (!place || !bytes) throw new Error("no such shard");
    const rotten = bytes.slice();
    rotten[at % rotten.length] = (rotten[at % rotten.length] as number) ^ 4;
    this.drive(place[0]).shards.set(place[1], rotten);
  }

  /** Every shard on every drive, as `drive key`; not the markers. */
  stored(): Set<string> {
    const keysOf = (shards: ReadonlyMap<string, unknown>) => [...shards.keys()].filter((key) => !isMarkerKey(key));
    return new Set(this.rig.drives.flatMap(({ name, shards }) => keysOf(shards).map((key) => `${name} ${key}`)));
  }

  async named(): Promise<Set<string>> {
    return new Set((await this.blobs()).flatMap(({ shards }) => shards.flatMap((place) => place?.join(" ") ?? [])));
  }

  /** Every shard that a row names is there, whole and right, on drives of which no blob has two shards. */
  async expectAllShardsGood(): Promise<void> {
    const stored = this.stored();
    for (const place of await this.named()) expect(stored).toContain(place);
    for (const { shards } of await this.blobs()) {
      expect(shards).not.toContain(null);
      expect(new Set(shards.map((place) => place?.[0])).size).toBe(shards.length);
    }
    expect(await this.damage()).toEqual([]);
    expect((await this.blobs()).filter(({ spare_shards }) => spare_shards !== null)).toEqual([]);
  }
}

/** Runs a job until it has nothing left to do now; adds up what it says. */
export async function runJob(job: Job, store: StoreContext, cursor: unknown = null): Promise<JobReport> {
  return (await job.run(store, ENDLESS, cursor)).report;
}
