import { describe, expect, it } from "vitest";
import { lifecycleDocument, readLifecycle } from "../../src/lifecycle/document.ts";
import { LifecycleRefused } from "../../src/lifecycle/refused.ts";
import { MalformedXml, readXml } from "../../src/protocols/rest-xml/read.ts";

const DAY_MS = 86_400_000;

function read(
  inner: string,
  { minimumSize = null, dayMs = DAY_MS }: { minimumSize?: string | null; dayMs?: number } = {},
) {
  const bytes = new TextEncoder().encode(`<LifecycleConfiguration>${inner}</LifecycleConfiguration>`);
  let made = 0;
  return readLifecycle(readXml(bytes, "LifecycleConfiguration"), {
    dayMs,
    newId: () => `made-${++made}`,
    isConfigured: (name) => name !== "DEEP_ARCHIVE",
    minimumSize,
  });
}

/** `code` or `code: message` of what the document is refused with. */
function refusal(inner: string, options = {}): string {
  try {
    read(inner, options);
  } catch (error) {
    if (error instanceof MalformedXml) return "MalformedXML";
    if (error instanceof LifecycleRefused) {
      return error.code === "MalformedXML" ? error.code : `${error.code}: ${error.message}`;
    }
    throw error;
  }
  return "taken";
}

const ENABLED = "<Status>Enabled</Status>";
const EXPIRES = "<Expiration><Days>1</Days></Expiration>";
const rule = (inner: string, filter = "<Filter/>") => `<Rule>${filter}${ENABLED}${inner}</Rule>`;
const filtered = (filter: string, inner = EXPIRES) => rule(inner, `<Filter>${filter}</Filter>`);
const tag = (key: string, value = "v") => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const transition = (when: string, to: string) => `<Transition>${when}<StorageClass>${to}</StorageClass></Transition>`;
const days = (count: number) => `<Days>${count}</Days>`;
const noncurrent = (inner: string) => `<NoncurrentVersionExpiration>${inner}</NoncurrentVersionExpiration>`;
const ABORT =
  "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
const MARKER = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";

