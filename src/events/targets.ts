import { firstAccount } from "../auth/principal.ts";
import { openOutside } from "./outside-target.ts";
import { openQueue, type QueueTargetParts } from "./queue-target.ts";
import { TargetRefused, type Targets } from "./target.ts";

/** Everything that a bucket's events can go to. `queues` is null where no key is configured: then there are none. */
export function openTargets(
  queues: QueueTargetParts | null,
  env: Readonly<Record<string, unknown>>,
  functions: ReadonlyMap<string, string>,
): Targets {
  return {
    async open(arn, source) {
      const outside = openOutside(env, functions, arn);
      // Nothing outside has a policy that could say who may send: the bindings are those of whoever runs the server.
      if (outside !== null && source.accountId !== firstAccount.accountId) {
        throw new TargetRefused(
          "Permissions on the destination do not allow S3 to publish notifications from this bucket",
        );
      }
      if (outside !== null) return outside;
      if (queues === null) throw new TargetRefused("The destination queue does not exist");
      return openQueue(queues, arn, source);
    },
  };
}
