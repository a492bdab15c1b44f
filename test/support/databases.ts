import { ByteBudget } from "../../src/base/byte-budget.ts";
import type { Drive } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { Metadata } from "../../src/metadata/metadata.ts";
import { openStores } from "../../src/store/buckets/databases.ts";
import type { StoreContext } from "../../src/store/context.ts";
import type { StoreSettings } from "../../src/store/settings.ts";
import { watchedDrives } from "../../src/store/watched-drives.ts";
import { BUFFERED_BYTES_MAX } from "../../src/store/write/blob-layouts.ts";
import type { BatchFault } from "./faulty-d1.ts";
import { withBatchFaults } from "./faulty-d1.ts";
import { ManualClock } from "./manual-clock.ts";
import { openTestStore, type TestStore } from "./store.ts";

/** Several databases beside each other, with drives that they share. */
export class DatabasesRig {
  readonly clock = new ManualClock();
  readonly drives = Array.from({ length: 6 }, (_, index) => new MemoryDrive({ name: `drive-${index + 1}` }));
  /** What each database says that its size is. */
  readonly sizesBytes = new Map<string, number>();
  /** Batches that each database was asked for. */
  readonly batches = new Map<string, number>();
  /** What a database does instead of what it should. */
  plan: (database: string) => BatchFault | null = () => null;
  readonly #rigs = new Map<string, TestStore>();
  readonly #settings: Partial<StoreSettings>;

  private constructor(settings: Partial<StoreSettings>) {
    // Tests count what lies on the drives.
    this.#settings = { snapshotSeconds: 0, ...settings };
  }

  static async open(names: readonly string[], settings: Partial<StoreSettings> = {}): Promise<DatabasesRig> {
    const made = new DatabasesRig(settings);
    for (const name of names) made.#rigs.set(name, await openTestStore());
    return made;
  }

  /** An isolate that is just starting, by whose configuration binding `names[i]` is the database `bound[i]`. */
  isolate(names: readonly string[], { bound = names, drives = this.drives as readonly Drive[] } = {}): StoreContext {
    const { engine, latency, random, settings, sealing } = this.#rig("DB").store;
    const databases = names.map((name, index) => new Metadata(this.#watched(bound[index] as string), undefined, name));
    const shardMemory = new ByteBudget(BUFFERED_BYTES_MAX);
    const ownSettings = { ...settings, ...this.#settings };
    const watched = watchedDrives(drives, databases);
    const parts = {
      ...watched,
      engine,
      latency,
      shardMemory,
      random,
      sealing,
      clock: this.clock,
      settings: ownSettings,
    };
    return openStores(databases, parts);
  }

  /** How many batches each database was asked for by `act`. */
  async batchesOf(act: () => Promise<unknown>): Promise<Record<string, number>> {
    this.batches.clear();
    await act();
    return Object.fromEntries(this.batches);
  }

  /** The database is lost; an empty one takes its place. */
  async replace(database: string): Promise<void> {
    await this.#rig(database).dispose();
    this.#rigs.set(database, await openTestStore());
  }

  d1(database: string): D1Database {
    return this.#rig(database).d1;
  }

  async dispose(): Promise<void> {
    for (const rig of this.#rigs.values()) await rig.dispose();
  }

  #rig(database: string): TestStore {
    const rig = this.#rigs.get(database);
    if (!rig) throw new Error(`no ${database}`);
    return rig;
  }

  #watched(database: string): D1Database {
    const faulty = withBatchFaults(this.d1(database), () => this.plan(database));
    return new Proxy(faulty, {
      get: (target, name) => {
        if (name !== "batch") return Reflect.get(target, name);
        return async (statements: D1PreparedStatement[]) => {
          this.batches.set(database, (this.batches.get(database) ?? 0) + 1);
          const results = await target.batch(statements);
          for (const { meta } of results) meta.size_after = this.sizesBytes.get(database) ?? 0;
          return results;
        };
      },
    });
  }
}
