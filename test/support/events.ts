import type { EventContext } from "../../src/events/deliver.ts";
import { TargetRefused } from "../../src/events/target.ts";
import type { StoreContext } from "../../src/store/context.ts";

/** Events of a store that has no targets: whatever a bucket names does not exist. */
export function deafEvents({ metadata, clock }: StoreContext): EventContext {
  return {
    databases: [metadata],
    targets: {
      open: async () => {
        throw new TargetRefused("The destination queue does not exist");
      },
    },
    topics: null,
    clock,
    settings: { retrySeconds: 60, deadLetterArn: null, busArn: null },
    tell: () => {},
  };
}
