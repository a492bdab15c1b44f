import { Buffer } from "node:buffer";
import type { RandomBytes } from "../base/random.ts";
import { ObjectKey } from "./object-key.ts";
import type { Sealer } from "./root-sealer.ts";

/** How a sealed document begins; then the sealed key and a line feed, and the sealed bytes. No gzip file begins so. */
const MAGIC = "SHERD-SEALED 1\n";
const SEALED_KEY_CHARACTERS_MAX = 200;

export type OpenedDocument =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly isSealed: boolean }
  /** `root`: id of the root secret that it was sealed under, as far as it says so. */
  | { readonly ok: false; readonly root: string | null };

/** Seals a document that is kept whole and says by itself how it is opened. `context` is what it is; it opens as nothing else. */
export function sealDocument(sealer: Sealer, context: string, plain: Uint8Array, random: RandomBytes): Uint8Array {
  const key = ObjectKey.fresh(random);
  const sealedKey = key.wrap((bytes) => sealer.seal("snapshot", context, bytes));
  return Buffer.concat([Buffer.from(`${MAGIC}${sealedKey}\n`, "latin1"), key.sealBytes(plain, random)]);
}

/** The document; one that was never sealed is as it is, and anybody may have written it. */
export function openDocument(sealer: Sealer | null, context: string, bytes: Uint8Array): OpenedDocument {
  const head = Buffer.from(bytes.subarray(0, MAGIC.length + SEALED_KEY_CHARACTERS_MAX)).toString("latin1");
  if (!head.startsWith(MAGIC)) return { ok: true, bytes, isSealed: false };
  const end = head.indexOf("\n", MAGIC.length);
  const sealedKey = head.slice(MAGIC.length, Math.max(end, MAGIC.length));
  const key = sealer?.openBytes("snapshot", context, sealedKey) ?? null;
  const plain = key && new ObjectKey(key).openBytes(bytes.subarray(end + 1));
  return plain ? { ok: true, bytes: plain, isSealed: true } : { ok: false, root: sealer?.rootOf(sealedKey) ?? null };
}
