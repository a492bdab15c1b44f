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

/** All that the store works with, in one database. Built once an isolate, in `src/index.ts`, or by a test. */
export interface StoreContext {
  readonly metadata: Metadata;
  readonly drives: readonly Drive[];
  /** What is known of how long they take. */
  readonly latency: DriveLatency;
  /** What is known of drives in trouble. */
  readonly watch: DriveWatch;
  /** Is told what whoever runs the server should read, such as a drive that was found emptied. */
  readonly tell?: (line: string) => void;
  readonly engine: ErasureEngine;
  /** For the shards of blobs that are kept in memory until they are whole: `BUFFERED_BYTES_MAX`. */
  readonly shardMemory: ByteBudget;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly settings: StoreSettings;
  /** What bodies are encrypted with. */
  readonly sealing: Sealing;
  /** The data keys of a service of the server's own, such as the one that delivers logs. Absent: there is no KMS. */
  readonly dataKeysOfService?: (use: ServiceUse) => DataKeys & { readonly guard: AccessGuard | null };
  /** What seals keys of the KMS: the first seals, any may open. Absent: there is no root secret. */
  readonly keySealers?: readonly [Sealer, ...Sealer[]];
  /** Is told of reads of objects that move by their last access. Absent: nobody wants to know. */
  readonly accesses?: AccessLog;
  /** Absent where there is no disk to measure. */
  readonly space?: SpaceGauge;
  /** The machine, where there is one below this store. */
  readonly host?: Host;
  /** Of the request that is being answered. Absent: nobody asks. */
  readonly gate?: Gate;
  /** Who makes the request that is being answered, for those who are told of changes. Absent: the store itself. */
  readonly origin?: Origin;
  /** Absent where there is one database only. */
  readonly databases?: DatabaseSet;
}

/** Several databases, of which each bucket lies in one; the port of `Databases`, which knows how that is found. */
export interface DatabaseSet {
  /** A store for each, the first one first. */
  readonly all: readonly StoreContext[];
  /** The store of a bucket; of a name that was never used, the first. */
  of(bucket: BucketName): Promise<StoreContext>;
  /** The store in which a new bucket is to be made. */
  forNewBucket(bucket: BucketName): Promise<StoreContext>;
  /** Makes sure that the name of a bucket, which lies in `store`, stays there when the bucket is deleted. */
  keepName(bucket: BucketName, store: StoreContext): Promise<void>;
}
