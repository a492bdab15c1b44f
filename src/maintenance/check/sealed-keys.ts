import type { CheckPlace } from "../../metadata/blobs/checking.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { StoreContext } from "../../store/context.ts";

/** Tables with keys besides the rows of objects and versions, in this order. */
export const KEY_PLACES = ["uploads", "materials"] as const;
export type KeyPlace = (typeof KEY_PLACES)[number];

const KEYS_PER_PAGE = 200;

export interface SealedKeysPage {
  /** Sealed keys, by the name of their row. */
  keys: { what: string; sealed: string }[];
  /** Keys that may have sealed them; the first seals new ones. */
  sealers: readonly Sealer[];
  /** Null: the end of the table. */
  next: CheckPlace;
}

/** The next keys of uploads (SSE-S3), or materials of the KMS, that a root key sealed. */
export async function sealedKeysAfter(store: StoreContext, of: KeyPlace, after: CheckPlace): Promise<SealedKeysPage> {
  const { metadata, sealing, keySealers = [] } = store;
  if (of === "uploads") {
    const { rows, next } = await metadata.sealedKeys.page("uploads", after, KEYS_PER_PAGE);
    const keys = rows.map(({ bucket, key, id, encryption }) => ({
      what: `upload ${id} of ${bucket}/${key}`,
      sealed: (encryption as { sealed: string }).sealed,
    }));
    return { keys, sealers: sealing.sealer ? [sealing.sealer] : [], next: next && [...next] };
  }
  // Without a KMS nothing can have sealed them.
  if (keySealers.length === 0) return { keys: [], sealers: [], next: null };
  const [keyId, number] = after ?? ["", 0];
  const from = { keyId: String(keyId), number: Number(number) };
  const rows = await metadata.keyring.keys.materialsAfter(from, KEYS_PER_PAGE);
  const last = rows.length < KEYS_PER_PAGE ? undefined : rows.at(-1);
  return {
    keys: rows.map((row) => ({ what: `material ${row.number} of KMS key ${row.keyId}`, sealed: row.sealed })),
    sealers: keySealers,
    next: last ? [last.keyId, last.number] : null,
  };
}
