import type { BlobLayout } from "../../erasure/layout.ts";
import type { DamageCause } from "../../metadata/blobs/damage.ts";
import type { BlobRow } from "../../metadata/rows.ts";
import type { StoreContext } from "../context.ts";
import { type DriveRefusal, withoutDrive } from "../failure.ts";
import { idBytes } from "../placement/ids.ts";
import { isSettling } from "../placement/shard-key.ts";
import { ShardSource } from "./shard-source.ts";

/** Faults of shards that a read found. */
export interface Damage {
  shard: number;
  cause: DamageCause;
}

/**
 * The shards of a blob that is being read. A shard that was not written, or whose drive is not
 * configured, has no source.
 */
export class BlobSources {
  readonly #sources: readonly (ShardSource | null)[];
  /** Shards that their drives are known to have lost. */
  readonly #lost = new Set<number>();

  /** `lastStripe`: the last one of the range. */
  constructor(store: StoreContext, blob: BlobRow, layout: BlobLayout, lastStripe: number) {
    const blobId = idBytes(blob.id);
    const nowMs = store.clock.now();
    this.#sources = blob.shards.map((place, shard) => {
      const drive = place && store.drives.find(({ name }) => name === place[0]);
      if (!place || !drive) return null;
      if (store.watch.lacks(drive.name, place[1])) this.#lost.add(shard);
      const parts = { engine: store.engine, drive, key: place[1], blobId, layout, shard };
      return new ShardSource({ ...parts, settling: isSettling(drive, place[1], nowMs) }, lastStripe);
    });
  }

  at(shard: number): ShardSource | null {
    return this.#sources[shard] ?? null;
  }

  /** Whether the drive is known to have lost the shard: it is asked last. */
  isLost(shard: number): boolean {
    return this.#lost.has(shard);
  }

  /** The shard is there after all. */
  found(shard: number): void {
    this.#lost.delete(shard);
  }

  /** The usable shards that are not in `asked`. */
  spares(asked: ReadonlySet<number>): number[] {
    return this.#sources.flatMap((source) =>
      source && !source.fault && !asked.has(source.shard) ? [source.shard] : [],
    );
  }

  /** Resets all shards that were unavailable, once, and returns them. */
  askOnceMore(): number[] {
    return this.#sources.flatMap((source) => (source?.askOnceMore() === true ? [source.shard] : []));
  }

  /** Damage found so far; without shards that are only unavailable. */
  get damage(): Damage[] {
    return this.#sources.flatMap((source) =>
      source?.fault?.damaged ? [{ shard: source.shard, cause: source.fault.kind }] : [],
    );
  }

  /** Drives on which a shard was missing or cut short. */
  get missedDrives(): string[] {
    return this.#sources.flatMap((source) =>
      source?.fault?.damaged && source.fault.kind !== "corrupt" ? [source.drive.name] : [],
    );
  }

  /** Why each shard cannot be used. */
  get reasons(): DriveRefusal[] {
    return this.#sources.map((source, shard) => {
      if (!source) return { drive: `shard ${shard}`, reason: "was not written, or its drive is not configured" };
      const { fault } = source;
      const drive = source.drive.name;
      if (!fault) return { drive, reason: "gave its shard" };
      const reason = fault.kind === "unreachable" ? withoutDrive(drive, fault.reason) : `shard ${fault.kind}`;
      return { drive, reason };
    });
  }

  /** Frees the drives. Never throws. */
  async cancel(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source?.cancel()));
  }
}
