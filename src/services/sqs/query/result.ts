import { toBase64 } from "../../../base/bytes.ts";
import type { JsonAnswer, JsonResult } from "../../../protocols/aws-json/answer.ts";
import { FlatList, type QueryResult, type QueryValue } from "../../../protocols/aws-query/answer.ts";

/** Names of lists and maps as the query protocol has them. */
const NAMES: Readonly<Record<string, string>> = {
  Attributes: "Attribute",
  Failed: "BatchResultErrorEntry",
  MessageAttributes: "MessageAttribute",
  Messages: "Message",
  QueueUrls: "QueueUrl",
  Results: "ListMessageMoveTasksResultEntry",
  Tags: "Tag",
  queueUrls: "QueueUrl",
};

/** Operations whose answer has no result. */
const WITHOUT_RESULT = new Set([
  ...["AddPermission", "ChangeMessageVisibility", "DeleteMessage", "DeleteQueue", "PurgeQueue", "RemovePermission"],
  ...["SetQueueAttributes", "TagQueue", "UntagQueue"],
]);

/** The result of an operation, which answers as the JSON protocol has it, for the query protocol. */
export function toQueryResult(operation: string, result: JsonResult | null): QueryResult | null {
  return WITHOUT_RESULT.has(operation) ? null : membersOf(operation, result ?? {});
}

function membersOf(operation: string, result: JsonResult): QueryResult {
  const entries = Object.entries(result).map(([name, value]): [string, QueryValue] => {
    const formName = name === "Successful" ? `${operation}ResultEntry` : (NAMES[name] ?? name);
    return [formName, toQueryValue(operation, name, value)];
  });
  return Object.fromEntries(entries);
}

function toQueryValue(operation: string, name: string, value: JsonAnswer): QueryValue {
  if (value === null || value === undefined || typeof value !== "object" || value instanceof Date) return value;
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return new FlatList(value.map((one) => toQueryValue(operation, "", one)));
  if (value instanceof Map) {
    const key = name === "Tags" ? "Key" : "Name";
    return new FlatList([...value].map(([one, item]) => ({ [key]: one, Value: toQueryValue(operation, "", item) })));
  }
  return membersOf(operation, value as JsonResult);
}
