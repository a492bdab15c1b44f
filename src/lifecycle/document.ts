import { childrenOf, childText, type XmlElement } from "../protocols/rest-xml/read.ts";
import { requireShape, type XmlShape } from "../protocols/rest-xml/shape.ts";
import { element, optional, type Xml, xmlDocument, xmlTime } from "../protocols/rest-xml/write.ts";
import { checkRule } from "./check-rule.ts";
import {
  type LifecycleConfiguration,
  type LifecycleFilter,
  type LifecycleRule,
  MINIMUM_SIZES,
  type MinimumSize,
  type When,
} from "./configuration.ts";
import {
  readAbortDays,
  readExpiration,
  readNoncurrentExpiration,
  readNoncurrentTransitions,
  readTransitions,
} from "./read-actions.ts";
import { readFilter } from "./read-filter.ts";
import { invalidArgument, invalidRequest, malformed } from "./refused.ts";

export const LIFECYCLE_DOCUMENT = "LifecycleConfiguration";
/** A thousand rules of some 700 bytes, and room for indentation. */
export const LIFECYCLE_BYTES_MAX = 1024 * 1024;
/** As it is stored: it comes with the bucket's row, and D1 takes 2 MB in one. */
const STORED_CHARACTERS_MAX = 512 * 1024;
const RULES_MAX = 1_000;
const ID_CHARACTERS_MAX = 255;

const predicate = {
  Prefix: "text",
  Tag: { Key: "text", Value: "text" },
  ObjectSizeGreaterThan: "text",
  ObjectSizeLessThan: "text",
} as const;
const noncurrent = { NoncurrentDays: "text", NewerNoncurrentVersions: "text" } as const;

const SHAPE: XmlShape = {
  Rule: {
    ID: "text",
    Status: "text",
    Prefix: "text",
    Filter: { ...predicate, And: predicate },
    Expiration: { Days: "text", Date: "text", ExpiredObjectDeleteMarker: "text" },
    NoncurrentVersionExpiration: noncurrent,
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: "text" },
    Transition: { Days: "text", Date: "text", StorageClass: "text" },
    NoncurrentVersionTransition: { ...noncurrent, StorageClass: "text" },
  },
};

/** What reading depends on besides the document. */
export interface ReadOptions {
  /** Length of a day. */
  readonly dayMs: number;
  /** Makes the id of a rule that has none. */
  newId(): string;
  /** Whether objects may go to the storage class. */
  isConfigured(storageClass: string): boolean;
  /** As the header `x-amz-transition-default-minimum-object-size` says; null: it does not. */
  readonly minimumSize: string | null;
}

/**
 * Reads a LifecycleConfiguration (S3 API Reference, PutBucketLifecycleConfiguration). Throws `MalformedXml` and `LifecycleRefused`: nothing
 * is taken that a walk could not carry out.
 */
export function readLifecycle(root: XmlElement, options: ReadOptions): LifecycleConfiguration {
  requireShape(root, SHAPE);
  const written = childrenOf(root, "Rule");
  if (written.length === 0 || written.length > RULES_MAX) throw malformed();
  const rules = written.map((rule) => readRule(rule, options));
  if (new Set(rules.map(({ id }) => id)).size < rules.length) {
    throw invalidArgument("Rule ID must be unique. Found same ID for more than one rule", "ID", firstTwice(rules));
  }
  requireOneForm(rules);
  const configuration = { rules, minimumSize: readMinimumSize(options.minimumSize) };
  if (JSON.stringify(configuration).length > STORED_CHARACTERS_MAX) {
    throw invalidRequest(`The rules must not be longer than ${STORED_CHARACTERS_MAX} characters together`);
  }
  return configuration;
}

function readRule(written: XmlElement, { dayMs, newId, isConfigured }: ReadOptions): LifecycleRule {
  const id = childText(written, "ID");
  if (id !== undefined && id.length > ID_CHARACTERS_MAX) {
    throw invalidArgument(`ID length should not exceed allowed limit of ${ID_CHARACTERS_MAX}`, "ID", id);
  }
  const status = childText(written, "Status")?.trim();
  if (status !== "Enabled" && status !== "Disabled") throw malformed();
  const filter = readFilter(written);
  const expiration = readExpiration(written, dayMs);
  const noncurrentExpiration = readNoncurrentExpiration(written);
  const abortDays = readAbortDays(written);
  const transitions = readTransitions(written, dayMs);
  const noncurrentTransitions = readNoncurrentTransitions(written);
  const rule: LifecycleRule = {
    id: id || newId(),
    enabled: status === "Enabled",
    filter,
    ...(expiration && { expiration }),
    ...(noncurrentExpiration && { noncurrentExpiration }),
    ...(abortDays !== undefined && { abortDays }),
    ...(transitions.length > 0 && { transitions }),
    ...(noncurrentTransitions.length > 0 && { noncurrentTransitions }),
  };
  checkRule(rule, isConfigured);
  return rule;
}

