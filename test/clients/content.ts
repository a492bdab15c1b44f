import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

/** `sizeBytes` bytes that depend on `seed` alone and that no compressor or repeated block can hide a mistake in. */
export function bytesOf(seed: string, sizeBytes: number): Buffer {
  const out = Buffer.allocUnsafe(sizeBytes);
  // xorshift32 over a seed from SHA-256: fast, and different from the first word on for every seed.
  let state = createHash("sha256").update(seed).digest().readUInt32LE(0) || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const words = Math.floor(sizeBytes / 4);
  for (let i = 0; i < words; i++) out.writeUInt32LE(next(), i * 4);
  for (let i = words * 4; i < sizeBytes; i++) out[i] = next() & 255;
  return out;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes a file of such bytes and returns its SHA-256 in hex. */
export async function writeContent(path: string, seed: string, sizeBytes: number): Promise<string> {
  const bytes = bytesOf(seed, sizeBytes);
  await writeFile(path, bytes);
  return sha256Of(bytes);
}

/** SHA-256 by path relative to the folder, of every file below it. */
export async function folderDigests(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const digests = await Promise.all(
    files.map(async (file) => [relative(folder, file), sha256Of(await readFile(file))] as const),
  );
  return Object.fromEntries(digests.sort(([a], [b]) => (a < b ? -1 : 1)));
}
