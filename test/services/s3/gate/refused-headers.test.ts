import { expect, test } from "vitest";
import { findRefusedHeader, refusedHeaders } from "../../../../src/services/s3/gate/refused-headers.ts";

const find = (headers: Record<string, string>, what: keyof typeof refusedHeaders = "writeObject") =>
  findRefusedHeader(new Headers(headers), refusedHeaders[what])?.name;

test.each([
  ["x-amz-server-side-encryption", "AES256"],
  ["x-amz-server-side-encryption-customer-algorithm", "AES256"],
  ["x-amz-server-side-encryption-aws-kms-key-id", "id"],
  ["X-Amz-Website-Redirect-Location", "/x"],
])("%s: %s is not stored and ignored", (name, value) => {
  expect(find({ "content-type": "text/plain", [name]: value })).toBe(name.toLowerCase());
});

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

test("a copy may neither write nor read encrypted objects", () => {
  const name = "x-amz-copy-source-server-side-encryption-customer-key";
  expect(find({ [name]: "x" }, "copyObject")).toBe(name);
  expect(find({ [name]: "x" }, "uploadPartCopy")).toBe(name);
});

test("a conditional delete is not made an unconditional one", () => {
  expect(find({ "If-None-Match": '"etag"' }, "deleteObject")).toBe("if-none-match");
  expect(find({ "If-Match": '"etag"' }, "deleteObject")).toBeUndefined();
});
