import { type Database, require, type Statement } from "../database.ts";
import { type BlobRow, parseBlob, type RawBlob, type ShardPlace } from "../rows.ts";
import { type DamageCause, type FoundDamage, forgetDamage, noteDamage, recount, SPARE_SHARDS_MIN } from "./damage.ts";

/** A shard that is to be rewritten, as far as somebody noted. */
export interface DamageNote {
  shard: number;
  cause: DamageCause;
  notedMs: number;
}

/** A blob that one healer works on. */
export interface AilingBlob extends BlobRow {
  isPack: boolean;
  notes: DamageNote[];
  /** When it is due again, unless something is said of it. */
  retryMs: number;
}

/** What healing came to. */
export interface Healing {
  /** The new places of rewritten shards. */
  moved: ReadonlyMap<number, ShardPlace & {}>;
  /** Shards whose notes were wrong. */
  fine: readonly number[];
  /** Damage that was not noted yet. */
  found: readonly Omit<FoundDamage, "blobId">[];
  /** When the blob is looked at again, if anything is left to do. */
  retryMs: number;
  nowMs: number;
}

/** Where a blob's shards lie. */
export interface PlacedShards {
  id: string;
  shards: ShardPlace[];
}

const COLUMNS = "id, k, m, block_bytes, size_bytes, crc64nvme, shards, storage_class";
/** Most parity shards of a geometry. */
const SPARE_SHARDS_MAX = 4;
/** Wait after the first attempt; each further one doubles it. */
const RETRY_MS_MIN = 60_000;
const RETRY_MS_MAX = 6 * 3600 * 1000;

/** The queue of blobs that lack shards, and what comes of it. States of a blob in it: due → being healed (due again later) → out. */
export class HealingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Blobs that are due, closest to loss first. */
  async due(nowMs: number, limit: number): Promise<{ id: string; k: number; attempts: number }[]> {
    const statements: Statement[] = [];
    // One seek for each number of spare shards: those that wait are not read.
    for (let spare = SPARE_SHARDS_MIN; spare <= SPARE_SHARDS_MAX; spare++) {
      statements.push({
        sql: `SELECT id, k, heal_attempts AS attempts FROM blobs WHERE spare_shards = ?1 AND condemned_ms IS NULL AND heal_after_ms <= ?2
              ORDER BY heal_after_ms LIMIT ?3`,
        values: [spare, nowMs, limit],
      });
    }
    return (await this.#database.batch<{ id: string; k: number; attempts: number }[]>(statements))
      .flat()
      .slice(0, limit);
  }

  /**
   * Takes those of the blobs that are due, in their order; the others are not any more. Whatever becomes of the caller, they are due
   * again later, and later still each time: one that kills its healer does not stop the others.
   */
  async claim(ids: readonly string[], nowMs: number): Promise<AilingBlob[]> {
    type Claimed = RawBlob & { pack_objects: number | null; heal_after_ms: number };
    const list = JSON.stringify(ids);
    const [claimed, notes] = await this.#database.batch<[Claimed, DamageNote & { blobId: string }]>([
      {
        sql: `UPDATE blobs SET heal_attempts = heal_attempts + 1,
                heal_after_ms = ?2 + min(${RETRY_MS_MAX}, ${RETRY_MS_MIN} << min(heal_attempts, 16))
              WHERE id IN (SELECT value FROM json_each(?1)) AND spare_shards IS NOT NULL AND condemned_ms IS NULL
                AND heal_after_ms <= ?2
              RETURNING ${COLUMNS}, pack_objects, heal_after_ms`,
        values: [list, nowMs],
      },
      {
        sql: `SELECT blob_id AS "blobId", shard, cause, noted_ms AS "notedMs" FROM damage
              WHERE blob_id IN (SELECT value FROM json_each(?1)) ORDER BY blob_id, shard`,
        values: [list],
      },
    ]);
    const rows = new Map(claimed.map((raw) => [raw.id, raw]));
    const notesOf = Map.groupBy(notes, ({ blobId }) => blobId);
    return ids.flatMap((id) => {
      const raw = rows.get(id);
      if (!raw) return [];
      const own = (notesOf.get(id) ?? []).map(({ shard, cause, notedMs }) => ({ shard, cause, notedMs }));
      return [{ ...parseBlob(raw), isPack: raw.pack_objects !== null, notes: own, retryMs: raw.heal_after_ms }];
    });
  }

  /** Makes blobs due again at once that were claimed and not looked at. */
  async release(blobs: readonly Pick<BlobRow, "id">[], nowMs: number): Promise<void> {
    await this.#database.all(
      `UPDATE blobs SET heal_after_ms = ?2, heal_attempts = max(0, heal_attempts - 1)
       WHERE id IN (SELECT value FROM json_each(?1)) AND spare_shards IS NOT NULL`,
      JSON.stringify(blobs.map(({ id }) => id)),
      nowMs,
    );
  }

  /** What waits for its next attempt is due now: a drive came back, or somebody asks. */
  async retryAll(nowMs: number): Promise<void> {
    await this.#database.all(
      `UPDATE blobs SET heal_after_ms = ?1, heal_attempts = 0
       WHERE spare_shards IS NOT NULL AND condemned_ms IS NULL AND heal_after_ms > ?1`,
      nowMs,
    );
  }

  /**
   * Records what healing of blobs came to, in one transaction. Throws `GuardError` blob_gone if one of them is gone or condemned, or
   * its shards are not where they were: then nothing is recorded, and what was written is garbage.
   */
  async record(healings: readonly { blob: BlobRow; healing: Healing }[]): Promise<void> {
    if (healings.length > 0) await this.#database.batch(recording(healings));
  }

  /** Notes damage of many blobs. */
  async note(found: readonly FoundDamage[], nowMs: number): Promise<void> {
    if (found.length > 0) await this.#database.batch(noteDamage(found, nowMs));
  }

  /** Where the shards of blobs after `afterId` lie, in order of age; condemned ones are left out. */
  async places(afterId: string, limit: number): Promise<PlacedShards[]> {
    const rows = await this.#database.all<{ id: string; shards: string }>(
      "SELECT id, shards FROM blobs WHERE id > ?1 AND condemned_ms IS NULL ORDER BY id LIMIT ?2",
      afterId,
      limit,
    );
    return rows.map(({ id, shards }) => ({ id, shards: JSON.parse(shards) }));
  }
}

