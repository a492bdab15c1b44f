import type { Caller } from "../../auth/access.ts";
import type { Log } from "../../edge/edge.ts";
import type { EventContext } from "../../events/deliver.ts";
import type { AccessLog } from "../../logging/access-log.ts";
import type { AccessGuard } from "../../metadata/access-guard.ts";
import type { DataKeys } from "../../sealing/data-keys.ts";
import type { StoreContext } from "../../store/context.ts";

/** All that S3 works with besides the request. */
export interface S3Parts {
  readonly store: StoreContext;
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  readonly log: Log;
  /** The KMS's data keys for a caller, with the guard that takes the place of the caller's own. Absent: there is no KMS. */
  readonly dataKeysOf?: (caller: Caller) => DataKeys & { readonly guard: AccessGuard | null };
  /** Collects what is logged of requests to buckets. Absent: nothing is. */
  readonly accessLog?: AccessLog;
  /** How those are told who want to know of changes. */
  readonly events: EventContext;
}
