import { isFifoName, parseQueueArn, queueArn } from "../../../queues/settings.ts";
import { accountOf, type TopicCall } from "../model/call.ts";
import { invalidParameter, notBuilt } from "../model/errors.ts";

/** Protocols of AWS that are not built. */
const UNBUILT = ["email", "email-json", "sms", "application", "lambda", "firehose"];

export interface Endpoint {
  readonly protocol: "sqs" | "http" | "https";
  readonly endpoint: string;
  /** Whose it is; null: nobody knows, so it must confirm the subscription itself. */
  readonly ownerAccountId: string | null;
}

/** Checks what is to be subscribed. Throws InvalidParameter and NotImplemented. One D1 round trip for a queue. */
export async function readEndpoint(call: TopicCall, protocol: string, endpoint: string): Promise<Endpoint> {
  if (UNBUILT.includes(protocol)) throw notBuilt(`The protocol ${protocol}`);
  if (protocol !== "sqs" && protocol !== "http" && protocol !== "https") {
    throw invalidParameter("Amazon SNS does not support this protocol string", protocol.slice(0, 64));
  }
  if (endpoint === "") throw invalidParameter("Endpoint", "no value for required parameter");
  if (protocol === "sqs") return { protocol, endpoint, ownerAccountId: await queueOwner(call, endpoint) };
  if (isFifoName(call.topic.name)) {
    throw invalidParameter("Protocol", "only queues can subscribe to FIFO topics");
  }
  const problem = call.webhooks.problem(endpoint);
  if (problem !== null || !endpoint.toLowerCase().startsWith(`${protocol}://`)) {
    throw invalidParameter("Endpoint", problem ?? "Endpoint must match the specified protocol");
  }
  return { protocol, endpoint, ownerAccountId: null };
}

/** Whether a queue of another account is there is nobody's business: it must confirm, and cannot if it is not there. */
async function queueOwner(call: TopicCall, arn: string): Promise<string> {
  const { queues, topic } = call;
  const name = parseQueueArn(arn);
  if (name === null) throw invalidParameter("SQS endpoint ARN");
  if (isFifoName(name.name) && !isFifoName(topic.name)) {
    throw invalidParameter("Endpoint", "FIFO SQS Queues can not be subscribed to standard SNS topics");
  }
  if (name.accountId !== accountOf(call)) return name.accountId;
  const queue = await queues.queues.find(name.accountId, name.name);
  if (queue === null || queueArn(queue) !== arn) throw invalidParameter("Endpoint", "The queue does not exist");
  return name.accountId;
}
