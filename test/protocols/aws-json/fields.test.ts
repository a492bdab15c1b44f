import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../../src/protocols/aws-json/document.ts";
import {
  blob,
  flag,
  integer,
  list,
  map,
  notBuilt,
  readFields,
  required,
  structure,
  text,
  time,
} from "../../../src/protocols/aws-json/fields.ts";

const fields = {
  Name: required(text({ min: 2, max: 4 })),
  Count: integer({ min: 1, max: 10 }),
  On: flag(),
  At: time(),
  Bytes: blob({ min: 1, max: 3 }),
  Tags: list(structure({ TagKey: required(text()), TagValue: text() }), { max: 2 }),
  Map: map(text({ max: 3 }), { max: 2, key: { max: 3 } }),
  Later: notBuilt(),
};
const read = (root: Record<string, JsonValue>) => readFields(root, fields);

describe("members", () => {
  it("are read by their types", () => {
    const root = {
      Name: "abc",
      Count: 7,
      On: false,
      At: 1.5,
      Bytes: "AQI=",
      Tags: [{ TagKey: "k", TagValue: null, More: 1 }],
      Map: { b: "1", a: "2" },
      Unknown: {},
    };
    expect(read(root)).toEqual({
      ok: true,
      input: {
        Name: "abc",
        Count: 7,
        On: false,
        At: 1500,
        Bytes: Uint8Array.of(1, 2),
        Tags: [{ TagKey: "k", TagValue: undefined }],
        Map: new Map([
          ["b", "1"],
          ["a", "2"],
        ]),
        Later: undefined,
      },
    });
  });

  it.each<[string, JsonValue, string]>([
    ["Name", 1, "NUMBER_VALUE can not be converted to a String"],
    ["Name", true, "TRUE_VALUE can not be converted to a String"],
    ["Name", ["a"], "Start of list found where not expected"],
    ["Count", "1", "STRING_VALUE can not be converted to an Integer"],
    ["Count", 1.5, "DECIMAL_VALUE can not be converted to an Integer"],
    ["Count", { a: 1 }, "Start of structure or map found where not expected"],
    ["On", "true", "STRING_VALUE can not be converted to a Boolean"],
    ["At", "now", "STRING_VALUE can not be converted to a Timestamp"],
    ["Bytes", "A", "Unable to decode Base64-encoded Blob"],
    ["Tags", {}, "Start of structure or map found where not expected"],
    ["Tags", "a", "Expected list or null"],
    ["Map", "a", "Expected structure or map or null"],
    ["Map", [], "Start of list found where not expected"],
  ])("of another type are a SerializationException: %s = %j", (name, value, message) => {
    expect(() => read({ Name: "abc", [name]: value })).toThrow(
      expect.objectContaining({ type: "SerializationException", status: 400, message }),
    );
  });

  it.each<[Record<string, JsonValue>, string]>([
    [{}, "Value null at 'name' failed to satisfy constraint: Member must not be null"],
    [
      { Name: "a" },
      "Value 'a' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2",
    ],
    [
      { Name: "abcde" },
      "Value 'abcde' at 'name' failed to satisfy constraint: Member must have length less than or equal to 4",
    ],
    [
      { Name: "ab", Count: 0 },
      "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { Name: "ab", Bytes: "" },
      "Value at 'bytes' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ],
    [
      { Name: "ab", Tags: [{}] },
      "Value null at 'tags.1.member.tagKey' failed to satisfy constraint: Member must not be null",
    ],
    [
      { Name: "ab", Map: { a: "long" } },
      "Value 'long' at 'map.a' failed to satisfy constraint: Member must have length less than or equal to 3",
    ],
  ])("outside of the model's constraints are told as AWS does: %j", (root, message) => {
    expect(read(root)).toMatchObject({ ok: false, message: `1 validation error detected: ${message}` });
  });

  it("say all that is wrong, which is missing, and what is not built", () => {
    expect(read({ Count: 11 })).toMatchObject({
      message: expect.stringMatching(/^2 validation errors detected: .*; .*$/),
      problems: [{ missing: "name" }, {}],
    });
    expect(read({ Later: 1 })).toMatchObject({ message: "The parameter later is not implemented by this server." });
  });

  it("are the object's own: names of prototypes are names like others", () => {
    const root = JSON.parse('{"Name":"ab","Map":{"__proto__":"1"}}');
    expect(read(root)).toMatchObject({ ok: false, message: expect.stringContaining("at 'map.key'") });
    expect(readFields({}, { constructor: text(), toString: text() })).toEqual({
      ok: true,
      input: { constructor: undefined, toString: undefined },
    });
  });
});
