import { serviceMay } from "../auth/policy/service-may.ts";
import type { TopicTable } from "../metadata/topics/topics.ts";
import { isFifoName } from "../queues/settings.ts";
import { publishInBatch } from "../topics/publish.ts";
import { parseTopicArn, topicArn } from "../topics/settings.ts";
import type { PublishContext } from "../topics/topic-context.ts";
import { type Source, type Target, TargetRefused } from "./target.ts";

/** What topic targets work with. The table is read on behalf of nobody, because the topic's policy decides. */
export interface TopicTargetParts extends Omit<PublishContext, "tables"> {
  readonly topics: Pick<TopicTable, "find">;
}

/**
 * A topic of this server, if its policy lets S3 publish from this bucket. Throws `TargetRefused` otherwise, and for FIFO topics, which S3
 * does not publish to. One D1 round trip.
 *
 * Follows "Granting permissions to publish event notification messages to a destination" in the Amazon S3 User Guide.
 */
export async function openTopic(parts: TopicTargetParts, arn: string, source: Source): Promise<Target> {
  const name = parseTopicArn(arn);
  const topic = name === null ? null : await parts.topics.find(name.accountId, name.name);
  if (topic === null || topicArn(topic) !== arn) throw new TargetRefused("The destination topic does not exist");
  if (isFifoName(topic.name)) throw new TargetRefused("FIFO SNS topics are not supported");
  const isAllowed = serviceMay({
    ...{ service: "s3.amazonaws.com", action: "sns:Publish", resource: arn, resourceAccountId: topic.accountId },
    ...{ policy: topic.attributes.Policy, source, nowMs: parts.clock.now() },
  });
  if (!isAllowed) {
    throw new TargetRefused(
      "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
    );
  }
  return {
    kind: "inBatch",
    batch: (messages) => ({ statements: publishInBatch(parts, topic, messages.map(publication)), committed: () => {} }),
  };
}

function publication(message: string) {
  return {
    ...({ kind: "Notification", message, isJson: false, subject: "Amazon S3 Notification" } as const),
    ...{ attributes: new Map(), groupId: null, deduplicationId: null, token: null },
  };
}
