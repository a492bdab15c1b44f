import type { Database } from "../database.ts";
import { type BlobRow, parseBlob, type RawBlob } from "../rows.ts";
import type { DamageCause } from "./damage.ts";

/** A blob with what is known of its shards. */
export interface PlacedBlobRow extends BlobRow {
  /** It was written as a pack of small objects. */
  isPack: boolean;
  /** By shard: when all its frames were last read and verified; null: not since it was written. */
  verifiedMs: (number | null)[];
  damage: { shard: number; cause: DamageCause }[];
}

export interface PlacedBlobs {
  /** Of those asked for in detail, in no order; those that are gone are left out. */
  blobs: PlacedBlobRow[];
  /** The fewest good shards beyond k that any of all the blobs has; −1: one has fewer than k. Null if there is no blob. */
  spareShards: number | null;
}

type RawPlaced = RawBlob & { is_pack: number; verified_ms: string | null; damage: string | null };

/** Where blobs lie, as far as rows say. */
export class PlacingTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One round trip: a row for each of `ids`, and those of the damage of `detailed`, which are among them. */
  async find(ids: readonly string[], detailed: readonly string[]): Promise<PlacedBlobs> {
    const [blobs, spares] = await this.#database.batch<[RawPlaced, { spare: number | null }]>([
      {
        sql: `SELECT id, k, m, block_bytes, size_bytes, crc64nvme, shards, verified_ms, pack_objects IS NOT NULL AS is_pack,
                (SELECT json_group_array(json_array(shard, cause)) FROM damage WHERE blob_id = b.id) AS damage
              FROM blobs b WHERE id IN (SELECT value FROM json_each(?1))`,
        values: [JSON.stringify(detailed)],
      },
      {
        sql: "SELECT min(coalesce(spare_shards, m)) AS spare FROM blobs WHERE id IN (SELECT value FROM json_each(?1))",
        values: [JSON.stringify(ids)],
      },
    ]);
    return { blobs: blobs.map(parsePlaced), spareShards: spares[0]?.spare ?? null };
  }
}

function parsePlaced(raw: RawPlaced): PlacedBlobRow {
  const blob = parseBlob(raw);
  const verified = JSON.parse(raw.verified_ms ?? "[]") as (number | null)[];
  const damage = JSON.parse(raw.damage ?? "[]") as [number, DamageCause][];
  return {
    ...blob,
    isPack: raw.is_pack === 1,
    verifiedMs: blob.shards.map((_, shard) => verified[shard] ?? null),
    damage: damage.map(([shard, cause]) => ({ shard, cause })),
  };
}
