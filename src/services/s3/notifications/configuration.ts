import { parseArn } from "../../../base/arn.ts";
import {
  EVENT_NAMES,
  haveOverlap,
  type NotificationConfiguration,
  type NotificationRule,
  type TargetKind,
} from "../../../events/rules.ts";
import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, type Xml, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { S3Error } from "../errors/error.ts";

const RULES_MAX = 100;
const ID_CHARACTERS_MAX = 255;
const FILTER_BYTES_MAX = 1024;
const ARN_CHARACTERS_MAX = 512;
/** ARNs have no spaces: names of delivery queues contain one. */
const ARN = new RegExp(`^[\\x21-\\x7e]{1,${ARN_CHARACTERS_MAX}}$`);

/** Elements of each kind of target. */
const KINDS = [
  { kind: "topic", list: "TopicConfiguration", target: "Topic", service: "sns" },
  { kind: "queue", list: "QueueConfiguration", target: "Queue", service: "sqs" },
  { kind: "function", list: "CloudFunctionConfiguration", target: "CloudFunction", service: "lambda" },
] as const satisfies readonly { kind: TargetKind; list: string; target: string; service: string }[];

const filter = { S3Key: { FilterRule: { Name: "text", Value: "text" } } } as const;

/** Schema of a NotificationConfiguration. There is one `Event` element per event. */
export const NOTIFICATION_SHAPE: XmlShape = {
  TopicConfiguration: { Id: "text", Topic: "text", Event: "text", Filter: filter },
  QueueConfiguration: { Id: "text", Queue: "text", Event: "text", Filter: filter },
  CloudFunctionConfiguration: {
    Id: "text",
    CloudFunction: "text",
    Event: "text",
    Filter: filter,
    InvocationRole: "text",
  },
  EventBridgeConfiguration: {},
};

/**
 * Reads a NotificationConfiguration. `newId` makes the id of a rule without one. Throws
 * MalformedXML if an element is missing, and InvalidArgument for an unknown event, an ARN or filter
 * that S3 does not accept, repeated ids, and overlapping rules.
 */
export function parseNotificationConfiguration(root: XmlElement, newId: () => string): NotificationConfiguration {
  const rules = KINDS.flatMap((of) => childrenOf(root, of.list).map((written) => parseRule(written, of, newId)));
  if (rules.length > RULES_MAX) {
    throw new S3Error("InvalidArgument", `The configuration may not have more than ${RULES_MAX} notification rules`);
  }
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw new S3Error("InvalidArgument", "Same ID used for multiple configurations. IDs must be unique");
  }
  if (haveOverlap(rules)) {
    throw new S3Error(
      "InvalidArgument",
      "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.",
    );
  }
  return { rules, eventBridge: child(root, "EventBridgeConfiguration") !== undefined };
}

function parseRule(written: XmlElement, { kind, target, service }: (typeof KINDS)[number], newId: () => string) {
  const id = childText(written, "Id");
  if (id !== undefined && id.length > ID_CHARACTERS_MAX) {
    throw invalid("Id", id, `The ID of a notification rule must not have more than ${ID_CHARACTERS_MAX} characters`);
  }
  const arn = childText(written, target)?.trim();
  const events = childrenOf(written, "Event").map(({ text }) => text.trim());
  if (arn === undefined || events.length === 0) throw new S3Error("MalformedXML");
  const parsed = ARN.test(arn) ? parseArn(arn) : null;
  // A queue binding of the Worker.
  const isBinding = kind === "queue" && parsed?.partition === "cloudflare" && parsed.service === "queues";
  if (parsed?.service !== service && !isBinding)
    throw invalid(target, arn.slice(0, ARN_CHARACTERS_MAX), "The ARN could not be parsed");
  const unknown = events.find((event) => !EVENT_NAMES.has(event));
  if (unknown !== undefined) {
    throw invalid("Event", unknown, "The event is not supported for notifications");
  }
  return { id: id || newId(), kind, target: arn, events: [...new Set(events)], ...parseFilter(written) };
}

function parseFilter(written: XmlElement): Pick<NotificationRule, "prefix" | "suffix"> {
  const key = child(child(written, "Filter") ?? { name: "", text: "", children: [] }, "S3Key");
  const found: { prefix: string | null; suffix: string | null } = { prefix: null, suffix: null };
  for (const rule of key ? childrenOf(key, "FilterRule") : []) {
    const name = childText(rule, "Name")?.trim().toLowerCase();
    const value = childText(rule, "Value") ?? "";
    if (name !== "prefix" && name !== "suffix") {
      throw invalid("FilterRule.Name", name ?? "", "filter rule name must be either prefix or suffix");
    }
    if (found[name] !== null) {
      throw invalid("FilterRule.Name", name, `Cannot specify more than one ${name} rule in a filter.`);
    }
    if (new TextEncoder().encode(value).length > FILTER_BYTES_MAX) {
      throw invalid("FilterRule.Value", value, `Size of filter rule value cannot exceed ${FILTER_BYTES_MAX} bytes`);
    }
    found[name] = value;
  }
  return found;
}

function invalid(ArgumentName: string, ArgumentValue: string, message: string): S3Error {
  return new S3Error("InvalidArgument", message, { ArgumentName, ArgumentValue });
}

/** The document of GetBucketNotificationConfiguration. */
export function notificationDocument({ rules, eventBridge }: NotificationConfiguration): string {
  const written = KINDS.flatMap((of) =>
    rules.filter(({ kind }) => kind === of.kind).map((rule) => ruleElement(rule, of)),
  );
  return xmlDocument(
    "NotificationConfiguration",
    written,
    eventBridge ? element("EventBridgeConfiguration") : undefined,
  );
}

function ruleElement(rule: NotificationRule, { list, target }: (typeof KINDS)[number]): Xml {
  const filters = (["prefix", "suffix"] as const).flatMap((name) => {
    const value = rule[name];
    const label = name === "prefix" ? "Prefix" : "Suffix";
    return value === null ? [] : [element("FilterRule", element("Name", label), element("Value", value))];
  });
  return element(
    list,
    element("Id", rule.id),
    element(target, rule.target),
    rule.events.map((event) => element("Event", event)),
    filters.length > 0 ? element("Filter", element("S3Key", filters)) : optional("Filter", undefined),
  );
}