describe("a lifecycle configuration", () => {
  it.each([
    ["no rules", "", "MalformedXML"],
    ["1,001 rules", rule(EXPIRES).repeat(1_001), "MalformedXML"],
    ["an unknown element", rule(`${EXPIRES}<Color>red</Color>`), "MalformedXML"],
    ["no status", `<Rule><Filter/>${EXPIRES}</Rule>`, "MalformedXML"],
    ["a status in small letters", `<Rule><Filter/><Status>enabled</Status>${EXPIRES}</Rule>`, "MalformedXML"],
    ["neither Filter nor Prefix", `<Rule>${ENABLED}${EXPIRES}</Rule>`, "MalformedXML"],
    ["both", `<Rule><Filter/><Prefix/>${ENABLED}${EXPIRES}</Rule>`, "MalformedXML"],
    ["two predicates without And", filtered(`<Prefix>a</Prefix>${tag("k")}`), "MalformedXML"],
    ["And of one predicate", filtered("<And><Prefix>a</Prefix></And>"), "MalformedXML"],
    ["And beside a predicate", filtered(`<Prefix>a</Prefix><And>${tag("k")}${tag("l")}</And>`), "MalformedXML"],
    ["no action", rule(""), "InvalidRequest: At least one action needs to be specified in a rule"],
    ["an empty expiration", rule("<Expiration/>"), "MalformedXML"],
    ["days and a date", rule(`<Expiration>${days(1)}<Date>2027-01-01</Date></Expiration>`), "MalformedXML"],
    [
      "days and a marker",
      rule(`<Expiration>${days(1)}<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>`),
      "MalformedXML",
    ],
    ["days of no number", rule("<Expiration><Days>1.5</Days></Expiration>"), "MalformedXML"],
    ["too many days", rule("<Expiration><Days>2147483648</Days></Expiration>"), "MalformedXML"],
    [
      "0 days",
      rule("<Expiration><Days>0</Days></Expiration>"),
      "InvalidArgument: 'Days' for Expiration action must be a positive integer",
    ],
    [
      "-1 days",
      rule("<Expiration><Days>-1</Days></Expiration>"),
      "InvalidArgument: 'Days' for Expiration action must be a positive integer",
    ],
    [
      "0 noncurrent days",
      rule(noncurrent("<NoncurrentDays>0</NoncurrentDays>")),
      "InvalidArgument: 'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
    ],
    ["no noncurrent days", rule(noncurrent("<NewerNoncurrentVersions>1</NewerNoncurrentVersions>")), "MalformedXML"],
    [
      "0 newer versions",
      rule(noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>0</NewerNoncurrentVersions>")),
      "InvalidArgument: 'NewerNoncurrentVersions' for NoncurrentVersionExpiration action must be a positive integer",
    ],
    [
      "0 days of an upload",
      rule(ABORT.replace("3", "0")),
      "InvalidArgument: 'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    ],
    [
      "a date at noon",
      rule("<Expiration><Date>2027-01-01T12:00:00Z</Date></Expiration>"),
      "InvalidArgument: 'Date' must be at midnight GMT",
    ],
    [
      "midnight elsewhere",
      rule("<Expiration><Date>2027-01-01T00:00:00+01:00</Date></Expiration>"),
      "InvalidArgument: 'Date' must be at midnight GMT",
    ],
    ["a date that is none", rule("<Expiration><Date>2027-13-01</Date></Expiration>"), "MalformedXML"],
    [
      "a date as HTTP has it",
      rule("<Expiration><Date>Fri, 01 Jan 2027 00:00:00 GMT</Date></Expiration>"),
      "MalformedXML",
    ],
    [
      "an id of 256",
      rule(`<ID>${"x".repeat(256)}</ID>${EXPIRES}`),
      "InvalidArgument: ID length should not exceed allowed limit of 255",
    ],
    [
      "an id twice",
      rule(`<ID>a</ID>${EXPIRES}`).repeat(2),
      "InvalidArgument: Rule ID must be unique. Found same ID for more than one rule",
    ],
    [
      "tags with ABORT",
      filtered(tag("k"), ABORT),
      "InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Tags.",
    ],
    [
      "a size with ABORT",
      filtered("<ObjectSizeLessThan>9</ObjectSizeLessThan>", ABORT),
      "InvalidRequest: AbortIncompleteMultipartUpload cannot be specified with Object Size.",
    ],
    [
      "tags with a marker",
      filtered(tag("k"), MARKER),
      "InvalidRequest: ExpiredObjectDeleteMarker cannot be specified with Tags.",
    ],
    [
      "a size with a marker",
      filtered("<ObjectSizeLessThan>9</ObjectSizeLessThan>", MARKER),
      "InvalidRequest: ExpiredObjectDeleteMarker cannot be specified with Object Size.",
    ],
    [
      "a tag twice",
      filtered(`<And>${tag("k")}${tag("k", "w")}</And>`),
      "InvalidRequest: Duplicate Tag Keys are not allowed.",
    ],
    [
      "eleven tags",
      filtered(`<And>${Array.from({ length: 11 }, (_, at) => tag(`k${at}`)).join("")}</And>`),
      "InvalidRequest: Object tags cannot be greater than 10",
    ],
    ["a tag without a key", filtered("<Tag><Value>v</Value></Tag>"), "MalformedXML"],
    [
      "less than no bytes",
      filtered("<ObjectSizeLessThan>0</ObjectSizeLessThan>"),
      "InvalidRequest: 'ObjectSizeLessThan' should be between 1 and 1099511627776000.",
    ],
    [
      "sizes that leave nothing",
      filtered("<And><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan><ObjectSizeLessThan>9</ObjectSizeLessThan></And>"),
      "InvalidRequest: 'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.",
    ],
    [
      "a prefix of 1,025 bytes",
      filtered(`<Prefix>${"ä".repeat(512)}b</Prefix>`),
      "InvalidArgument: The maximum size of a prefix is 1024.",
    ],
    ["STANDARD", rule(transition(days(1), "STANDARD")), "MalformedXML"],
    ["a class that is none", rule(transition(days(1), "COLD")), "MalformedXML"],
    ["a transition without a class", rule(`<Transition>${days(1)}</Transition>`), "MalformedXML"],
    [
      "a class that is not configured",
      rule(transition(days(1), "DEEP_ARCHIVE")),
      "InvalidArgument: 'StorageClass' DEEP_ARCHIVE in the 'Transition' action is not configured: SHERD_STORAGE_CLASSES has those that are",
    ],
    [
      "infrequent access after 29 days",
      rule(transition(days(29), "STANDARD_IA")),
      "InvalidArgument: 'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'",
    ],
    [
      "a class twice",
      rule(transition(days(30), "GLACIER") + transition(days(60), "GLACIER")),
      "InvalidRequest: 'StorageClass' must be different for 'Transition' actions in same 'Rule' with filter '(prefix=)'",
    ],
    [
      "days and dates",
      rule(transition(days(30), "STANDARD_IA") + transition("<Date>2027-01-01</Date>", "GLACIER")),
      "InvalidRequest: Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for filter '(prefix=)'",
    ],
    [
      "days and a date",
      rule(transition("<Date>2027-01-01</Date>", "GLACIER") + EXPIRES),
      "InvalidRequest: Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '(prefix=)'",
    ],
    [
      "a cheaper class first",
      rule(transition(days(60), "STANDARD_IA") + transition(days(30), "GLACIER")),
      "InvalidArgument: 'Days' in the 'Transition' action for StorageClass 'GLACIER' for filter '(prefix=)' must be greater than 'Days' in the 'Transition' action for StorageClass 'STANDARD_IA'",
    ],
    [
      "expiration before the transition",
      rule(`${transition(days(60), "GLACIER")}<Expiration><Days>60</Days></Expiration>`),
      "InvalidArgument: 'Days' in the Expiration action for filter '(prefix=)' must be greater than 'Days' in the Transition action",
    ],
    [
      "the old form with newer versions",
      rule(
        noncurrent("<NoncurrentDays>1</NoncurrentDays><NewerNoncurrentVersions>1</NewerNoncurrentVersions>"),
        "<Prefix/>",
      ),
      "InvalidRequest: NewerNoncurrentVersions element can only be used in Lifecycle V2.",
    ],
    [
      "both forms",
      rule(EXPIRES, "<Prefix/>") + rule(EXPIRES),
      "InvalidRequest: Filter element can only be used in Lifecycle V2.",
    ],
    [
      "both forms, the new one first",
      rule(EXPIRES) + rule(EXPIRES, "<Prefix/>"),
      "InvalidRequest: Base level prefix cannot be used in Lifecycle V2, prefixes are only supported in the Filter.",
    ],
    [
      "old rules that overlap",
      rule(EXPIRES, "<Prefix>a</Prefix>") + rule(EXPIRES, "<Prefix>ab</Prefix>"),
      "InvalidRequest: Found overlapping prefixes 'a' and 'ab' for same action type 'Expiration'",
    ],
    [
      "more than a row takes",
      Array.from({ length: 1_000 }, (_, at) => filtered(`<Prefix>${at}${"x".repeat(900)}</Prefix>`)).join(""),
      "InvalidRequest: The rules must not be longer than 524288 characters together",
    ],
  ])("is refused with %s", (_, inner, expected) => {
    expect(refusal(inner)).toBe(expected);
  });

  it.each([
    ["1,000 rules", Array.from({ length: 1_000 }, (_, at) => filtered(`<Prefix>logs/${at}/</Prefix>`)).join("")],
    ["rules of the same filter", rule(EXPIRES).repeat(2)],
    ["0 days to a class that takes new objects", rule(transition(days(0), "GLACIER_IR"))],
    ["And of an empty prefix", filtered(`<And><Prefix/>${tag("k")}</And>`)],
    ["old rules that do not overlap", rule(EXPIRES, "<Prefix>a</Prefix>") + rule(ABORT, "<Prefix>ab</Prefix>")],
    ["midnight in another zone", rule("<Expiration><Date>2027-01-01T01:00:00+01:00</Date></Expiration>")],
    ["a date alone", rule("<Expiration><Date>2027-01-01</Date></Expiration>")],
  ])("is taken with %s", (_, inner) => {
    expect(refusal(inner)).toBe("taken");
  });

  it("comes back as it was put", () => {
    const written = [
      `<Rule><ID>one</ID><Filter><Prefix>a&amp;b/</Prefix></Filter><Status>Enabled</Status>${transition(days(30), "STANDARD_IA")}<Expiration><Days>60</Days></Expiration></Rule>`,
      `<Rule><ID>two</ID><Filter/><Status>Disabled</Status>${MARKER}${ABORT}</Rule>`,
      `<Rule><ID>three</ID><Filter><And><Prefix>p</Prefix>${tag("k")}${tag("l", "").replace(
        "<Value></Value>",
        "<Value/>",
      )}<ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><ObjectSizeLessThan>7</ObjectSizeLessThan></And></Filter><Status>Enabled</Status><Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration><NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><NewerNoncurrentVersions>2</NewerNoncurrentVersions><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition>${noncurrent("<NoncurrentDays>31</NoncurrentDays><NewerNoncurrentVersions>100</NewerNoncurrentVersions>")}</Rule>`,
    ].join("");
    const answered = lifecycleDocument(read(written));
    expect(answered).toContain(`>${written}</LifecycleConfiguration>`);
    const old = `<Rule><ID>old</ID><Prefix>x</Prefix><Status>Enabled</Status>${EXPIRES}</Rule>`;
    expect(lifecycleDocument(read(old))).toContain(old);
  });

  it("gets ids for rules without one, and the default size", () => {
    const { rules, minimumSize } = read(rule(EXPIRES) + rule(`<ID/>${EXPIRES}`));
    expect(rules.map(({ id }) => id)).toEqual(["made-1", "made-2"]);
    expect(minimumSize).toBe("all_storage_classes_128K");
    expect(read(rule(EXPIRES), { minimumSize: "varies_by_storage_class" }).minimumSize).toBe("varies_by_storage_class");
    expect(refusal(rule(EXPIRES), { minimumSize: "none" })).toBe(
      "InvalidRequest: Invalid TransitionDefaultMinimumObjectSize found: none",
    );
  });

  it("takes midnights of shortened days", () => {
    const at = rule("<Expiration><Date>2027-01-01T00:00:20Z</Date></Expiration>");
    expect(refusal(at, { dayMs: 10_000 })).toBe("taken");
    expect(refusal(at, { dayMs: 15_000 })).toBe("InvalidArgument: 'Date' must be at midnight GMT");
  });
});
