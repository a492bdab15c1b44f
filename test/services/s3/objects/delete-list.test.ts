import { describe, expect, it } from "vitest";
import { parseDeleteList } from "../../../../src/services/s3/objects/delete-list.ts";
import { failing } from "../failing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const list = (inner: string) => bytes(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</Delete>`);
const keys = (count: number) => "<Object><Key>k</Key></Object>".repeat(count);

describe("the body of DeleteObjects", () => {
  it("lists keys", () => {
    expect(parseDeleteList(list("<Object><Key>a &amp; b</Key></Object><Object><Key> c </Key></Object>"))).toEqual({
      quiet: false,
      deletions: [
        { key: "a & b", versionId: undefined, condition: undefined, refusal: null },
        { key: " c ", versionId: undefined, condition: undefined, refusal: null },
      ],
    });
  });

  it.each([
    ["true", true],
    ["TRUE", true],
    ["1", true],
    ["false", false],
    ["", false],
  ])("may be quiet: %j", (text, quiet) => {
    expect(parseDeleteList(list(`<Quiet>${text}</Quiet>${keys(1)}`)).quiet).toBe(quiet);
  });

  it("holds up to 1,000 keys", () => {
    expect(parseDeleteList(list(keys(1000))).deletions).toHaveLength(1000);
    failing(() => parseDeleteList(list(keys(1001))), "MalformedXML");
  });

  it.each([
    ["no list", ""],
    ["another root", "<CreateBucketConfiguration/>"],
    ["an empty list", "<Delete></Delete>"],
    ["an object without key", "<Delete><Object/></Delete>"],
    ["two keys in one", "<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>"],
    ["an odd size", "<Delete><Object><Key>a</Key><Size>-1</Size></Object></Delete>"],
    ["an odd time", "<Delete><Object><Key>a</Key><LastModifiedTime>now</LastModifiedTime></Object></Delete>"],
    ["an odd Quiet", "<Delete><Quiet>maybe</Quiet><Object><Key>a</Key></Object></Delete>"],
    ["an entity", '<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>'],
    ["truncated XML", "<Delete><Object><Key>a</Key></Object>"],
  ])("is malformed: %s", (_what, text) => {
    failing(() => parseDeleteList(bytes(text)), "MalformedXML");
  });

  it("is refused unread if a key is too long to be one, or there are more tags than a list can have", () => {
    const long = "&amp;".repeat(1_400_000);
    failing(() => parseDeleteList(list(`<Object><Key>${long}</Key></Object>`)), "KeyTooLongError");
    failing(() => parseDeleteList(list("<a/>".repeat(100_000))), "MalformedXML");
    const longest = parseDeleteList(list(`<Object><Key>${"&#0000097;".repeat(1024)}</Key></Object>`));
    expect(longest.deletions[0]).toMatchObject({ key: "a".repeat(1024), refusal: null });
  });

  it("may ask something of what a key names now", () => {
    const conditions = [
      "<ETag>&quot;e&quot;</ETag>",
      "<ETag>*</ETag><Size>5</Size>",
      "<LastModifiedTime>Thu, 01 Dec 1994 16:00:00 GMT</LastModifiedTime>",
      "<LastModifiedTime>1994-12-01T16:00:00.000Z</LastModifiedTime>",
    ].map((condition, at) => `<Object><Key>${at}</Key>${condition}</Object>`);
    const { deletions } = parseDeleteList(list(conditions.join("")));
    expect(deletions.map(({ condition }) => condition)).toEqual([
      { etag: "e" },
      { etag: "*", sizeBytes: 5 },
      { modifiedSeconds: 786_297_600 },
      { modifiedSeconds: 786_297_600 },
    ]);
  });

  it("refuses keys one by one", () => {
    const { deletions } = parseDeleteList(
      list(
        [
          "<Object><Key>good</Key><VersionId>null</VersionId></Object>",
          `<Object><Key>${"x".repeat(1025)}</Key></Object>`,
          "<Object><Key></Key></Object>",
          "<Object><Key>v</Key><VersionId>3HL4kqtJvjVBH40Nrjfkd</VersionId></Object>",
          "<Object><Key>e</Key><ETag>x</ETag><VersionId>null</VersionId></Object>",
          "<Object><Key>s</Key><Size>1</Size></Object>",
          "<Object><Key>s</Key><Size>2</Size></Object>",
        ].join(""),
      ),
    );
    expect(deletions.map(({ refusal }) => refusal?.code ?? null)).toEqual([
      null,
      "KeyTooLongError",
      "UserKeyMustBeSpecified",
      "NoSuchVersion",
      "NotImplemented",
      null,
      "InvalidRequest",
    ]);
  });
});
