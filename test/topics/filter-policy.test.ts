import { describe, expect, it } from "vitest";
import type { AttributeValue } from "../../src/queues/content.ts";
import {
  attributesPass,
  bodyPasses,
  type Effort,
  parseBody,
  VALUES_PER_KEY_MAX,
} from "../../src/topics/filter-match.ts";
import { FilterPolicyProblem, type FilterScope, parseFilterPolicy } from "../../src/topics/filter-policy.ts";
import { knownFilter } from "../../src/topics/known-filters.ts";

const text = (value: string, dataType = "String"): AttributeValue => ({ dataType, value: { text: value } });

function attributesMatch(policy: object, attributes: Record<string, AttributeValue>): boolean {
  return attributesPass(
    parseFilterPolicy(JSON.stringify(policy), "MessageAttributes"),
    new Map(Object.entries(attributes)),
  );
}

function bodyMatches(policy: object, body: unknown): boolean {
  return bodyPasses(
    parseFilterPolicy(JSON.stringify(policy), "MessageBody"),
    parseBody(typeof body === "string" ? body : JSON.stringify(body)),
  );
}

describe("filters on attributes", () => {
  it.each<[object, Record<string, AttributeValue>, boolean]>([
    [{ a: ["x", "y"] }, { a: text("y") }, true],
    [{ a: ["x"] }, { a: text("X") }, false],
    [{ a: ["x"] }, {}, false],
    [{ a: ["x"], b: ["y"] }, { a: text("x") }, false],
    [{ a: ["x"] }, { a: text('["w","x"]', "String.Array") }, true],
    [{ a: [null] }, { a: text("[null]", "String.Array") }, true],
    [{ a: [true] }, { a: text("[true]", "String.Array") }, true],
    [{ a: [{ prefix: "ab" }] }, { a: text("abc") }, true],
    [{ a: [{ suffix: "bc" }] }, { a: text("abc") }, true],
    [{ a: [{ suffix: "ab" }] }, { a: text("abc") }, false],
    [{ a: [{ "equals-ignore-case": "TeNNis" }] }, { a: text("tennis") }, true],
    [{ a: [{ "anything-but": ["x", "y"] }] }, { a: text("z") }, true],
    [{ a: [{ "anything-but": ["x", "y"] }] }, { a: text("x") }, false],
    [{ a: [{ "anything-but": ["x"] }] }, {}, false],
    [{ a: [{ "anything-but": ["x"] }] }, { a: text('["x","z"]', "String.Array") }, true],
    [{ a: [{ "anything-but": [100] }] }, { a: text("101", "Number") }, true],
    [{ a: [{ "anything-but": [100] }] }, { a: text("100.0", "Number") }, false],
    [{ a: [{ "anything-but": { prefix: "order-" } }] }, { a: text("order-1") }, false],
    [{ a: [{ "anything-but": { prefix: "order-" } }] }, { a: text("data") }, true],
    [{ a: [{ numeric: ["=", 301.5] }] }, { a: text("301.5", "Number") }, true],
    [{ a: [{ numeric: ["=", 301.5] }] }, { a: text("3.015e2", "Number") }, true],
    [{ a: [{ numeric: ["<", 0] }] }, { a: text("-1", "Number") }, true],
    [{ a: [{ numeric: [">", 0, "<=", 150] }] }, { a: text("150", "Number") }, true],
    [{ a: [{ numeric: [">", 0, "<=", 150] }] }, { a: text("0", "Number") }, false],
    [{ a: [{ numeric: ["=", 1] }] }, { a: text("1") }, false],
    [{ a: [7] }, { a: text("7", "Number.int") }, true],
    [{ a: [{ exists: true }] }, { a: text("x") }, true],
    [{ a: [{ exists: true }] }, {}, false],
    [{ a: [{ exists: false }] }, {}, true],
    [{ a: [{ exists: false }] }, { a: text("x") }, false],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("10.0.0.255") }, true],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("10.1.1.0") }, false],
    [{ a: [{ cidr: "2001:db8::/32" }] }, { a: text("2001:db8:1::5") }, true],
    [{ a: [{ cidr: "2001:db8::/33" }] }, { a: text("2001:db8:8000::5") }, false],
    [{ a: [{ cidr: "2001:db8::/32" }] }, { a: text("2001:DB8::10.0.0.1") }, true],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("::ffff:10.0.0.7") }, false],
    [{ a: [{ cidr: "010.000.0.0/24" }] }, { a: text("10.0.0.7") }, true],
    [{ a: [{ cidr: "10.0.0.0/24" }] }, { a: text("010.0.0.007") }, true],
    [{ a: [{ cidr: "0.0.0.0/0" }] }, { a: text("10.0.0") }, false],
    [{ a: ["x"] }, { a: { dataType: "Binary", value: { bytes: new Uint8Array([120]) } } }, false],
    [{ $or: [{ a: ["x"] }, { b: ["y"] }] }, { b: text("y") }, true],
    [{ $or: [{ a: ["x"] }, { b: ["y"] }], c: ["z"] }, { b: text("y") }, false],
    [{ $or: ["x"] }, { $or: text("x") }, true],
    [{}, {}, true],
  ])("%j and %j: %s", (policy, attributes, matches) => {
    expect(attributesMatch(policy, attributes)).toBe(matches);
  });
});

