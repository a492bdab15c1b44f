import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Queues } from "../metadata/queues/all.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { Arrivals } from "./arrivals.ts";
import type { CountMemory } from "./count-memory.ts";
import type { FlightMemory } from "./flight-memory.ts";
import type { QueueKeys } from "./message-keys.ts";

/** All that queues work with. */
export interface QueueContext {
  /** On behalf of whoever asks: guarded by their access (`Metadata.guardedBy`). */
  readonly tables: Queues;
  /** The same tables, not guarded: for what nobody is told. */
  readonly bare: Queues;
  readonly sealer: Sealer;
  /** Of whoever asks; null: there is no KMS. Its guard is that of `tables` if the queue is encrypted with a key of the KMS. */
  readonly keys: () => QueueKeys | null;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Of the isolate. */
  readonly arrivals: Arrivals;
  /** Of the isolate. */
  readonly flights: FlightMemory;
  /** Of the isolate. */
  readonly counts: CountMemory;
}
