import { isFifoName, parseQueueArn, queueArn } from "../../../queues/settings.ts";
import { checkSubscriptionPolicy, DeliveryPolicyProblem } from "../../../topics/delivery-policy.ts";
import { FilterPolicyProblem, type FilterScope, parseFilterPolicy } from "../../../topics/filter-policy.ts";
import type { SnsCall } from "../model/call.ts";
import { invalidParameter, notBuilt } from "../model/errors.ts";

const NAMES = ["DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"] as const;
const UNBUILT = ["ReplayPolicy", "SubscriptionRoleArn"];
/** Attributes that an empty value or {} takes away. */
const REMOVABLE = ["DeliveryPolicy", "FilterPolicy", "RedrivePolicy", "FilterPolicyScope"];

export type SubscriptionAttributes = Readonly<Record<string, string>>;

export interface AttributeSubject {
  readonly protocol: string;
  /** Of the subscriber. */
  readonly accountId: string;
  /** Of the topic. */
  readonly topic: { readonly name: string; readonly region: string };
}

/**
 * Checks attributes and puts them over `before`. Throws InvalidParameter and NotImplemented. One D1 round trip for a RedrivePolicy.
 */
export async function mergeAttributes(
  call: SnsCall,
  subject: AttributeSubject,
  { before, given }: { before: SubscriptionAttributes; given: ReadonlyMap<string, string> },
): Promise<SubscriptionAttributes> {
  const merged = new Map(Object.entries(before));
  for (const [name, value] of given) {
    checkName(name);
    merged.set(name, value);
  }
  for (const name of REMOVABLE) if (/^(\s*|\{\s*\})$/.test(merged.get(name) ?? "x")) merged.delete(name);
  if (given.has("RawMessageDelivery")) checkRaw(given.get("RawMessageDelivery") ?? "", merged);
  checkFilter(merged);
  if (given.has("DeliveryPolicy")) checkDelivery(merged.get("DeliveryPolicy"), subject);
  const redrive = merged.get("RedrivePolicy");
  if (redrive !== undefined && given.has("RedrivePolicy")) await checkRedrive(call, subject, redrive);
  return Object.fromEntries(merged);
}

function checkName(name: string): void {
  if (UNBUILT.includes(name)) throw notBuilt(`The attribute ${name}`);
  if (!(NAMES as readonly string[]).includes(name)) throw invalidParameter("AttributeName");
}

function checkRaw(value: string, merged: Map<string, string>): void {
  const lower = value.toLowerCase();
  if (lower !== "true" && lower !== "false") {
    throw invalidParameter(
      "Attributes",
      `RawMessageDelivery: Invalid value [${value.slice(0, 64)}]. Must be true or false.`,
    );
  }
  merged.set("RawMessageDelivery", lower);
}

function checkFilter(merged: ReadonlyMap<string, string>): void {
  const scope = merged.get("FilterPolicyScope") ?? "MessageAttributes";
  if (scope !== "MessageAttributes" && scope !== "MessageBody") {
    throw invalidParameter(
      "FilterPolicyScope",
      `Invalid value [${scope.slice(0, 64)}]. Please use either MessageBody or MessageAttributes`,
    );
  }
  const policy = merged.get("FilterPolicy");
  if (policy === undefined) return;
  try {
    parseFilterPolicy(policy, scope satisfies FilterScope);
  } catch (error) {
    if (!(error instanceof FilterPolicyProblem)) throw error;
    throw invalidParameter(`FilterPolicy: ${error.message}`);
  }
}

function checkDelivery(policy: string | undefined, { protocol }: AttributeSubject): void {
  if (policy === undefined) return;
  if (protocol === "sqs") throw invalidParameter("DeliveryPolicy", "protocol sqs does not support it");
  try {
    checkSubscriptionPolicy(policy);
  } catch (error) {
    if (!(error instanceof DeliveryPolicyProblem)) throw error;
    throw invalidParameter(`DeliveryPolicy: ${error.message}`);
  }
}

/** A dead letter queue must be there, in the subscription's account and region, and FIFO as the topic is. Others' queues are not looked for. */
async function checkRedrive({ queues }: SnsCall, { topic, accountId }: AttributeSubject, text: string): Promise<void> {
  const arn = targetOf(text);
  const name = arn === null ? null : parseQueueArn(arn);
  if (arn === null || name === null) {
    throw invalidParameter("RedrivePolicy", "deadLetterTargetArn must be the ARN of a queue");
  }
  const queue = name.accountId === accountId ? await queues.queues.find(name.accountId, name.name) : null;
  if (queue === null || queueArn(queue) !== arn || queue.region !== topic.region) {
    throw invalidParameter(
      "RedrivePolicy",
      "deadLetterTargetArn must name a queue in the account and region of the subscription",
    );
  }
  if (isFifoName(name.name) !== isFifoName(topic.name)) {
    throw invalidParameter(
      "RedrivePolicy",
      "must use a FIFO queue as DLQ for a FIFO topic, and a standard one for others",
    );
  }
}

function targetOf(text: string): string | null {
  try {
    const policy = JSON.parse(text) as { deadLetterTargetArn?: unknown } | null;
    const target = policy?.deadLetterTargetArn;
    const isAlone = typeof policy === "object" && policy !== null && Object.keys(policy).length === 1;
    return isAlone && typeof target === "string" && target.length <= 512 ? target : null;
  } catch {
    return null;
  }
}
