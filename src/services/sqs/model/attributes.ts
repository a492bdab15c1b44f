import { boundAttributes } from "../../../auth/policy-principals.ts";
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
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
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
const REMOVABLE = ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"];

/** Attributes that a queue has and nobody sets. */
export const COUNTS = [
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
];
const FACTS = [...COUNTS, "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"];

/** Every attribute that GetQueueAttributes can be asked for. */
export const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  ...["All", ...FACTS, ...Object.keys(RANGES), ...FLAGS, ...Object.keys(FIFO_VALUES), ...REMOVABLE],
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
  chooseEncryption(merged, { given, hadKey: before.KmsMasterKeyId !== undefined });
  for (const name of REMOVABLE) if (merged.get(name) === "") merged.delete(name);
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
  if (value === "" && REMOVABLE.includes(name)) return;
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
  } else if (name === "KmsMasterKeyId") {
    if (!isKeyName(value)) throw invalidAttributeValue(name);
  } else if (name === "Policy") checkQueuePolicy(value, queue.arn);
  else if (name === "RedriveAllowPolicy") checkRedriveAllowPolicy(value);
  else if (name !== "RedrivePolicy") throw invalidAttribute(name);
}

/** A key id, an alias, or the ARN of one of them. Whether there is such a key is found out when a message is sent, as at AWS. */
function isKeyName(value: string): boolean {
  const name = /^arn:aws:kms:[a-z0-9-]+:\d{12}:(key\/|(?=alias\/))(.+)$/.exec(value)?.[2] ?? value;
  return /^([0-9a-f-]{36}|mrk-[0-9a-f]{32}|alias\/[\w/-]{1,250})$/.test(name);
}

/** A queue has one encryption: whichever was asked for last. */
function chooseEncryption(
  merged: Map<string, string>,
  { given, hadKey }: { given: ReadonlyMap<string, string>; hadKey: boolean },
): void {
  const isKms = (given.get("KmsMasterKeyId") ?? "") !== "";
  const isManaged = given.get("SqsManagedSseEnabled") === "true";
  if (isKms && isManaged) {
    const reason = "A queue has one type of server-side encryption at a time: either SSE-KMS or SSE-SQS.";
    throw invalidAttributeValue("KmsMasterKeyId", reason);
  }
  if (isManaged) merged.delete("KmsMasterKeyId");
  // A queue whose key is taken away is encrypted as every other one, unless the same request says otherwise.
  else if (isKms || (hadKey && given.get("KmsMasterKeyId") === "" && !given.has("SqsManagedSseEnabled")))
    merged.delete("SqsManagedSseEnabled");
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