/** A few statements, however many blobs: each costs more than a row. */
function recording(healings: readonly { blob: BlobRow; healing: Healing }[]): Statement[] {
  const ids = healings.map(({ blob }) => blob.id);
  const formers = healings.map(({ blob }) => [blob.id, JSON.stringify(blob.shards)]);
  const unchanged = `NOT EXISTS (
    SELECT 1 FROM json_each(?1) j
    WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE id = j.value ->> 0 AND condemned_ms IS NULL AND shards = j.value ->> 1)
  )`;
  const moves = healings.flatMap(({ blob, healing: { moved, nowMs } }) => {
    const shards = blob.shards.map((place, shard) => moved.get(shard) ?? place);
    return moved.size > 0 ? [[blob.id, JSON.stringify(shards), [...moved.keys()], nowMs]] : [];
  });
  const good = healings.flatMap(({ blob, healing: { moved, fine } }) =>
    [...moved.keys(), ...fine].map((shard) => [blob.id, shard]),
  );
  const damage = healings.flatMap(({ blob, healing }) => healing.found.map((one) => ({ ...one, blobId: blob.id })));
  const retries = healings.map(({ blob, healing }) => [blob.id, healing.retryMs]);
  return [
    require("blob_gone", unchanged, [JSON.stringify(formers)]),
    {
      sql: `UPDATE blobs SET shards = j.value ->> 1, moved_ms = j.value ->> 3, verified_ms = iif(verified_ms IS NULL, NULL, (
              SELECT json_group_array(iif(v.key IN (SELECT value FROM json_each(j.value ->> 2)), NULL, v.value))
              FROM json_each(verified_ms) v
            )) FROM json_each(?1) j WHERE blobs.id = j.value ->> 0`,
      values: [JSON.stringify(moves)],
    },
    ...forgetDamage(good),
    ...noteDamage(damage, Math.max(...healings.map(({ healing }) => healing.nowMs))),
    // Those that are not whole yet are given their own times by what follows.
    recount(ids, Math.max(...healings.map(({ healing }) => healing.retryMs))),
    {
      sql: `UPDATE blobs SET heal_after_ms = j.value ->> 1 FROM json_each(?1) j
            WHERE blobs.id = j.value ->> 0 AND spare_shards IS NOT NULL`,
      values: [JSON.stringify(retries)],
    },
  ];
}
