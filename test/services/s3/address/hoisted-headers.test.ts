import { describe, expect, it } from "vitest";
import { withHoistedHeaders } from "../../../../src/services/s3/address/hoisted-headers.ts";
import { failing } from "../failing.ts";

const signature = {
  "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
  "X-Amz-Credential": "id/20261120/us-east-1/s3/aws4_request",
  "X-Amz-Date": "20261120T000000Z",
  "X-Amz-Expires": "60",
  "X-Amz-SignedHeaders": "host",
  "X-Amz-Signature": "0".repeat(64),
};
const hoist = (query: Record<string, string>, headers: Record<string, string> = {}) =>
  Object.fromEntries(withHoistedHeaders(new Headers(headers), new URLSearchParams(query)));

describe("headers in the query of a presigned URL", () => {
  it("count as headers", () => {
    const query = { ...signature, "x-amz-meta-a": "b", "X-Amz-Acl": "private", "x-amz-checksum-mode": "ENABLED" };
    expect(hoist(query, { host: "h" })).toEqual({
      host: "h",
      "x-amz-acl": "private",
      "x-amz-checksum-mode": "ENABLED",
      "x-amz-meta-a": "b",
    });
  });

  it("count in a URL signed with Signature Version 2 too", () => {
    const query = { AWSAccessKeyId: "id", Signature: "c2ln", Expires: "1", "content-type": "text/plain" };
    expect(hoist({ ...query, "x-amz-meta-a": "b" })).toEqual({ "x-amz-meta-a": "b" });
  });

  it("are lists where they are repeated, as repeated headers are", () => {
    const query = new URLSearchParams({ ...signature, "x-amz-meta-a": "one" });
    for (const [name, value] of [
      ["x-amz-meta-a", "two, too"],
      ["X-Amz-Meta-A", "three"],
      ["x-amz-acl", "private"],
    ] as const) {
      query.append(name, value);
    }
    expect(Object.fromEntries(withHoistedHeaders(new Headers(), query))).toEqual({
      "x-amz-acl": "private",
      "x-amz-meta-a": "one,two, too,three",
    });
  });

  it("give way to what is sent", () => {
    expect(hoist({ ...signature, "x-amz-meta-a": "b" }, { "x-amz-meta-a": "c" })).toEqual({ "x-amz-meta-a": "c" });
  });

  it("are neither the signature's parameters nor checksums of a body to come", () => {
    const checksums = { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-sdk-checksum-algorithm": "CRC32" };
    expect(hoist({ ...signature, ...checksums, "x-amz-trailer": "x", "x-id": "PutObject", prefix: "p" })).toEqual({});
  });

  it("are none where nothing is presigned", () => {
    expect(hoist({ "x-amz-meta-a": "b" })).toEqual({});
  });

  it.each([{ "x-amz-meta-a": "b\r\nx: y" }, { "x-amz-meta-a b": "c" }])("cannot be %j", (parameter) => {
    failing(() => hoist({ ...signature, ...(parameter as Record<string, string>) }), "InvalidArgument");
  });
});