function firstTwice(rules: readonly LifecycleRule[]): string {
  const seen = new Set<string>();
  return rules.find(({ id }) => seen.size === seen.add(id).size)?.id ?? "";
}

/** Rules with Filter and rules with a Prefix of the old form do not mix; two old ones must not be about the same keys. */
function requireOneForm(rules: readonly LifecycleRule[]): void {
  const isOld = ({ filter }: LifecycleRule) => filter.form === "prefix";
  const old = rules.filter(isOld);
  if (old.length > 0 && old.length < rules.length) {
    throw invalidRequest(
      isOld(rules[0] as LifecycleRule)
        ? "Filter element can only be used in Lifecycle V2."
        : "Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.",
    );
  }
  for (const action of ["expiration", "transitions", "noncurrentExpiration", "noncurrentTransitions"] as const) {
    const prefixes = old.flatMap((rule) => (rule[action] ? [rule.filter.prefix ?? ""] : [])).sort();
    const at = prefixes.findIndex((prefix, index) => index > 0 && prefix.startsWith(prefixes[index - 1] as string));
    if (at > 0) {
      throw invalidRequest(
        `Found overlapping prefixes '${prefixes[at - 1]}' and '${prefixes[at]}' for same action type '${ACTIONS[action]}'`,
      );
    }
  }
}

const ACTIONS = {
  expiration: "Expiration",
  transitions: "Transition",
  noncurrentExpiration: "NoncurrentVersionExpiration",
  noncurrentTransitions: "NoncurrentVersionTransition",
} as const;

function readMinimumSize(text: string | null): MinimumSize {
  if (text === null) return "all_storage_classes_128K";
  const known = MINIMUM_SIZES.find((size) => size === text);
  if (known) return known;
  throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${text}`);
}

/** The document that GetBucketLifecycleConfiguration answers. */
export function lifecycleDocument({ rules }: LifecycleConfiguration): string {
  return xmlDocument(LIFECYCLE_DOCUMENT, rules.map(ruleElement));
}

function ruleElement(rule: LifecycleRule): Xml {
  const { expiration, noncurrentExpiration, transitions = [], noncurrentTransitions = [] } = rule;
  return element(
    "Rule",
    element("ID", rule.id),
    filterElement(rule.filter),
    element("Status", rule.enabled ? "Enabled" : "Disabled"),
    transitions.map((to) => element("Transition", ...whenElements(to), element("StorageClass", to.storageClass))),
    expiration
      ? element(
          "Expiration",
          ...("deleteMarker" in expiration
            ? [element("ExpiredObjectDeleteMarker", expiration.deleteMarker)]
            : whenElements(expiration)),
        )
      : undefined,
    noncurrentTransitions.map((to) =>
      element("NoncurrentVersionTransition", ...noncurrentElements(to), element("StorageClass", to.storageClass)),
    ),
    noncurrentExpiration
      ? element("NoncurrentVersionExpiration", ...noncurrentElements(noncurrentExpiration))
      : undefined,
    rule.abortDays === undefined
      ? undefined
      : element("AbortIncompleteMultipartUpload", element("DaysAfterInitiation", rule.abortDays)),
  );
}

function filterElement({ form, prefix, tags = [], largerThan, smallerThan }: LifecycleFilter): Xml {
  if (form === "prefix") return element("Prefix", prefix);
  const inner = [
    optional("Prefix", prefix),
    ...tags.map(([key, value]) => element("Tag", element("Key", key), element("Value", value))),
    optional("ObjectSizeGreaterThan", largerThan),
    optional("ObjectSizeLessThan", smallerThan),
  ];
  return element("Filter", ...(form === "and" ? [element("And", ...inner)] : inner));
}

function whenElements(when: When): Xml[] {
  return "days" in when ? [element("Days", when.days)] : [element("Date", xmlTime(when.dateMs))];
}

function noncurrentElements({ days, newer }: { days: number; newer?: number }): Xml[] {
  return [element("NoncurrentDays", days), optional("NewerNoncurrentVersions", newer)];
}
