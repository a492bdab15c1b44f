import { DAY_MS } from "../../keyring/limits.ts";
import { Materials } from "../../keyring/materials.ts";
import { GuardError } from "../../metadata/database.ts";
import { deleteKmsKey, insertMaterial, type KmsKeyRow, updateKey } from "../../metadata/keyring/keys.ts";
import type { StoreContext } from "../../store/context.ts";
import type { Budget, Job } from "../run/job.ts";

const KEYS_PER_RUN = 100;
const MATERIALS_PER_RUN = 500;
/**
 * A key is deleted this long after it was first found to be due. A clock that jumps ahead makes
 * every key due at once. Until it is corrected no key must be lost, because the data that the key
 * encrypted would be lost with it.
 */
export const CONDEMNED_MS = DAY_MS;

/** Progress of resealing. */
interface Cursor {
  readonly keyId: string;
  readonly number: number;
}

/**
 * Deletes KMS keys whose waiting period is over, rotates those that are due, and reseals materials
 * that an older root secret sealed. Each key is one batch. If the key changed meanwhile, the batch
 * fails, and the next run handles the key.
 */
export const keys: Job = {
  name: "keys",
  async run(store, budget, cursor) {
    const ended = await endKeys(store, budget);
    const { keySealers } = store;
    if (!keySealers) return { report: ended, cursor: null };
    const materials = new Materials(keySealers, store.random);
    const rotatedKeys = await rotateKeys(store, budget, materials);
    const roots = keySealers.flatMap((sealer) => sealer.roots);
    if (roots.length < 2) return { report: { ...ended, rotatedKeys }, cursor: null };
    const { next, ...resealed } = await reseal(store, materials, cursor as Cursor | null);
    return { report: { ...ended, rotatedKeys, ...resealed }, cursor: next };
  },
};

async function endKeys(store: StoreContext, budget: Budget): Promise<{ condemnedKeys: number; deletedKeys: number }> {
  const nowMs = store.clock.now();
  const counts = { condemnedKeys: 0, deletedKeys: 0 };
  for (const key of await store.metadata.keyring.keys.dueForDeletion(nowMs, KEYS_PER_RUN)) {
    if (budget.isSpent()) break;
    const { condemnedMs } = key;
    if (condemnedMs === null || condemnedMs > nowMs) {
      counts.condemnedKeys += await change(store, key, () => [updateKey(key.id, { condemnedMs: nowMs })]);
    } else if (nowMs - condemnedMs >= CONDEMNED_MS) {
      counts.deletedKeys += await change(store, key, () => deleteKmsKey(key));
    }
  }
  return counts;
}

async function rotateKeys(store: StoreContext, budget: Budget, materials: Materials): Promise<number> {
  const nowMs = store.clock.now();
  let rotated = 0;
  for (const key of await store.metadata.keyring.keys.dueForRotation(nowMs, KEYS_PER_RUN)) {
    if (budget.isSpent()) break;
    rotated += await change(store, key, ({ material, rotationDays }) => {
      const number = material + 1;
      const next = materials.make({ keyId: key.id, number, createdMs: nowMs, rotation: "AUTOMATIC" });
      const rotationMs = rotationDays === null ? null : nowMs + rotationDays * DAY_MS;
      return [insertMaterial(next), updateKey(key.id, { material: number, rotationMs })];
    });
  }
  return rotated;
}

/**
 * Reads the key again with its account's epoch, and changes it if it has not changed: returns 1,
 * otherwise 0.
 */
async function change(
  { metadata, clock }: StoreContext,
  found: KmsKeyRow,
  make: (key: KmsKeyRow) => Parameters<typeof metadata.keyring.change>[1],
): Promise<number> {
  const held = await metadata.keyring.keys.find({ kind: "id", id: found.id });
  const isSame =
    held?.key.state === found.state &&
    held.key.deletionMs === found.deletionMs &&
    held.key.condemnedMs === found.condemnedMs &&
    held.key.rotationMs === found.rotationMs;
  if (held === null || !isSame) return 0;
  try {
    await metadata.keyring.change({ id: found.accountId, seen: held.epoch, nowMs: clock.now() }, make(held.key));
    return 1;
  } catch (error) {
    if (error instanceof GuardError && error.guard === "access_changed") return 0;
    throw error;
  }
}

async function reseal(
  { metadata }: StoreContext,
  materials: Materials,
  cursor: Cursor | null,
): Promise<{ resealedMaterials: number; unreadableMaterials: number; next: Cursor | null }> {
  const { keys: table } = metadata.keyring;
  const rows = await table.materialsAfter(cursor ?? { keyId: "", number: 0 }, MATERIALS_PER_RUN);
  const sealedAgain = rows.map((row) => ({ row, to: materials.reseal(row) }));
  const changes = sealedAgain.flatMap(({ row: { keyId, number, sealed: from }, to }) =>
    to === null ? [] : [{ keyId, number, from, to }],
  );
  if (changes.length > 0) await table.reseal(changes);
  const unreadableMaterials = rows.filter((row) => materials.open(row) === null).length;
  const last = rows.length < MATERIALS_PER_RUN ? undefined : rows.at(-1);
  const next = last === undefined ? null : { keyId: last.keyId, number: last.number };
  return { resealedMaterials: changes.length, unreadableMaterials, next };
}
