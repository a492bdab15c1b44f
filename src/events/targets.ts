import { firstAccount } from "../auth/principal.ts";
import { parseArn } from "../base/arn.ts";
import { openOutside } from "./outside-target.ts";
import { openQueue, type QueueTargetParts } from "./queue-target.ts";
import { TargetRefused, type Targets } from "./target.ts";
import { openTopic, type TopicTargetParts } from "./topic-target.ts";

/** Everything that a bucket's events can go to. `inside` is null where no key is configured: then there are no queues and no topics. */
export function openTargets(
  inside: { readonly queues: QueueTargetParts; readonly topics: TopicTargetParts } | null,
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
      const isTopic = parseArn(arn)?.service === "sns";
      if (inside === null) throw new TargetRefused(`The destination ${isTopic ? "topic" : "queue"} does not exist`);
      return isTopic ? openTopic(inside.topics, arn, source) : openQueue(inside.queues, arn, source);
    },
  };
}
