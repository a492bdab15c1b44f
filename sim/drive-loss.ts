import type { MemoryDrive } from "../src/drives/memory.ts";
import { durability } from "../src/maintenance/census/durability.ts";
import { runJobs } from "../src/maintenance/run/run-jobs.ts";
import type { StoreContext } from "../src/store/context.ts";
import { Violation } from "./oracle.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;
/** A lost drive must be healed in this many runs of the jobs, with nothing else going on. */
const HEALING_RUNS_MAX = 40;

/**
 * Whole drives are lost without notice. Each kind says what happens to the drive, and returns a
 * function that puts it back.
 */
type Loss = (world: World, drive: MemoryDrive) => (() => void) | null;

const emptied: Loss = (world, drive) => {
  world.loseAll(drive);
  return null;
};

/** Away, with an empty one in its place; back later as it was. */
const hidden: Loss = (world, drive) => {
  const kept = new Map(drive.shards);
  world.loseAll(drive);
  return () => {
    const written = [...drive.shards.keys()];
    drive.shards.clear();
    for (const [key, bytes] of kept) drive.shards.set(key, bytes);
    for (const key of written) if (!kept.has(key)) world.noteLost(drive, key);
  };
};

const swapped: Loss = (world, drive) => {
  const others = world.drives.filter((one) => one !== drive);
  const other = world.random.pick(others);
  const exchange = () => {
    const [mine, theirs] = [new Map(drive.shards), new Map(other.shards)];
    drive.shards.clear();
    other.shards.clear();
    for (const [key, bytes] of theirs) drive.shards.set(key, bytes);
    for (const [key, bytes] of mine) other.shards.set(key, bytes);
  };
  exchange();
  return exchange;
};

const foreign: Loss = (world, drive) => {
  const kept = new Map(drive.shards);
  drive.shards.clear();
  const theirs = foreignDrive(drive.name);
  for (const [key, bytes] of theirs) drive.shards.set(key, bytes);
  for (const key of kept.keys()) world.noteLost(drive, key);
  return () => {
    for (const key of theirs.keys()) {
      if (!drive.shards.has(key)) throw new Violation(`${drive.name}: ${key} of another store was deleted`);
    }
    if (drive.shards.size > theirs.size)
      throw new Violation(`${drive.name}: something was written among another store's`);
    drive.shards.clear();
    for (const [key, bytes] of kept) drive.shards.set(key, bytes);
  };
};

/** As another store leaves it: a marker, and a shard that looks like an old orphan. */
function foreignDrive(drive: string): Map<string, Uint8Array> {
  const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const marker = { format: "sherd-drive", version: 1, store: id, drive, generation: 9, id, madeMs: 0 };
  const bytes = new TextEncoder().encode(JSON.stringify(marker).padEnd(511).concat("\n"));
  return new Map([
    [`00DRIVE-${id}`, bytes],
    [`${id}-00`, new Uint8Array(9)],
  ]);
}

const LOSSES = { emptied, hidden, swapped, foreign } as const;

/**
 * With nothing else going on: a drive is lost, found, perhaps put back, and healed. The report must
 * not be green before that.
 */
export async function loseADrive(world: World, store: StoreContext): Promise<void> {
  const kind = world.random.pick(Object.keys(LOSSES) as (keyof typeof LOSSES)[]);
  const drive = world.random.pick(world.drives);
  const putBack = LOSSES[kind](world, drive);
  world.count(`drive ${kind}`);
  world.count("drive lost");
  await expectHonest(world, store);
  for (let run = 0; run < 3; run++) {
    await world.scheduler.clock(null).sleep(putBack && run === 1 ? 25 * 60 * MINUTE_MS : MINUTE_MS);
    await runJobs(store);
    await expectHonest(world, store);
  }
  putBack?.();
  await expectHonest(world, store);
  for (let run = 0; run < HEALING_RUNS_MAX; run++) {
    await world.scheduler.clock(null).sleep(10 * MINUTE_MS);
    await runJobs(store);
    if (await expectHonest(world, store)) return;
  }
  const { headline } = await durability(store);
  throw new Violation(`drive ${drive.name} was ${kind}, and is not healed: ${headline}`);
}

/**
 * Asks whether all is at full redundancy. Green breaks a promise while a shard is missing that was
 * lost with a drive before the question. Returns whether it was green.
 */
export async function expectHonest(world: World, store: StoreContext): Promise<boolean> {
  const lost = world.lostWithDrives();
  const { green } = await durability(store);
  if (!green) return false;
  world.count("green said");
  const now = new Set(world.lostWithDrives());
  const missing = lost.find((shard) => now.has(shard));
  if (missing) throw new Violation(`green was said while shard ${missing} was missing`);
  return true;
}

/** Amid everything else: empties a drive if every blob survives it. */
export function loseDriveInUse(world: World): void {
  const drive = world.random.pick(world.drives);
  if (!world.survivesWithout(drive)) return;
  world.loseAll(drive);
  world.count("drive emptied in use");
}
