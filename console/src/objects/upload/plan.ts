const MIB = 1024 ** 2;
/** Also what is sent in one request, without parts. */
const PART_BYTES = 16 * MIB;
const PARTS_MAX = 10_000;
/** The largest object of S3. */
export const OBJECT_BYTES_MAX = 5 * 1024 ** 4;

/** Size of the parts of a file, or null if it is sent whole. It depends on the file's size alone, so a resumed upload finds the same parts. */
export function partBytes(sizeBytes: number): number | null {
  if (sizeBytes <= PART_BYTES) return null;
  return Math.max(PART_BYTES, Math.ceil(sizeBytes / PARTS_MAX / MIB) * MIB);
}

/** Where each part begins and ends in the file. */
export function partRanges(sizeBytes: number, partSizeBytes: number): { number: number; start: number; end: number }[] {
  const count = Math.ceil(sizeBytes / partSizeBytes);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    start: index * partSizeBytes,
    end: Math.min((index + 1) * partSizeBytes, sizeBytes),
  }));
}

/** What an upload that the browser remembers must match in a file that is chosen again. */
export interface FileFacts {
  name: string;
  size: number;
  lastModified: number;
}

/** Whether the file may be the one of the upload. Its parts are compared by their checksums besides. */
export function isSameFile(a: FileFacts, b: FileFacts): boolean {
  return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

/** Key of a file that is put below a prefix, with its path in the folder that was dropped. */
export function keyOfFile(prefix: string, path: string): string {
  return prefix + path.replace(/^\/+/, "");
}

/** How long to wait before the nth attempt, in milliseconds; null: no more attempts. */
export function retryDelayMs(attempt: number, random: () => number): number | null {
  if (attempt >= 6) return null;
  return Math.round((0.5 + random()) * 500 * 2 ** attempt);
}
