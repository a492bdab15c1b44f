import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import { bucketOfHost, parseQueryParameters, parseTarget } from "../../../../src/services/s3/address/target.ts";
import { anyText } from "../../../support/any-text.ts";
import { objectPath } from "../../../support/signer.ts";

const parse = (path: string, host = "localhost", bases: string[] = []) =>
  parseTarget(cutUrl(`http://${host}:9000${path}`), bases);
const object = (bucket: string, key: string) => ({ level: "object", bucket, key });
const code = (name: string) => expect.objectContaining({ code: name });

describe("cutUrl", () => {
  test("leaves path and query as they are", () => {
    expect(cutUrl("http://HOST:80/a//b%2F%c3%A4?x=%20&y#f")).toEqual({
      hostname: "host",
      rawPath: "/a//b%2F%c3%A4",
      rawQuery: "x=%20&y",
    });
    expect(cutUrl("https://[::1]:9000")).toEqual({ hostname: "[::1]", rawPath: "/", rawQuery: "" });
    expect(cutUrl("http://host/?a?b")).toEqual({ hostname: "host", rawPath: "/", rawQuery: "a?b" });
  });
});

describe("path-style targets", () => {
  test("the three levels", () => {
    expect(parse("/")).toEqual({ level: "service", bucket: "", key: "" });
    expect(parse("/bucket")).toEqual({ level: "bucket", bucket: "bucket", key: "" });
    expect(parse("/bucket/")).toEqual({ level: "bucket", bucket: "bucket", key: "" });
    expect(parse("/bucket/key")).toEqual(object("bucket", "key"));
  });

  test.each([
    ["slashes beyond the first belong to the key", "/b//a//c/", "/a//c/"],
    ["an escaped slash is a slash", "/b/a%2Fc%2f", "a/c/"],
    ["the bucket may be cut off by an escaped slash", "/b%2Fa", "a"],
    ["a raw plus is a space", "/b/a+c%2B", "a c+"],
    ["spaces and UTF-8", "/b/a%20%C3%A4%F0%9F%92%A9", "a ä💩"],
    ["a percent sign", "/b/100%25", "100%"],
    ["control characters but U+0000", "/b/%01%0A%7F", "\x01\n\x7f"],
    ["dots that the URL parser has left", "/b/a%2F..%2Fc", "a/../c"],
  ])("%s", (_, path, key) => {
    expect(parse(path)).toEqual(object("b", key));
  });

  test.each(["/b/%", "/b/%zz", "/b/%C3", "/b/%FF", "/b/%ED%A0%80", "/b/a%00"])("%s is no URI", (path) => {
    expect(() => parse(path)).toThrow(code("InvalidURI"));
  });

  test("keys are bounded by their bytes of UTF-8", () => {
    expect(parse(`/b/${"a".repeat(1024)}`).key).toHaveLength(1024);
    expect(parse(objectPath("b", "ä".repeat(512))).key).toHaveLength(512);
    expect(() => parse(`/b/${"a".repeat(1025)}`)).toThrow(code("KeyTooLongError"));
    expect(() => parse(objectPath("b", "ä".repeat(513)))).toThrow(code("KeyTooLongError"));
  });

  test("any key survives the way that SDKs write it", () => {
    const keys = anyText({ minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(keys, (key) => {
        fc.pre(Buffer.byteLength(key) <= 1024);
        expect(parse(objectPath("bucket", key))).toEqual(object("bucket", key));
      }),
    );
  });
});

describe("virtual-hosted-style targets", () => {
  const bases = ["example.org", "s3.example.org"];

  test.each([
    ["bucket.example.org", "bucket"],
    ["my.bucket.example.org", "my.bucket"],
    ["bucket.s3.example.org", "bucket"],
    ["example.org", null],
    ["s3.example.org", null],
    ["otherexample.org", null],
    ["localhost", null],
  ])("%s names %s", (hostname, bucket) => {
    expect(bucketOfHost(hostname, bases)).toBe(bucket);
  });

  test("the whole path is the key", () => {
    expect(parse("/", "bucket.example.org", bases)).toEqual({ level: "bucket", bucket: "bucket", key: "" });
    expect(parse("/a/b", "bucket.example.org", bases)).toEqual(object("bucket", "a/b"));
    expect(parse("//a", "bucket.example.org", bases)).toEqual(object("bucket", "/a"));
    expect(parse("/a/b", "example.org", bases)).toEqual(object("a", "b"));
  });
});

describe("query parameters", () => {
  test("plus is a space, escapes are UTF-8", () => {
    const query = parseQueryParameters("prefix=a+b%2B%C3%A4&acl&x=%zz");
    expect([...query]).toEqual([
      ["prefix", "a b+ä"],
      ["acl", ""],
      ["x", "%zz"],
    ]);
  });

  test("a second question mark is part of a name", () => {
    expect([...parseQueryParameters(cutUrl("http://h/b/k??acl").rawQuery)]).toEqual([["?acl", ""]]);
  });

  test.each(["prefix=%FF", "prefix=a%00", "%C3=x"])("%s is refused", (query) => {
    expect(() => parseQueryParameters(query)).toThrow(code("InvalidURI"));
  });
});
