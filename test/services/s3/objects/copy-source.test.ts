import { describe, expect, it } from "vitest";
import { parseCopySource } from "../../../../src/services/s3/objects/copy-source.ts";
import { failing } from "../failing.ts";

describe("x-amz-copy-source", () => {
  it.each([
    ["bucket/key", "key"],
    ["/bucket/key", "key"],
    ["bucket%2Fkey", "key"],
    ["%2Fbucket%2Fkey", "key"],
    ["bucket/a/b//c", "a/b//c"],
    ["bucket//a", "/a"],
    ["bucket/a%20b+c%2Bd", "a b c+d"],
    ["bucket/%E2%82%AC", "€"],
    ["bucket/€", "€"],
    ["bucket/a%3Fb", "a?b"],
    ["bucket/a?b=c", "a?b=c"],
    ["bucket/a%3FversionId=x", "a?versionId=x"],
  ])("%s names %j", (text, key) => {
    expect(parseCopySource(text)).toEqual({ bucket: "bucket", key });
  });

  it.each([
    ["", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"],
    ["bucket", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"],
    ["bucket/", "Invalid copy source object key"],
    ["/key", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"],
    ["//key", "Invalid copy source bucket name"],
    ["my-buc@k&()t/key", "Invalid copy source bucket name"],
    ["arn:aws:s3:us-east-1:123456789012:accesspoint/a/object/b", "Invalid copy source bucket name"],
    ["bucket/%ZZ", "Invalid copy source encoding"],
    ["bucket/%A", "Invalid copy source encoding"],
    ["bucket/%C3%", "Invalid copy source encoding"],
    ["bucket/%FF", "Invalid copy source encoding"],
    ["bucket/a%00", "Invalid copy source object key"],
    ["bucket/a?versionId=", "Version id cannot be the empty string"],
    ["bucket/a?versionId=3HL4kqtJvjVBH40Nrjfkd", "Invalid version id specified"],
  ])("%j is invalid", (text, message) => {
    expect(failing(() => parseCopySource(text), "InvalidArgument").message).toBe(message);
  });

  it.each(["null", "00000101KAGX0000ABCDEFGHJKMNPQRS"])("may name the version %s", (versionId) => {
    expect(parseCopySource(`bucket/key?versionId=${versionId}`)).toEqual({ bucket: "bucket", key: "key", versionId });
  });

  it("has a key of at most 1,024 bytes", () => {
    expect(parseCopySource(`bucket/${"ä".repeat(512)}`).key).toHaveLength(512);
    failing(() => parseCopySource(`bucket/${"ä".repeat(512)}a`), "KeyTooLongError");
  });
});
