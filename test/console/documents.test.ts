import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { policyWords, S3_ACTIONS } from "../../console/src/access/policy-words.ts";
import { snippetOf, TOOLS } from "../../console/src/access/snippets.ts";
import {
  CORS,
  fromXml,
  LIFECYCLE,
  memberNames,
  NOTIFICATIONS,
  type Shape,
  toXml,
  WEBSITE,
} from "../../console/src/aws/documents.ts";
import { encryptionDocument, lockDocument } from "../../console/src/aws/s3/bucket-settings.ts";
import { type Filter, LOGGING, prefixOf, TIERING } from "../../console/src/aws/s3/reports.ts";
import { addPreviews, type PreviewRow } from "../../console/src/buckets/settings/preview.ts";
import { redundancyRows } from "../../console/src/operations/durability.ts";
import { completeWord } from "../../console/src/ui/complete-word.ts";
import { s3Actions } from "../../src/auth/policy/s3-catalog.ts";

/** Just enough of the browser's Element for `fromXml`. */
interface FakeElement {
  localName: string;
  textContent: string;
  children: FakeElement[];
}

function elementOf(xml: string): Element {
  const parser = new XMLParser({
    preserveOrder: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: true,
    htmlEntities: true,
  });
  const convert = (nodes: Record<string, unknown>[]): { children: FakeElement[]; textContent: string } => {
    const texts = nodes.flatMap((node) => ("#text" in node ? [String(node["#text"])] : []));
    const children = nodes.flatMap((node) =>
      Object.entries(node).flatMap(([name, inner]) =>
        name === "#text" || name === ":@" ? [] : [{ localName: name, ...convert(inner as Record<string, unknown>[]) }],
      ),
    );
    return { children, textContent: texts.join("") };
  };
  return convert(parser.parse(xml)).children[0] as unknown as Element;
}

const EXAMPLES: [string, Shape, unknown][] = [
  [
    "CORS",
    CORS,
    {
      CORSRules: [
        { ID: "a&<b>", AllowedOrigins: ["*", "https://x"], AllowedMethods: ["GET"], MaxAgeSeconds: 5 },
        { AllowedMethods: ["PUT"] },
      ],
    },
  ],
  [
    "notifications",
    NOTIFICATIONS,
    {
      QueueConfigurations: [
        {
          Id: "q",
          QueueArn: "arn:aws:sqs:us-east-1:1:q",
          Events: ["s3:ObjectCreated:*"],
          Filter: { Key: { FilterRules: [{ Name: "prefix", Value: "<img>" }] } },
        },
      ],
      EventBridgeConfiguration: {},
    },
  ],
  [
    "lifecycle",
    LIFECYCLE,
    {
      Rules: [
        {
          ID: "one",
          Status: "Enabled",
          Filter: {
            And: {
              Prefix: "p/",
              Tags: [
                { Key: "k", Value: "v" },
                { Key: "l", Value: "" },
              ],
              ObjectSizeGreaterThan: 1,
            },
          },
          Transitions: [
            { Days: 1, StorageClass: "A" },
            { Days: 2, StorageClass: "B" },
          ],
          Expiration: { ExpiredObjectDeleteMarker: true },
        },
      ],
    },
  ],
  [
    "website",
    WEBSITE,
    {
      IndexDocument: { Suffix: "i" },
      RoutingRules: [{ Redirect: { HostName: "h" } }, { Redirect: { HostName: "i" } }],
    },
  ],
  [
    "logging",
    LOGGING.shape,
    {
      LoggingEnabled: {
        TargetBucket: "b",
        TargetPrefix: "",
        TargetGrants: [
          { Grantee: { ID: "i", DisplayName: "<d>" }, Permission: "READ" },
          { Grantee: { URI: "u" }, Permission: "WRITE" },
        ],
        TargetObjectKeyFormat: { SimplePrefix: {} },
      },
    },
  ],
];

