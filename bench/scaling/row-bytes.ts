import { pack } from "../../src/maintenance/collect/pack.ts";
import { runJobs } from "../../src/maintenance/run/run-jobs.ts";
import { createBucket } from "../../src/store/buckets/buckets.ts";
import type { StoreSettings } from "../../src/store/settings.ts";
import { putObject } from "../../src/store/write/write.ts";
import { ManualClock } from "../../test/support/manual-clock.ts";
import type { SqliteD1 } from "../../test/support/sqlite-d1.ts";
import { openTestStore, pattern, put } from "../../test/support/store.ts";
import { usedBytes } from "./databases.ts";

const OBJECTS = 10_000;
const HOUR_MS = 3_600_000;
const RUNS_MAX = 1_000;

export interface RowBytes {
  figure: "row-bytes";
  kind: "packed" | "own shards";
  objects: number;
  keyCharacters: number;
  bytesPerObject: number;
}

/**
 * What an object takes in D1, with all rows of all tables and indexes, written by the real store: a small one once it is in a pack,
 * and one that has shards of its own (4+2). The size of the body does not matter.
 */
export async function measureRowBytes(): Promise<RowBytes[]> {
  return [await measure("packed", {}), await measure("own shards", { inlineBytesMax: 0, smallBytesMax: 0 })];
}

async function measure(kind: RowBytes["kind"], settings: Partial<StoreSettings>): Promise<RowBytes> {
  const clock = new ManualClock();
  const rig = await openTestStore({ clock, settings });
  const database = rig.d1 as unknown as SqliteD1;
  try {
    await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
    const before = usedBytes(database);
    const keys = Array.from({ length: OBJECTS }, (_, n) => `photos/2026/${n % 365}/${String(n).padStart(24, "0")}.jpg`);
    const body = pattern(100);
    for (const key of keys) await putObject(rig.store, put("bucket", key, body));
    await clock.advance(24 * HOUR_MS);
    if (kind === "packed") await packAll();
    const bytesPerObject = Math.round((usedBytes(database) - before) / OBJECTS);
    const keyCharacters = Math.round(keys.join("").length / OBJECTS);
    return { figure: "row-bytes", kind, objects: OBJECTS, keyCharacters, bytesPerObject };
  } finally {
    await rig.dispose();
  }

  async function packAll(): Promise<void> {
    const inline = database.database.prepare("SELECT count(*) AS n FROM objects WHERE inline_body IS NOT NULL");
    for (let run = 0; run < RUNS_MAX; run++) {
      const { n } = inline.get() as { n: number };
      // Packs have a least size: what is left over waits for more.
      if (n < 16) return;
      await runJobs(rig.store, [pack]);
      await clock.advance(HOUR_MS);
    }
    throw new Error("the packer does not come to an end");
  }
}
