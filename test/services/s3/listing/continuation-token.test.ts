import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeToken, encodeToken } from "../../../../src/services/s3/listing/continuation-token.ts";
import { anyText } from "../../../support/any-text.ts";

const incorrect = expect.objectContaining({
  code: "InvalidArgument",
  message: "The continuation token provided is incorrect",
});

describe("continuation tokens", () => {
  test("a position comes back as it was", () => {
    const key = anyText({ maxLength: 100 });
    fc.assert(
      fc.property(key, fc.boolean(), (name, skipPrefix) => {
        const token = encodeToken("ListObjectsV2", { key: name, skipPrefix });
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodeToken("ListObjectsV2", token)).toEqual({ key: name, skipPrefix });
      }),
    );
  });

  test("a token of another operation is refused", () => {
    expect(() => decodeToken("ListBuckets", encodeToken("ListObjectsV2", "a"))).toThrow(incorrect);
  });

  test("a token with any character changed, added or taken away is refused", () => {
    const token = encodeToken("ListObjectsV2", { key: "photos/2026/", skipPrefix: true });
    for (let at = 0; at < token.length; at += 1) {
      const other = token[at] === "A" ? "B" : "A";
      expect(() => decodeToken("ListObjectsV2", token.slice(0, at) + other + token.slice(at + 1))).toThrow(incorrect);
      expect(() => decodeToken("ListObjectsV2", token.slice(0, at))).toThrow(incorrect);
    }
    expect(() => decodeToken("ListObjectsV2", `${token}=`)).toThrow(incorrect);
  });

  test("garbage is refused", () => {
    for (const token of ["", "a", "garbage", "ä", Buffer.alloc(8).toString("base64url"), "x".repeat(5000)]) {
      expect(() => decodeToken("ListObjectsV2", token)).toThrow(incorrect);
    }
  });
});
