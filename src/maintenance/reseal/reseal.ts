import type { SealedKeyRow, SealedPlace, SealedTable } from "../../metadata/sealed-keys/sealed-keys.ts";
import { SEALED_TABLES } from "../../metadata/sealed-keys/sealed-keys.ts";
import {
  type ObjectEncryption,
  type ObjectPlace,
  openUnderRoot,
  rootWrapper,
} from "../../sealing/object-encryption.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Job } from "../run/job.ts";

const ROWS_PER_PAGE = 500;
/**
 * While an old root key is configured, everything is checked again after this time: another process
 * may have sealed under it.
 */
const AGAIN_MS = 24 * 3600 * 1000;

type Cursor =
  | { readonly table: SealedTable; readonly after: SealedPlace; readonly unreadable: number }
  /** Everything was sealed under this root key, at that time. */
  | { readonly doneFor: string; readonly atMs: number };

/**
 * Reseals objects' keys that an older root key sealed under the newest one, so that the older one
 * can be removed. Reads and writes only rows. It runs only while several root keys are configured.
 * A crash leaves rows that are sealed under either of them; the next run finds the rest.
 * `keysUnreadable`: keys that no configured root key opens.
 */
export const reseal: Job = {
  name: "reseal",
  async run(store, budget, saved) {
    const report = { keysResealed: 0, keysUnreadable: 0 };
    const { sealer } = store.sealing;
    const before = saved as Cursor | null;
    if (sealer === null || sealer.roots.length < 2) return { report, cursor: null };
    if (isDone(before, sealer, store.clock.now())) return { report, cursor: before };
    let cursor = before && "table" in before ? before : { table: SEALED_TABLES[0], after: null, unreadable: 0 };
    while (!budget.isSpent()) {
      const page = await resealPage(store, sealer, cursor);
      report.keysResealed += page.resealed;
      report.keysUnreadable += page.unreadable;
      const unreadable = cursor.unreadable + page.unreadable;
      const following = SEALED_TABLES[SEALED_TABLES.indexOf(cursor.table) + 1];
      if (page.next !== null) cursor = { ...cursor, after: page.next, unreadable };
      else if (following) cursor = { table: following, after: null, unreadable };
      else return { report, cursor: { doneFor: sealer.roots[0] as string, atMs: store.clock.now() } };
    }
    return { report, cursor, isUnfinished: true };
  },
};

function isDone(cursor: Cursor | null, { roots }: Sealer, nowMs: number): boolean {
  return cursor !== null && "doneFor" in cursor && cursor.doneFor === roots[0] && nowMs < cursor.atMs + AGAIN_MS;
}

async function resealPage(
  store: StoreContext,
  sealer: Sealer,
  { table, after }: { table: SealedTable; after: SealedPlace },
): Promise<{ resealed: number; unreadable: number; next: SealedPlace }> {
  const { sealedKeys } = store.metadata;
  const { rows, next } = await sealedKeys.page(table, after, ROWS_PER_PAGE);
  const wrapper = rootWrapper(sealer);
  let unreadable = 0;
  const changes: { place: SealedKeyRow["place"]; from: string; to: ObjectEncryption }[] = [];
  for (const row of rows) {
    const encryption = row.encryption as ObjectEncryption;
    if (sealer.isCurrent(encryption.sealed)) continue;
    const place = placeOf(row);
    const key = openUnderRoot(sealer, encryption, place);
    if (key) changes.push({ place: row.place, from: encryption.sealed, to: wrapper.wrap(key, place) });
    else unreadable += 1;
  }
  const resealed = changes.length === 0 ? 0 : await sealedKeys.reseal(table, changes);
  return { resealed, unreadable, next };
}

function placeOf({ bucket, bucketId, key, id }: SealedKeyRow): ObjectPlace {
  return { bucket, bucketId, key, versionId: id };
}
