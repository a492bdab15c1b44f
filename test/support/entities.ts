import { type EntityKind, insertEntity } from "../../src/metadata/identities/entities.ts";
import type { TestStore } from "./store.ts";

const ROLE = { trust: null, description: null, maxSessionSeconds: null, usedMs: null, usedRegion: null };

/** Puts a user or role of the first account into a store, in the place of one of that name. */
export async function makeEntity(rig: TestStore, { kind, name, id }: { kind: EntityKind; name: string; id: string }) {
  const accountId = "100000000001";
  const entity = { id, accountId, kind, name, path: "/", createdMs: 1, tags: [], boundary: null, ...ROLE };
  await rig.d1.batch([rig.d1.prepare("DELETE FROM entities WHERE kind = ?1 AND name = ?2").bind(kind, name)]);
  await rig.store.metadata.run([insertEntity(entity)]);
}

export async function deleteEntity({ d1 }: TestStore, id: string): Promise<void> {
  await d1.batch([d1.prepare("DELETE FROM entities WHERE id = ?1").bind(id)]);
}
