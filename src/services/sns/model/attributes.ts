import { isFifoName } from "../../../queues/settings.ts";
import { DeliveryPolicyProblem, parseTopicPolicy } from "../../../topics/delivery-policy.ts";
import { settingsOf } from "../../../topics/settings.ts";
import { invalidParameter, notBuilt } from "./errors.ts";
import { checkTopicPolicy, defaultPolicy } from "./policies.ts";
import type { KnownTopic } from "./topic-memory.ts";

/** Attributes that ask for something which is not built. */
const UNBUILT = new Set([
  ...["KmsMasterKeyId", "TracingConfig", "ArchivePolicy", "BeginningArchiveTime"],
  ...["HTTP", "Firehose", "Lambda", "Application", "SQS", "SMS"].flatMap((one) =>
    ["SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn"].map((kind) => one + kind),
  ),
]);

/** Attributes that an empty value takes away. */
const REMOVABLE = ["DeliveryPolicy", "Policy", "DisplayName"];

type Subject = Pick<KnownTopic, "name" | "arn" | "accountId">;

/** Checks an attribute that is to be set. Throws InvalidParameter, and NotImplemented. */
export function checkAttribute(topic: Subject, name: string, value: string): void {
  if (UNBUILT.has(name)) throw notBuilt(`The attribute ${name}`);
  const isRight = CHECKS[name];
  if (isRight === undefined) throw invalidParameter("AttributeName");
  if (value === "" && REMOVABLE.includes(name)) return;
  isRight(topic, value);
}

const CHECKS: Readonly<Record<string, (topic: Subject, value: string) => void>> = {
  Policy: (topic, value) => checkTopicPolicy(value, topic.arn),
  DeliveryPolicy(_, value) {
    try {
      parseTopicPolicy(value);
    } catch (error) {
      if (!(error instanceof DeliveryPolicyProblem)) throw error;
      throw invalidParameter("DeliveryPolicy", error.message);
    }
  },
  DisplayName(_, value) {
    if (value.length > 100 || !/^[\x20-\x7e]*$/.test(value)) throw invalidParameter("DisplayName");
  },
  SignatureVersion: (_, value) => oneOf("SignatureVersion", ["1", "2"], value),
  FifoTopic(topic, value) {
    oneOf("FifoTopic", ["true", "false"], value);
    if ((value === "true") !== isFifoName(topic.name)) throw invalidParameter("FifoTopic");
  },
  ContentBasedDeduplication(topic, value) {
    fifoOnly("ContentBasedDeduplication", topic);
    oneOf("ContentBasedDeduplication", ["true", "false"], value);
  },
  FifoThroughputScope(topic, value) {
    fifoOnly("FifoThroughputScope", topic);
    oneOf("FifoThroughputScope", ["Topic", "MessageGroup"], value);
  },
};

function oneOf(name: string, values: readonly string[], value: string): void {
  if (!values.includes(value)) throw invalidParameter(name, `must be one of ${values.join(", ")}`);
}

function fifoOnly(name: string, { name: topic }: Subject): void {
  if (!isFifoName(topic)) throw invalidParameter("Attributes", `${name} is for FIFO topics only`);
}

/** The attributes with one set. An empty value takes it away. */
export function withAttribute(
  before: Readonly<Record<string, string>>,
  name: string,
  value: string,
): Readonly<Record<string, string>> {
  const { [name]: _, ...others } = before;
  // Whether it is a FIFO topic, its name says.
  return value === "" || name === "FifoTopic" ? others : { ...others, [name]: value };
}

/** Attributes that GetTopicAttributes shows as they were set, with their defaults. */
export function shownAttributes(topic: KnownTopic): Readonly<Record<string, string>> {
  const { isFifo, hasContentDeduplication, signatureVersion } = settingsOf(topic);
  return {
    Policy: defaultPolicy(topic.arn, topic.accountId),
    DisplayName: "",
    ...topic.attributes,
    SignatureVersion: signatureVersion,
    ...(isFifo && {
      FifoTopic: "true",
      ContentBasedDeduplication: `${hasContentDeduplication}`,
      FifoThroughputScope: topic.attributes.FifoThroughputScope ?? "Topic",
    }),
  };
}
