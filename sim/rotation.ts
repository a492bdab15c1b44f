import { SEALED_TABLES } from "../src/metadata/sealed-keys/sealed-keys.ts";
import type { StoreContext } from "../src/store/context.ts";
import { Violation } from "./oracle.ts";
import type { World } from "./world.ts";

/**
 * Puts a newer root key in front of the present one: processes that start from here on know both.
 * False if both are there already.
 */
export function addRootKey({ rootKeys, random }: Pick<World, "rootKeys" | "random">): boolean {
  if (rootKeys.length > 1) return false;
  rootKeys.unshift(`root key ${Buffer.from(random.bytes(16)).toString("hex")}`);
  return true;
}

/**
 * Removes the older root key once the jobs have resealed everything. Returns a store that knows
 * only the newest one, as after the owner's next deployment; null: there is only one key, as
 * before.
 */
export async function retireRootKey(world: World): Promise<StoreContext | null> {
  if (world.rootKeys.length === 1) return null;
  world.rootKeys.length = 1;
  world.count("root key retired");
  const store = await world.storeOf(null);
  for (const table of SEALED_TABLES) {
    const rows = world.d1.database
      .prepare(`SELECT key, attributes ->> '$.encryption.sealed' AS sealed FROM ${table}
        WHERE attributes ->> '$.encryption.form' = 'AES256'`)
      .all() as { key: string; sealed: string }[];
    for (const { key, sealed } of rows) {
      if (store.sealing.sealer?.isCurrent(sealed) === false) {
        throw new Violation(`${key} in ${table}: still sealed under the older root key`);
      }
    }
  }
  return store;
}
