import type { Caller } from "../../auth/access.ts";
import type { Log } from "../../edge/edge.ts";
import type { EventContext } from "../../events/deliver.ts";
import type { AccessLog } from "../../logging/access-log.ts";
import type { AccessGuard } from "../../metadata/access-guard.ts";
import type { DataKeys } from "../../sealing/data-keys.ts";
import type { StoreContext } from "../../store/context.ts";

/** Everything that S3 needs besides the request. */
export interface S3Parts {
  readonly store: StoreContext;
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  readonly log: Log;
  /**
   * The KMS's data keys for a caller, with the guard that replaces the caller's own. Absent: there
   * is no KMS.
   */
  readonly dataKeysOf?: (caller: Caller) => DataKeys & { readonly guard: AccessGuard | null };
  /** Collects log records of requests to buckets. Absent: none are collected. */
  readonly accessLog?: AccessLog;
  /** Sends event messages. */
  readonly events: EventContext;
}
