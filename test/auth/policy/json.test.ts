import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type JsonNode, readJson } from "../../../src/auth/policy/json.ts";

function toValue(node: JsonNode): unknown {
  if (node.type === "object") return Object.fromEntries([...node.members].map(([key, value]) => [key, toValue(value)]));
  if (node.type === "array") return node.items.map(toValue);
  return node.type === "string" ? node.text : JSON.parse(node.text);
}

describe("readJson", () => {
  test("reads what JSON.parse reads, to the same values", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, depthSize: "small" }), fc.constantFrom(0, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, null, space);
        const read = readJson(text);
        expect(read.ok && toValue(read.node)).toEqual(JSON.parse(text));
        expect(read.ok && text.length - read.spaces).toBe(JSON.stringify(value).length);
      }),
    );
  });

  test("refuses every text that JSON.parse refuses, and no other", () => {
    const broken = fc
      .tuple(fc.jsonValue({ maxDepth: 3 }), fc.nat(), fc.constantFrom("", ",", "}", '"', "\\", "0", "\u0000", "e"))
      .map(([value, at, text]) => {
        const whole = JSON.stringify({ a: value });
        const place = at % (whole.length + 1);
        return whole.slice(0, place) + text + whole.slice(place + 1);
      });
    fc.assert(
      fc.property(broken, (text) => {
        const read = readJson(text);
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          expect(read).toMatchObject({ ok: false });
          return;
        }
        if (read.ok) expect(toValue(read.node)).toEqual(parsed);
        else expect(read.problem).toBe("duplicateKey");
      }),
    );
  });

  test.each([
    ['{"a":1,"a":2}', "a"],
    ['{"x":{"Effect":1,"\\u0045ffect":2}}', "Effect"],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
  ])("%s has a name twice", (text, key) => {
    expect(readJson(text)).toEqual({ ok: false, problem: "duplicateKey", key });
  });

  test("says where the text ceases to be JSON", () => {
    expect(readJson('{"a": tru}')).toEqual({ ok: false, problem: "syntax", offset: 6 });
    expect(readJson("")).toEqual({ ok: false, problem: "syntax", offset: 0 });
    expect(readJson("{} {}")).toEqual({ ok: false, problem: "syntax", offset: 3 });
  });

  test("nests as deeply as a policy and no deeper", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readJson(nested(9)).ok).toBe(true);
    expect(readJson(nested(10)).ok).toBe(false);
    expect(readJson(nested(1_000_000)).ok).toBe(false);
  });

  test("knows where each object lies", () => {
    const text = ' [ {"a": 1}, {} ]';
    const read = readJson(text);
    const items = read.ok && read.node.type === "array" ? read.node.items : [];
    expect(items.map(({ start, end }) => text.slice(start, end))).toEqual(['{"a": 1}', "{}"]);
  });
});
