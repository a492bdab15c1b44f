import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { setImmediate as othersTurn } from "node:timers/promises";

const CONTENT = Buffer.alloc(1024 * 1024, 1);
/** As much as workerd's disk service writes at once. */
const SERVER_PIECE_BYTES = 64 * 1024;
const BYTES_BETWEEN_TURNS = 16 * 1024 * 1024;
const WARM_BYTES_MAX = 2 * 1024 ** 3;
/** Of the memory that is free: what others have cached stays. */
const WARM_SHARE_MAX = 1 / 4;

/** Writes this many bytes, 1 MiB at once, from the beginning of a file: a new one, or, with "r+", one that is there. */
export function writeFile(path: string, bytes: number, flags: "w" | "r+" = "w"): void {
  const file = openSync(path, flags);
  try {
    fill(file, bytes, CONTENT.length);
  } finally {
    closeSync(file);
  }
}

function fill(file: number, bytes: number, pieceBytes: number): void {
  for (let left = bytes; left > 0; ) left -= writeSync(file, CONTENT, 0, Math.min(left, pieceBytes));
}

/**
 * Leaves the kernel this many bytes (2 GiB and a quarter of what is free at most) of free memory that was in use just now, for
 * files that are written next. A virtual machine may give its host back what is idle for a second or so; to get such a page
 * again costs ten times what filling it does, and the kernel books that on whoever writes. Done by a file in `folder` that is
 * removed at once, in writes as large as those that shall find the memory: the kernel keeps free blocks by size, and gives
 * idle blocks of the right size before warm ones of another. Rejects where the folder has no room; a crash leaves that file.
 */
export async function warmPageCache(folder: string, bytes: number): Promise<void> {
  const path = join(folder, `warm-pages-${process.pid}`);
  const file = openSync(path, "w");
  try {
    let left = Math.floor(Math.min(bytes, WARM_BYTES_MAX, freemem() * WARM_SHARE_MAX));
    for (; left > 0; left -= BYTES_BETWEEN_TURNS) {
      fill(file, Math.min(left, BYTES_BETWEEN_TURNS), SERVER_PIECE_BYTES);
      // Connections that servers close meanwhile must be seen.
      await othersTurn();
    }
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