describe("filters on the body", () => {
  it.each<[object, unknown, boolean]>([
    [{ a: { b: ["x"] } }, { a: { b: "x" } }, true],
    [{ a: { b: ["x"] } }, { a: { b: "y" } }, false],
    [{ a: { b: ["x"] } }, { a: "x" }, false],
    [
      { a: { b: ["x"], c: ["y"] } },
      {
        a: [
          { b: "x", c: "n" },
          { b: "n", c: "y" },
        ],
      },
      false,
    ],
    [{ a: { b: ["x"], c: ["y"] } }, { a: [{ b: "x", c: "y" }] }, true],
    [{ a: ["x"] }, { a: ["w", "x"] }, true],
    [{ a: [3] }, { a: 3 }, true],
    [{ a: [true] }, { a: true }, true],
    [{ a: [null] }, { a: null }, true],
    [{ a: { b: [{ exists: false }] } }, { a: { c: 1 } }, true],
    [{ a: { b: [{ exists: false }] } }, {}, true],
    [{ a: ["x"] }, "no JSON", false],
    [{ a: ["x"] }, ["x"], false],
    [{ __proto__: null, constructor: [{ exists: true }] }, {}, false],
  ])("%j and %j: %s", (policy, body, matches) => {
    expect(bodyMatches(policy, body)).toBe(matches);
  });
});

