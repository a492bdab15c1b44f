import { expect, test } from "vitest";
import { findRefusedHeader, refusedHeaders } from "../../../../src/services/s3/gate/refused-headers.ts";

const find = (headers: Record<string, string>, what: keyof typeof refusedHeaders = "writeObject") =>
  findRefusedHeader(new Headers(headers), refusedHeaders[what])?.name;

test("what asks for nothing more than is done anyway passes", () => {
  expect(
    find({
      "x-amz-acl": "private",
      "x-amz-tagging": "a=b",
      "x-amz-meta-x-amz-acl": "public-read",
      "x-amz-storage-class": "X",
    }),
  ).toBeUndefined();
});

test("a conditional delete is not made an unconditional one", () => {
  expect(find({ "If-None-Match": '"etag"' }, "deleteObject")).toBe("if-none-match");
  expect(find({ "If-Match": '"etag"' }, "deleteObject")).toBeUndefined();
});
