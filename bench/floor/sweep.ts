import { readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes from the drives of a data folder every file that was not there when this was called. Files are removed at once and
 * from outside, so neither the collector nor the disk's write-back runs into a measurement.
 */
export function newFileSweeper(dataDir: string): () => void {
  const folder = join(dataDir, "drives");
  const kept = new Set(files(folder));
  return () => {
    for (const path of files(folder)) if (!kept.has(path)) unlinkSync(path);
  };
}

function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
