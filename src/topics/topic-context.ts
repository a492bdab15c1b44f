import type { Clock } from "../base/clock.ts";
import type { RandomBytes } from "../base/random.ts";
import type { Queues } from "../metadata/queues/all.ts";
import type { Topics } from "../metadata/topics/all.ts";
import type { Arrivals } from "../queues/arrivals.ts";
import type { ServiceKeys } from "../queues/service-keys.ts";
import type { Sealer } from "../sealing/root-sealer.ts";
import type { Signers } from "./signers.ts";
import type { Webhooks } from "./webhook.ts";

/** All that publishing works with. */
export interface PublishContext {
  /** On behalf of whoever asks: guarded by their access (`Metadata.guardedBy`). */
  readonly tables: Topics;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** All that delivery works with. Nothing is guarded: the policies of queues decide. */
export interface DeliveryContext extends PublishContext {
  /** Runs statements of several tables in one batch of the first database. */
  readonly queues: Queues;
  /** Data keys for queues that are encrypted with a key of the KMS; null: there is no KMS. */
  readonly keysOfService: ServiceKeys | null;
  /** Of the isolate. */
  readonly arrivals: Arrivals;
  readonly signers: Signers;
  readonly webhooks: Webhooks;
  /** Where documents say that this server is; null: where each subscriber found it. */
  readonly publicOrigin: string | null;
  /** Is told of what was given up. */
  readonly tell: (line: string) => void;
}
