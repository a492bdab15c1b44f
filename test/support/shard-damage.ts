import { open, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";

/** What becomes of every file of a local drive. */
export type ShardDamage = "deleted" | "emptied" | "truncated" | "corrupted";

/** Damages all shards below `folder`: `random` (0 to 1) chooses the bytes that are flipped. Returns how many there were. */
export async function damageShards(folder: string, damage: ShardDamage, random = Math.random): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files) await damageFile(file, damage, random);
  return files.length;
}

async function damageFile(path: string, damage: ShardDamage, random: () => number): Promise<void> {
  switch (damage) {
    case "deleted":
      return rm(path);
    case "emptied":
      return truncate(path, 0);
    case "truncated":
      return truncate(path, Math.floor((await stat(path)).size / 2));
    case "corrupted":
      return flipBytes(path, random);
  }
}

/** One byte in every 64 KiB, and at least one. */
async function flipBytes(path: string, random: () => number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const byte = new Uint8Array(1);
    for (let begin = 0; begin < size; begin += 65_536) {
      const at = begin + Math.floor(random() * Math.min(65_536, size - begin));
      await file.read(byte, 0, 1, at);
      await file.write(Uint8Array.of((byte[0] as number) ^ 0x55), 0, 1, at);
    }
  } finally {
    await file.close();
  }
}
