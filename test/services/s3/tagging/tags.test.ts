import { describe, expect, it } from "vitest";
import { readXml } from "../../../../src/protocols/rest-xml/read.ts";
import {
  BUCKET_TAGS,
  OBJECT_TAGS,
  parseTagging,
  parseTaggingHeader,
  taggingDocument,
} from "../../../../src/services/s3/tagging/tags.ts";
import { failing } from "../failing.ts";

const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
const parse = (tags: string, tagged = OBJECT_TAGS) =>
  parseTagging(readXml(new TextEncoder().encode(`<Tagging><TagSet>${tags}</TagSet></Tagging>`), "Tagging"), tagged);
const header = (text: string) => parseTaggingHeader(new Headers({ "x-amz-tagging": text }));
const many = (count: number) => Array.from({ length: count }, (_, index) => tag(`k${index}`, "")).join("");

describe("tags in XML", () => {
  it("keep their order, and come out as they went in", () => {
    const tags = parse(tag("b", "1") + tag("a", "") + tag("Ä é/世", "+-=._:/@ x"));
    expect(tags).toEqual([
      ["b", "1"],
      ["a", ""],
      ["Ä é/世", "+-=._:/@ x"],
    ]);
    expect(parseTagging(readXml(new TextEncoder().encode(taggingDocument(tags)), "Tagging"), OBJECT_TAGS)).toEqual(
      tags,
    );
  });

  it("may be none", () => {
    expect(parse("")).toEqual([]);
  });

  it("have keys of 128 and values of 256 characters at the most", () => {
    expect(parse(tag("k".repeat(128), "v".repeat(256)))).toHaveLength(1);
    expect(parse(tag("é".repeat(128), "世".repeat(256)))).toHaveLength(1);
    failing(() => parse(tag("k".repeat(129), "")), "InvalidTag");
    failing(() => parse(tag("k", "v".repeat(257))), "InvalidTag");
  });

  it.each([
    [OBJECT_TAGS, 10, "Object tags cannot be greater than 10"],
    [BUCKET_TAGS, 50, "Bucket tag count cannot be greater than 50"],
  ])("are limited in number", (tagged, most, message) => {
    expect(parse(many(most), tagged)).toHaveLength(most);
    expect(failing(() => parse(many(most + 1), tagged), "BadRequest").message).toBe(message);
  });

  it.each([
    ["a key twice", tag("k", "1") + tag("k", "2"), "Cannot provide multiple Tags with the same key", { TagKey: "k" }],
    ["an empty key", tag("", "1"), "The TagKey you have provided is invalid", { TagKey: "" }],
    ["a comma in a key", tag("a,b", "1"), "The TagKey you have provided is invalid", { TagKey: "a,b" }],
    [
      "a comma in a value",
      tag("k", "1,2"),
      "The TagValue you have provided is invalid",
      { TagKey: "k", TagValue: "1,2" },
    ],
    ["a line feed", tag("k", "1&#10;2"), "The TagValue you have provided is invalid", { TagKey: "k" }],
    ["a reserved key", tag("aws:x", "1"), "Your TagKey cannot be prefixed with aws:", { TagKey: "aws:x" }],
    ["a reserved key in capitals", tag("AWS:x", "1"), "Your TagKey cannot be prefixed with aws:", { TagKey: "AWS:x" }],
  ])("refuse %s", (_, tags, message, details) => {
    const error = failing(() => parse(tags), "InvalidTag");
    expect(error.message).toBe(message);
    expect(error.details).toMatchObject(details);
  });

  it("of a bucket are refused in other words where they are reserved", () => {
    expect(failing(() => parse(tag("aws:x", "1"), BUCKET_TAGS), "InvalidTag").message).toBe(
      "System tags cannot be added/updated by requester",
    );
  });

  it.each([
    "<Tag><Key>k</Key></Tag>",
    "<Tag><Value>v</Value></Tag>",
    "<Tag><Key>k</Key><Key>l</Key><Value>v</Value></Tag>",
    "<Tag><Key><x/></Key><Value>v</Value></Tag>",
  ])("are malformed: %s", (tags) => {
    failing(() => parse(tags), "MalformedXML");
  });

  it("stand in a set", () => {
    const tagging = readXml(new TextEncoder().encode(`<Tagging>${tag("k", "v")}</Tagging>`), "Tagging");
    failing(() => parseTagging(tagging, OBJECT_TAGS), "MalformedXML");
  });
});

describe("tags in a header", () => {
  it.each([
    [
      "a=b&c=d",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "a=&b",
      [
        ["a", ""],
        ["b", ""],
      ],
    ],
    ["", []],
    ["&a=b&", [["a", "b"]]],
    ["a+b=c%20d%2Be", [["a b", "c d+e"]]],
    ["%C3%A4=%E2%80%93".replace("%E2%80%93", "%E4%B8%96"), [["ä", "世"]]],
  ] as [string, [string, string][]][])("%j", (text, tags) => {
    expect(header(text)).toEqual(tags);
  });

  it("are absent where there is none", () => {
    expect(parseTaggingHeader(new Headers())).toBeUndefined();
  });

  it.each(["a=1&a=2", "=b", "a=%ZZ", "a=%FF", "key1=val1,key2=val2"])("%j is malformed", (text) => {
    const error = failing(() => header(text), "InvalidArgument");
    expect(error.details).toEqual({ ArgumentName: "x-amz-tagging", ArgumentValue: text });
  });

  it("have the limits of those in XML", () => {
    const eleven = Array.from({ length: 11 }, (_, index) => `k${index}=`).join("&");
    failing(() => header(eleven), "BadRequest");
    failing(() => header("aws:x=1"), "InvalidTag");
    failing(() => header("a=%2C"), "InvalidTag");
    failing(() => header(`${"k".repeat(129)}=`), "InvalidTag");
  });
});
