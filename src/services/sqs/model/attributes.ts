import { boundAttributes } from "../../../auth/policy-principals.ts";
import { JsonError } from "../../../protocols/aws-json/error.ts";
import { isFifoName } from "../../../queues/settings.ts";
import type { SqsCall } from "./call.ts";
import { invalidAttribute, invalidAttributeValue } from "./errors.ts";
import { checkQueuePolicy } from "./policies.ts";
import type { QueueName } from "./queue-memory.ts";
import { checkRedriveAllowPolicy, checkRedrivePolicy } from "./redrive.ts";

/** Whole numbers, with their range: "SetQueueAttributes" in the SQS API Reference. */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  DelaySeconds: [0, 900],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  VisibilityTimeout: [0, 43_200],
};

const FLAGS = ["SqsManagedSseEnabled"];
/** Attributes of FIFO queues alone, with their values. */
const FIFO_VALUES: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ["true"],
  ContentBasedDeduplication: ["true", "false"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};
/** Attributes that an empty value takes away. */
const DOCUMENTS = ["Policy", "RedrivePolicy", "RedriveAllowPolicy"];
/** SSE-KMS. */
const KMS = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"];

/** Attributes that a queue has and nobody sets. */
export const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];
const FACTS = [...COUNTS, "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"];

/** Every attribute that GetQueueAttributes can be asked for. */
export const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  ...["All", ...FACTS, ...Object.keys(RANGES), ...FLAGS, ...Object.keys(FIFO_VALUES), ...DOCUMENTS, ...KMS],
]);

export interface CheckedAttributes {
  /** Those that were set, over the ones that were there. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Name of the dead letter queue; null: none. */
  readonly deadLetter: string | null;
}

type Subject = QueueName & { readonly arn: string };

/** Checks attributes and puts them over `before`. Throws InvalidAttributeName, InvalidAttributeValue and what RedrivePolicy has. */
export async function mergeAttributes(
  call: SqsCall,
  queue: Subject,
  { before, given }: { before: Readonly<Record<string, string>>; given: ReadonlyMap<string, string> },
): Promise<CheckedAttributes> {
  for (const [name, value] of given) checkAttribute(queue, name, value);
  const merged = new Map([...Object.entries(before), ...(await boundAttributes(call.entities, given))]);
  // An empty text takes the attribute away.
  for (const name of [...DOCUMENTS, ...KMS]) if (merged.get(name) === "") merged.delete(name);
  checkThroughput(merged);
  const redrive = merged.get("RedrivePolicy");
  const isNew = given.has("RedrivePolicy");
  const deadLetter =
    redrive === undefined ? null : isNew ? await checkRedrivePolicy(call, queue, redrive) : targetOf(redrive);
  return { attributes: Object.fromEntries(merged), deadLetter };
}

/** Of a document, as of a policy. */
const DOCUMENT_CHARACTERS_MAX = 8_192;

function checkAttribute(queue: Subject, name: string, value: string): void {
  if (name !== "Policy" && value.length > DOCUMENT_CHARACTERS_MAX) throw invalidAttributeValue(name);
  const range = RANGES[name];
  const fifoValues = FIFO_VALUES[name];
  if (range !== undefined) {
    const isIn = /^\d{1,9}$/.test(value) && Number(value) >= range[0] && Number(value) <= range[1];
    if (!isIn) throw invalidAttributeValue(name);
  } else if (FLAGS.includes(name)) {
    if (value !== "true" && value !== "false") throw invalidAttributeValue(name);
  } else if (fifoValues !== undefined) {
    if (!isFifoName(queue.name)) throw invalidAttribute(name);
    if (fifoValues.includes(value)) return;
    throw invalidAttributeValue(name, name === "FifoQueue" ? "Modifying queue type is not supported." : undefined);
  } else if (KMS.includes(name)) {
    if (value !== "")
      throw new JsonError("NotImplemented", 501, `The attribute ${name} is not implemented by this server.`);
  } else if (name === "Policy") {
    if (value !== "") checkQueuePolicy(value, queue.arn);
  } else if (name === "RedriveAllowPolicy") {
    if (value !== "") checkRedriveAllowPolicy(value);
  } else if (name !== "RedrivePolicy") throw invalidAttribute(name);
}

/** Throughput by group goes with deduplication by group. */
function checkThroughput(merged: ReadonlyMap<string, string>): void {
  if (merged.get("FifoThroughputLimit") !== "perMessageGroupId" || merged.get("DeduplicationScope") === "messageGroup")
    return;
  throw invalidAttributeValue(
    "FifoThroughputLimit",
    "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.",
  );
}

function targetOf(redrive: string): string {
  return `${(JSON.parse(redrive) as { deadLetterTargetArn: string }).deadLetterTargetArn}`.split(":").at(-1) as string;
}