describe("filter policies", () => {
  it.each<[string, FilterScope, string]>([
    ["{", "MessageAttributes", "failed to parse JSON."],
    ["[]", "MessageAttributes", "Filter policy must be a JSON object"],
    ['{"a":[]}', "MessageAttributes", "Empty arrays are not allowed"],
    ['{"a":"x"}', "MessageAttributes", '"a" must be an object or an array'],
    [
      '{"a":{"b":["x"]}}',
      "MessageAttributes",
      "Filter policy scope MessageAttributes does not support nested filter policy",
    ],
    ['{"a":{}}', "MessageBody", "Empty objects are not allowed"],
    ['{"a":[["x"]]}', "MessageAttributes", "Match value must be String, number, true, false, or null"],
    ['{"a":[{"like":"x"}]}', "MessageAttributes", "Unrecognized match type like"],
    ['{"a":[{"exists":"yes"}]}', "MessageAttributes", "exists match pattern must be either true or false."],
    ['{"a":[{"prefix":1}]}', "MessageAttributes", "prefix match pattern must be a string"],
    ['{"a":[{"numeric":["~",1]}]}', "MessageAttributes", "Unrecognized numeric range operator"],
    ['{"a":[{"numeric":[">",5,"<",5]}]}', "MessageAttributes", "Bottom must be less than top"],
    ['{"a":[{"numeric":["=",1000000001]}]}', "MessageAttributes", "Value of numeric must be between -1.0E9 and 1.0E9"],
    ['{"a":[{"cidr":"10.0.0.0/33"}]}', "MessageAttributes", "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.256/8"}]}', "MessageAttributes", "Malformed CIDR, one '/' required"],
    ['{"a":[{"cidr":"10.0.0.0"}]}', "MessageAttributes", "Malformed CIDR, one '/' required"],
    ['{"a":[{"anything-but":{"suffix":"x"}}]}', "MessageAttributes", "Unsupported anything-but pattern: suffix"],
    [
      JSON.stringify({ a: ["1"], b: ["1"], c: ["1"], d: ["1"], e: ["1"], f: ["1"] }),
      "MessageAttributes",
      "Filter policy can not have more than 5 keys",
    ],
    [
      JSON.stringify({
        a: Array.from({ length: 13 }, (_, at) => `${at}`),
        b: Array.from({ length: 12 }, (_, at) => `${at}`),
      }),
      "MessageAttributes",
      "Filter policy is too complex",
    ],
  ])("%s (%s) is refused: %s", (policy, scope, message) => {
    expect(() => parseFilterPolicy(policy, scope)).toThrow(new FilterPolicyProblem(message));
  });

  it("count nested values once for each level", () => {
    const values = (count: number) => Array.from({ length: count }, (_, at) => `${at}`);
    const policy = (count: number) => JSON.stringify({ a: { b: { c: values(count) } }, d: { e: ["1"] } });
    expect(() => parseFilterPolicy(policy(25), "MessageBody")).not.toThrow();
    expect(() => parseFilterPolicy(policy(26), "MessageBody")).toThrow("too complex");
  });
});

describe("what matching costs", () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => `value-${at}`);

  it.each([
    [{ a: [{ "anything-but": many(151) }] }],
    [{ a: [{ "anything-but": { prefix: many(151) } }] }],
    [{ a: [{ "anything-but": many(16) }], b: many(10) }],
    [{ a: many(151) }],
  ])("counts every value of a list: %#", (policy) => {
    expect(() => parseFilterPolicy(JSON.stringify(policy), "MessageAttributes")).toThrow("too complex");
  });

  it("takes lists of 150 values", () => {
    const filter = parseFilterPolicy(JSON.stringify({ a: [{ "anything-but": many(150) }] }), "MessageAttributes");
    expect(attributesPass(filter, new Map([["a", text("value-149")]]))).toBe(false);
    expect(attributesPass(filter, new Map([["a", text("value-150")]]))).toBe(true);
  });

  it("does not grow with a list of values that must be the same, nor beyond the values of a key that are looked at", () => {
    // As one that was put when more was allowed.
    const equal = knownFilter(JSON.stringify({ a: many(10_000) }), "MessageBody");
    const effort: Effort = { steps: 0 };
    const list = Array.from({ length: 50_000 }, (_, at) => `other-${at}`);
    expect(bodyPasses(equal, { a: list }, effort)).toBe(false);
    expect(effort.steps).toBeLessThan(3 * VALUES_PER_KEY_MAX);
    const values = Array.from({ length: VALUES_PER_KEY_MAX + 1 }, (_, at) => at);
    const last = parseFilterPolicy(JSON.stringify({ a: [VALUES_PER_KEY_MAX - 1] }), "MessageBody");
    const behind = parseFilterPolicy(JSON.stringify({ a: [VALUES_PER_KEY_MAX] }), "MessageBody");
    expect([bodyPasses(last, { a: values }), bodyPasses(behind, { a: values })]).toEqual([true, false]);
    expect(bodyPasses(behind, { a: values.map((value) => [[value]]) })).toBe(false);
  });

  it("is parsed once", () => {
    const policy = JSON.stringify({ a: ["x"] });
    expect(knownFilter(policy, "MessageBody")).toBe(knownFilter(policy, "MessageBody"));
    const one = knownFilter(policy, "MessageBody");
    for (const letter of many(12)) {
      knownFilter(JSON.stringify({ a: [letter.padEnd(200_000, "x")] }), "MessageBody");
    }
    expect(knownFilter(policy, "MessageBody")).not.toBe(one);
  });
});
