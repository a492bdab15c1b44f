import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Drive } from "../drives/drive.ts";
import type { ErasureEngine } from "../erasure/engine.ts";
import type { Metadata } from "../metadata/metadata.ts";
import type { DriveLatency } from "./drive-latency.ts";
import type { StoreSettings } from "./settings.ts";

/** All that the store works with. Built once an isolate, in `src/index.ts`, or by a test. */
export interface StoreContext {
  readonly metadata: Metadata;
  readonly drives: readonly Drive[];
  /** What is known of how long they take. */
  readonly latency: DriveLatency;
  readonly engine: ErasureEngine;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly settings: StoreSettings;
}
