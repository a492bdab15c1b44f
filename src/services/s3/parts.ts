import type { Log } from "../../edge/edge.ts";
import type { EventContext } from "../../events/deliver.ts";
import type { StoreContext } from "../../store/context.ts";

/** All that S3 works with besides the request. */
export interface S3Parts {
  readonly store: StoreContext;
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  readonly log: Log;
  /** How those are told who want to know of changes. */
  readonly events: EventContext;
}
