import type { ByteBudget } from "../base/byte-budget.ts";
import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Drive } from "../drives/drive.ts";
import type { DriveWatch } from "../drives/drive-watch.ts";
import type { ErasureEngine } from "../erasure/engine.ts";
import type { AccessGuard } from "../metadata/access-guard.ts";
import type { Origin } from "../metadata/events/outbox.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { DataKeys, ServiceUse } from "../sealing/data-keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { Gate } from "./gate.ts";
import type { Host } from "./host.ts";
import type { AccessLog } from "./read/accesses.ts";
import type { DriveLatency } from "./read/drive-latency.ts";
import type { StoreSettings } from "./settings.ts";
import type { SpaceGauge } from "./space.ts";
import type { BucketName } from "./types.ts";

/**
 * Everything that the store works with, in one database. Built once per isolate in `src/index.ts`,
 * or by a test.
 */
export interface StoreContext {
  readonly metadata: Metadata;
  readonly drives: readonly Drive[];
  /** Their usual times. */
  readonly latency: DriveLatency;
  /** Known troubles of drives. */
  readonly watch: DriveWatch;
  /**
   * Called with messages for the person who runs the server, such as a drive that was found
   * emptied.
   */
  readonly tell?: (line: string) => void;
  readonly engine: ErasureEngine;
  /**
   * For the shards of blobs that are kept in memory until they are complete: `BUFFERED_BYTES_MAX`.
   */
  readonly shardMemory: ByteBudget;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly settings: StoreSettings;
  /** Encrypts bodies. */
  readonly sealing: Sealing;
  /**
   * The data keys for a service of the server's own, such as log delivery. Absent: there is no KMS.
   */
  readonly dataKeysOfService?: (use: ServiceUse) => DataKeys & { readonly guard: AccessGuard | null };
  /**
   * Seals keys of the KMS: the first secret seals, any may open. Absent: there is no root secret.
   */
  readonly keySealers?: readonly [Sealer, ...Sealer[]];
  /** Called for reads of objects that move by their last access. Absent: not needed. */
  readonly accesses?: AccessLog;
  /** Absent if there is no disk to measure. */
  readonly space?: SpaceGauge;
  /** The machine below this store, if there is one. */
  readonly host?: Host;
  /** The gate of the present request. Absent: nothing is to be decided. */
  readonly gate?: Gate;
  /** The requester, for event messages. Absent: the store itself. */
  readonly origin?: Origin;
  /** Absent with a single database. */
  readonly databases?: DatabaseSet;
}

/**
 * Several databases; each bucket is in one of them. The port of `Databases`, which explains how it
 * is found.
 */
export interface DatabaseSet {
  /** One store per database, the first one first. */
  readonly all: readonly StoreContext[];
  /** The store of a bucket; for a name that was never used, the first. */
  of(bucket: BucketName): Promise<StoreContext>;
  /** The store in which to make a new bucket. */
  forNewBucket(bucket: BucketName): Promise<StoreContext>;
  /** Makes sure that the bucket's name stays with `store` when the bucket is deleted. */
  keepName(bucket: BucketName, store: StoreContext): Promise<void>;
}
