import type { KeyTable } from "../../metadata/identities/keys.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";

export interface Resealed {
  /** Secrets that were sealed again, under the current root secret. */
  resealed: number;
  /** Secrets that no configured root secret opens. */
  unreadable: number;
  /** Where the next call goes on; null: all was seen. */
  next: string | null;
}

const KEYS_PER_PAGE = 500;

/**
 * Seals a page of users' secrets again that the previous root secret sealed, so that it can be forgotten. The secrets themselves stay.
 * Repeating it is harmless, and what a crash leaves undone is done by the next call.
 */
export async function resealKeys(keys: KeyTable, sealer: Sealer, after: string): Promise<Resealed> {
  const rows = await keys.sealed(after, KEYS_PER_PAGE);
  let unreadable = 0;
  const changes: { id: string; from: string; to: string }[] = [];
  for (const { id, secret } of rows) {
    if (sealer.isCurrent(secret)) continue;
    const plain = sealer.open("access-key", id, secret);
    if (plain === null) unreadable++;
    else changes.push({ id, from: secret, to: sealer.seal("access-key", id, plain) });
  }
  if (changes.length > 0) await keys.reseal(changes);
  const last = rows.at(-1);
  return { resealed: changes.length, unreadable, next: rows.length < KEYS_PER_PAGE ? null : (last?.id ?? null) };
}