describe("configurations in the console", () => {
  test.each(EXAMPLES)("%s: XML says what the JSON said", (_, shape, value) => {
    expect(fromXml(shape, elementOf(`<x>${toXml(shape, value)}</x>`))).toEqual(value);
  });

  test("the prefix of a filter is read where there are other conditions too", () => {
    const prefixIn = (filter: string) => {
      const xml = `<x><Filter>${filter}<Tag><Key>k</Key></Tag></Filter></x>`;
      return prefixOf((fromXml(TIERING.shape, elementOf(xml)) as { Filter?: Filter }).Filter);
    };
    expect(prefixIn("<Prefix>a/</Prefix>")).toBe("a/");
    expect(prefixIn("<And><Prefix>b/</Prefix><Tag><Key>k</Key></Tag></And>")).toBe("b/");
    expect(prefixIn("")).toBe("");
    expect(prefixOf(undefined)).toBe("");
  });

  test("wire names are those of S3", () => {
    expect(toXml(LOGGING.shape, { LoggingEnabled: { TargetGrants: [{ Permission: "READ" }] } })).toBe(
      "<LoggingEnabled><TargetGrants><Grant><Permission>READ</Permission></Grant></TargetGrants></LoggingEnabled>",
    );
    expect(toXml(NOTIFICATIONS, { QueueConfigurations: [{ QueueArn: "arn", Events: ["e", "f"] }] })).toBe(
      "<QueueConfiguration><Queue>arn</Queue><Event>e</Event><Event>f</Event></QueueConfiguration>",
    );
    expect(toXml(WEBSITE, { RoutingRules: [{ Redirect: { HostName: "h" } }] })).toBe(
      "<RoutingRules><RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule></RoutingRules>",
    );
  });

  test("what is not of the form is refused by its path, and never left out", () => {
    const wrong = (shape: Shape, value: unknown) => {
      try {
        return toXml(shape, value);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(wrong(CORS, { CORSRules: [{ AllowedMethod: "GET" }] })).toBe("CORSRules[0].AllowedMethod: unknown");
    expect(wrong(CORS, { CORSRules: [{ AllowedMethods: "GET" }] })).toBe("CORSRules[0].AllowedMethods: array");
    expect(wrong(LIFECYCLE, { Rules: [{ Expiration: { Days: "1" } }] })).toBe("Rules[0].Expiration.Days: number");
    expect(wrong(CORS, { constructor: 1 })).toBe("constructor: unknown");
    expect(wrong(CORS, [])).toBe(": object");
    expect(wrong(CORS, null)).toBe(": object");
  });

  test("forms become documents", () => {
    expect(lockDocument({ mode: "COMPLIANCE", unit: "Years", count: 7 })).toContain(
      "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>7</Years>",
    );
    expect(lockDocument(null)).not.toContain("Rule");
    const sse = encryptionDocument({ algorithm: "AES256", keyId: "left over", bucketKey: true });
    expect(sse).toContain("<SSEAlgorithm>AES256</SSEAlgorithm></Apply");
    expect(sse).not.toMatch(/left over|BucketKey/);
    expect(encryptionDocument({ algorithm: "aws:kms", keyId: "a<b", bucketKey: false })).toContain(
      "<KMSMasterKeyID>a&#60;b</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false<",
    );
  });
});

describe("words of policies", () => {
  test("S3's actions are actions that bucket policies and users have", () => {
    const unknown = S3_ACTIONS.filter((action) => action !== "s3:*" && !s3Actions.has(action.toLowerCase()));
    expect(unknown).toEqual([]);
  });

  test("are completed within quotes only", () => {
    const at = (text: string, explicit = false) =>
      completeWord(
        {
          explicit,
          matchBefore: (pattern: RegExp) => {
            const found = new RegExp(`(?:${pattern.source})$`).exec(text);
            return found === null ? null : { from: found.index, to: text.length, text: found[0] };
          },
        },
        policyWords(["arn:aws:s3:::b"]),
      );
    expect(at('"Action": "s3:Ge')).toMatchObject({ from: 11 });
    expect(at("Action")).toBeNull();
    expect(at('"')).toBeNull();
    expect(at('"', true)?.options).toContainEqual({ label: "arn:aws:s3:::b" });
  });

  test("members of a form are named once", () => {
    expect(memberNames(CORS)).toContain("AllowedOrigins");
    expect(new Set(memberNames(LIFECYCLE)).size).toBe(memberNames(LIFECYCLE).length);
  });
});

describe("what the console counts", () => {
  test("blobs with the least to lose come first", () => {
    expect(redundancyRows({ "4+2": { "6": 10, "3": 1, "5": 2 }, "2+1": { "3": 4 } })).toEqual([
      { geometry: "4+2", lacking: 3, spare: -1, blobs: 1 },
      { geometry: "4+2", lacking: 1, spare: 1, blobs: 2 },
      { geometry: "2+1", lacking: 0, spare: 1, blobs: 4 },
      { geometry: "4+2", lacking: 0, spare: 2, blobs: 10 },
    ]);
  });

  test("a preview in several calls is one sum", () => {
    const row = (rule: string, count: number): PreviewRow => ({
      rule,
      action: "Expiration",
      today: { count, bytes: 10 * count },
      within30Days: { count: 2 * count, bytes: 0 },
      examples: [{ key: `${rule}${count}` }],
    });
    const first = { looked: 5, locked: 1, rules: [row("a", 1), row("b", 2)], next: "x" };
    const second = { looked: 6, locked: 0, rules: [row("b", 3)], next: null };
    const whole = addPreviews(first, second);
    expect(whole).toMatchObject({ looked: 11, locked: 1, next: null });
    expect(whole.rules.map(({ rule, today }) => [rule, today.count, today.bytes])).toEqual([
      ["a", 1, 10],
      ["b", 5, 50],
    ]);
  });

  test("each tool's snippet has the key, the secret and the address", () => {
    for (const tool of TOOLS) {
      const snippet = snippetOf(
        tool,
        { id: "AKIAX", secret: "se/cr+et" },
        { origin: "https://s.test", region: "eu-west-1" },
      );
      expect(snippet).toContain("AKIAX");
      expect(snippet).toContain("se/cr+et");
      expect(snippet).toContain("https://s.test");
    }
  });
});
