import { serviceMay } from "../auth/policy/service-may.ts";
import type { QueueRow } from "../metadata/queues/queues.ts";
import type { QueueContext } from "../queues/queue-context.ts";
import { type OutgoingMessage, sendInBatch } from "../queues/send.ts";
import { type ServiceKeys, serviceKey } from "../queues/service-keys.ts";
import { isFifoName, parseQueueArn, queueArn } from "../queues/settings.ts";
import { DataKeyRefused, isKmsUnavailable } from "../sealing/data-keys.ts";
import { type Source, type Target, TargetRefused } from "./target.ts";

/** What queue targets work with. `bare`: on behalf of nobody, because the queue's policy decides. */
export type QueueTargetParts = Pick<QueueContext, "bare" | "sealer" | "random" | "clock" | "arrivals"> & {
  readonly keysOfService: ServiceKeys | null;
};

/**
 * A queue of this server, if its policy lets S3 send from this bucket. Throws `TargetRefused` otherwise, and for FIFO queues, which S3
 * does not send to, and `DataKeyRefused` if the KMS that has the queue's key cannot be reached. The texts are those that S3 answers. One D1
 * round trip, and another for the key of a queue that has one.
 *
 * Follows "Granting permissions to publish event notification messages to a destination" in the Amazon S3 User Guide.
 */
export async function openQueue(parts: QueueTargetParts, arn: string, source: Source): Promise<Target> {
  const name = parseQueueArn(arn);
  const queue = name === null ? null : await parts.bare.queues.find(name.accountId, name.name);
  if (queue === null || queueArn(queue) !== arn) throw new TargetRefused("The destination queue does not exist");
  if (isFifoName(queue.name)) throw new TargetRefused("FIFO SQS queues are not supported");
  if (!allows(queue, source, parts.clock.now())) {
    throw new TargetRefused(
      "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
    );
  }
  const { key, statements } = await keyFor(parts, queue, source);
  return {
    kind: "inBatch",
    batch(messages) {
      const sent = sendInBatch(parts, queue, { messages: messages.map(outgoing), key });
      return { ...sent, statements: [...statements, ...sent.statements] };
    },
  };
}

/**
 * The data key of a queue that is encrypted with a key of the KMS, whose policy has to let S3 in, and the statements that fail the batch if the key is
 * another one by now. A D1 round trip, none for other queues. Throws `TargetRefused`, and `DataKeyRefused` if the KMS cannot be reached.
 *
 * Follows "Granting permissions to publish event notification messages to a destination" in the Amazon S3 User Guide.
 */
async function keyFor({ keysOfService }: QueueTargetParts, queue: QueueRow, source: Source) {
  try {
    return await serviceKey(keysOfService, queue, { service: "s3.amazonaws.com", source });
  } catch (error) {
    if (!(error instanceof DataKeyRefused) || isKmsUnavailable(error)) throw error;
    throw new TargetRefused(
      "The key of the destination queue does not allow S3 to publish notifications from this bucket",
      {
        cause: error,
      },
    );
  }
}

function outgoing(body: string): OutgoingMessage {
  const sender = "s3.amazonaws.com";
  return { body, attributes: new Map(), trace: null, groupId: null, deduplicationId: null, sender };
}

function allows(queue: QueueRow, source: Source, nowMs: number): boolean {
  return serviceMay({
    ...{ service: "s3.amazonaws.com", action: "sqs:SendMessage", resource: queueArn(queue), source, nowMs },
    ...{ resourceAccountId: queue.accountId, policy: queue.attributes.Policy },
  });
}
