import type { JsonError } from "../../../protocols/aws-json/error.ts";
import { isFifoName, parseQueueArn } from "../../../queues/settings.ts";
import type { SqsCall } from "./call.ts";
import { invalidAttributeValue, invalidParameter } from "./errors.ts";
import type { QueueName } from "./queue-memory.ts";

const RECEIVES_MAX = 1_000;
const SOURCES_MAX = 10;

function invalid(value: string, reason: string): JsonError {
  return invalidParameter(`Value ${value.slice(0, 1024)} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
}

/** The name of the dead letter queue that a RedrivePolicy sets, after everything of it was checked. One round trip. */
export async function checkRedrivePolicy(
  call: SqsCall,
  source: QueueName & { arn: string },
  text: string,
): Promise<string> {
  const policy = parseObject(text);
  if (policy === null) throw invalid(text, "Redrive policy is not a valid JSON map.");
  const { deadLetterTargetArn, maxReceiveCount, ...others } = policy;
  for (const [name, value] of Object.entries({ deadLetterTargetArn, maxReceiveCount })) {
    if (value === undefined) throw invalid(text, `Redrive policy does not contain mandatory attribute: ${name}.`);
  }
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(text, `Redrive policy contains an unknown attribute: ${unknown}.`);
  checkReceives(text, maxReceiveCount);
  const target = typeof deadLetterTargetArn === "string" ? parseQueueArn(deadLetterTargetArn) : null;
  if (target === null || target.accountId !== source.accountId)
    throw invalid(text, "Invalid value for deadLetterTargetArn.");
  if (isFifoName(target.name) !== isFifoName(source.name)) {
    throw invalid(text, "Dead-letter queue must be same type of queue as the source.");
  }
  const queue = await call.memory.read(call.context.tables, target);
  if (queue === null || queue.arn !== deadLetterTargetArn) throw invalid(text, "Dead letter target does not exist.");
  if (!allows(queue.attributes.RedriveAllowPolicy, source.arn)) {
    throw invalid(text, "The dead-letter queue does not allow this queue as a source.");
  }
  return target.name;
}

function checkReceives(text: string, value: unknown): void {
  const isWhole = typeof value === "number" || (typeof value === "string" && /^\d{1,6}$/.test(value));
  const count = isWhole ? Number(value) : Number.NaN;
  if (Number.isInteger(count) && count >= 1 && count <= RECEIVES_MAX) return;
  const shown = `${typeof value === "object" ? JSON.stringify(value) : value}`.slice(0, 64);
  throw invalid(
    text,
    `Invalid value for maxReceiveCount: ${shown}, valid values are from 1 to ${RECEIVES_MAX} both inclusive.`,
  );
}

/** Whether the dead letter queue lets `sourceArn` send it messages. */
function allows(policy: string | undefined, sourceArn: string): boolean {
  if (policy === undefined) return true;
  const { redrivePermission, sourceQueueArns } = JSON.parse(policy) as Record<string, unknown>;
  if (redrivePermission === "denyAll") return false;
  return redrivePermission !== "byQueue" || (Array.isArray(sourceQueueArns) && sourceQueueArns.includes(sourceArn));
}

export function checkRedriveAllowPolicy(text: string): void {
  const refuse = (reason: string) => invalidAttributeValue("RedriveAllowPolicy", reason);
  const policy = parseObject(text);
  if (policy === null) throw refuse("It is not a valid JSON map.");
  const { redrivePermission, sourceQueueArns, ...others } = policy;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refuse(`It contains an unknown attribute: ${unknown}.`);
  if (!["allowAll", "denyAll", "byQueue"].includes(redrivePermission as string)) {
    throw refuse("redrivePermission must be allowAll, denyAll or byQueue.");
  }
  if (redrivePermission !== "byQueue") {
    if (sourceQueueArns !== undefined) throw refuse("sourceQueueArns goes with redrivePermission byQueue only.");
    return;
  }
  const arns = Array.isArray(sourceQueueArns) ? sourceQueueArns : [];
  const areArns = arns.every((arn) => typeof arn === "string" && parseQueueArn(arn) !== null);
  if (arns.length === 0 || arns.length > SOURCES_MAX || !areArns) {
    throw refuse(`sourceQueueArns must have 1 to ${SOURCES_MAX} ARNs of queues.`);
  }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
