import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { sha256Of } from "./content.ts";

/** Throws unless both are deeply equal. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what}: expected ${shown(expected)}, got ${shown(actual)}`);
}

/** Throws unless the text holds the piece. */
export function includes(text: string, piece: string, what: string): void {
  if (!text.includes(piece)) throw new Error(`${what}: ${JSON.stringify(piece)} is not in ${shown(text)}`);
}

/** Throws unless the file has this SHA-256. */
export async function expectDigest(path: string, digest: string, what: string): Promise<void> {
  equal(sha256Of(await readFile(path)), digest, `sha256 of ${what}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
