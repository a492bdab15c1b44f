import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CorsRule, corsHeaders, crossOriginRequest, matchRule } from "../../../../src/services/s3/cors/rules.ts";

const rule = (given: Partial<CorsRule>): CorsRule => ({
  allowedOrigins: ["*"],
  allowedMethods: ["GET"],
  allowedHeaders: [],
  exposeHeaders: [],
  ...given,
});
const request = (given: { origin?: string; method?: string; headers?: string[] }) => ({
  origin: "https://example.org",
  method: "GET",
  headers: [],
  ...given,
});

describe("a rule allows", () => {
  test.each<[string, string, boolean]>([
    ["*", "https://example.org", true],
    ["*", "null", true],
    ["https://example.org", "https://example.org", true],
    ["https://example.org", "http://example.org", false],
    ["https://example.org", "https://example.org:8443", false],
    ["https://example.org", "https://example.org/", false],
    ["https://example.org", "https://EXAMPLE.org", false],
    ["https://*.example.org", "https://a.b.example.org", true],
    ["https://*.example.org", "https://.example.org", true],
    ["https://*.example.org", "https://example.org", false],
    ["https://*.example.org", "https://a.example.org.evil.net", false],
    ["start*end", "startend", true],
    ["start*end", "starend", false],
    ["aba*aba", "aba", false],
    ["*suffix", "foo.suffix", true],
    ["*suffix", "foo.suffix.get", false],
    ["prefix*", "bla.prefix", false],
    ["https://example.or.", "https://example.org", false],
    ["", "https://example.org", false],
  ])("origin %j: %j is %s", (pattern, origin, allowed) => {
    expect(matchRule([rule({ allowedOrigins: [pattern] })], request({ origin })) !== undefined).toBe(allowed);
  });

  test("the methods that it lists", () => {
    const rules = [rule({ allowedMethods: ["GET", "PUT"] })];
    for (const method of ["GET", "PUT"]) expect(matchRule(rules, request({ method }))).toBe(rules[0]);
    for (const method of ["DELETE", "get", "OPTIONS", ""])
      expect(matchRule(rules, request({ method }))).toBeUndefined();
  });

  test.each<[string[], string[], boolean]>([
    [[], [], true],
    [[], ["content-type"], false],
    [["*"], ["content-type", "x-amz-date"], true],
    [["Content-Type", "X-AMZ-*"], ["content-type", "x-amz-date"], true],
    [["Content-Type"], ["content-type", "x-amz-date"], false],
    [["x-*-date"], ["x-amz-date"], true],
  ])("headers %j: %j is %s", (allowedHeaders, headers, allowed) => {
    expect(matchRule([rule({ allowedHeaders })], request({ headers })) !== undefined).toBe(allowed);
  });

  test("only as a whole: two halves of two rules allow nothing", () => {
    const rules = [rule({ allowedMethods: ["PUT"] }), rule({ allowedOrigins: ["https://example.org"] })];
    expect(matchRule(rules, request({ method: "PUT", origin: "https://example.org" }))).toBe(rules[0]);
    expect(matchRule(rules, request({ method: "GET", origin: "https://other.org" }))).toBeUndefined();
  });

  test("the first that fits counts", () => {
    const rules = [rule({ allowedMethods: ["PUT"] }), rule({ maxAgeSeconds: 1 }), rule({ maxAgeSeconds: 2 })];
    expect(matchRule(rules, request({}))).toBe(rules[1]);
  });

  test("any text that its wildcard can stand for, and nothing else", () => {
    const word = fc.stringMatching(/^[a-c]{0,4}$/);
    fc.assert(
      fc.property(word, word, word, (before, after, text) => {
        const pattern = rule({ allowedOrigins: [`${before}*${after}`] });
        const expected = new RegExp(`^${before}.*${after}$`).test(text);
        expect(matchRule([pattern], request({ origin: text })) !== undefined).toBe(expected);
      }),
    );
  });
});

describe("the headers of an answer", () => {
  const vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

  test("name the origin, and allow credentials, where the rule does not allow all of them", () => {
    const allowed = rule({ allowedOrigins: ["https://*"], allowedMethods: ["GET", "PUT"] });
    expect(corsHeaders(allowed, request({}))).toEqual({
      "Access-Control-Allow-Origin": "https://example.org",
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Allow-Methods": "GET, PUT",
      Vary: vary,
    });
  });

  test("name all origins without credentials where it does, and whatever else the rule says", () => {
    const allowed = rule({ exposeHeaders: ["ETag", "x-amz-id-2"], maxAgeSeconds: 0 });
    expect(corsHeaders(allowed, request({ headers: ["content-type", "x-amz-date"] }))).toEqual({
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET",
      "Access-Control-Allow-Headers": "content-type, x-amz-date",
      "Access-Control-Expose-Headers": "ETag, x-amz-id-2",
      "Access-Control-Max-Age": "0",
      Vary: vary,
    });
  });
});

describe("a request from a page", () => {
  test("is known by its Origin", () => {
    expect(crossOriginRequest(new Headers({}), "GET")).toBeNull();
    expect(crossOriginRequest(new Headers({ origin: "" }), "GET")).toBeNull();
    expect(crossOriginRequest(new Headers({ origin: "null" }), "GET")).toEqual(request({ origin: "null" }));
  });

  test("says in a preflight what is to come", () => {
    const headers = new Headers({
      origin: "https://example.org",
      "access-control-request-method": "PUT",
      "access-control-request-headers": "Content-Type,x-amz-DATE , ,",
    });
    expect(crossOriginRequest(headers, "OPTIONS")).toEqual(
      request({ method: "PUT", headers: ["content-type", "x-amz-date"] }),
    );
  });
});
