import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorDocument, resultDocument } from "../../../src/protocols/aws-json/answer.ts";
import { parseDocument } from "../../../src/protocols/aws-json/document.ts";

const parsed = (text: string) => parseDocument(new TextEncoder().encode(text));

describe("a request's document", () => {
  it("is any JSON object, or nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 5 })), (root) => {
        const text = JSON.stringify(root);
        expect(parsed(text)).toEqual({ ok: true, root: JSON.parse(text) });
      }),
    );
    expect(parsed("")).toEqual({ ok: true, root: {} });
  });

  it.each([
    ["not json", "{"],
    ["not json", '{"a":"\\"'],
    ["not json", '\ufeff{"a":1}'],
    ["not an object", "[]"],
    ["not an object", "null"],
    ["nested too deeply", `{"a":${"[".repeat(24)}`],
    ["too many values", `{"a":[${"{},".repeat(20_000)}{}]}`],
    ["too many values", `{"a":[${"0,".repeat(200_001)}0]}`],
  ])("%s: %s", (problem, text) => {
    expect(parsed(text)).toEqual({ ok: false, problem });
  });

  it("is UTF-8", () => {
    expect(parseDocument(Uint8Array.of(0x7b, 0xff, 0x7d))).toEqual({ ok: false, problem: "not utf-8" });
  });

  it("counts no brackets in strings, however their quotes are escaped", () => {
    const brackets = "[".repeat(100);
    for (const before of ["", '\\"', "\\\\", '\\\\\\"'])
      expect(parsed(`{"a":"${before}${brackets}","b":{}}`)).toMatchObject({ ok: true, root: { b: {} } });
    expect(parsed(`{"a":"\\\\","b":${brackets}`)).toEqual({ ok: false, problem: "nested too deeply" });
  });
});

describe("an answer's document", () => {
  it("leaves out what is not there, and writes times in seconds and bytes in base64", () => {
    const result = {
      Gone: undefined,
      Null: null,
      At: new Date(1500),
      Bytes: Uint8Array.of(1, 2),
      Tags: new Map([["k", "v"]]),
      List: [1, "a", true],
    };
    expect(JSON.parse(resultDocument(result))).toEqual({
      At: 1.5,
      Bytes: "AQI=",
      Tags: { k: "v" },
      List: [1, "a", true],
    });
    expect(resultDocument(null)).toBe("{}");
  });

  it("names an error", () => {
    expect(JSON.parse(errorDocument({ type: "com.amazonaws.sqs#X", message: "m", members: { reason: "r" } }))).toEqual({
      __type: "com.amazonaws.sqs#X",
      message: "m",
      reason: "r",
    });
  });
});
