import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/** As much as workerd's disk service writes at once. */
const PIECE = Buffer.alloc(64 * 1024, 1);

/** Writes so many bytes from the beginning of a file into the page cache: a new one, or, with "r+", one that is there. */
export function writeFile(path: string, bytes: number, flags: "w" | "r+" = "w"): void {
  const file = openSync(path, flags);
  try {
    for (let left = bytes; left > 0; ) left -= writeSync(file, PIECE, 0, Math.min(left, PIECE.length));
  } finally {
    closeSync(file);
  }
}

/**
 * Leaves the kernel so many bytes of free memory that was in use just now, for files that are written next. A virtual machine
 * may give its host back what is idle for a second or so; to get such a page again costs ten times what filling it does, and
 * the kernel books that on whoever writes. Done by a file in `folder` that is removed at once, in writes as large as those that
 * shall find the memory: the kernel keeps free blocks by size, and gives idle blocks of the right size before warm ones of
 * another. A crash leaves that file.
 */
export function warmPageCache(folder: string, bytes: number): void {
  const path = join(folder, "warm-pages");
  try {
    writeFile(path, bytes);
  } finally {
    rmSync(path, { force: true });
  }
}
