import * as sdk from "@aws-sdk/client-s3";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, test } from "vitest";
import { cutUrl } from "../../../../src/edge/raw-url.ts";
import { detectOperation } from "../../../../src/services/s3/address/detect-operation.ts";
import { parseQueryParameters, parseTarget } from "../../../../src/services/s3/address/target.ts";
import { operationNames } from "../../../../src/services/s3/operation-name.ts";

function detect(method: string, path: string, headers: Record<string, string> = {}) {
  const url = cutUrl(`http://localhost${path}`);
  const target = parseTarget(url, []);
  return detectOperation({ method, target, query: parseQueryParameters(url.rawQuery), headers: new Headers(headers) });
}
const code = (name: string) => expect.objectContaining({ code: name });

describe("by method, level and subresource", () => {
  test.each([
    ["GET", "/", "ListBuckets"],
    ["GET", "/b", "ListObjects"],
    ["GET", "/b?prefix=x&delimiter=", "ListObjects"],
    ["GET", "/b/?list-type=2", "ListObjectsV2"],
    ["GET", "/b?uploads=", "ListMultipartUploads"],
    ["GET", "/b?inventory", "ListBucketInventoryConfigurations"],
    ["GET", "/b?inventory&id=x", "GetBucketInventoryConfiguration"],
    ["HEAD", "/b", "HeadBucket"],
    ["POST", "/b?delete", "DeleteObjects"],
    ["POST", "/b", "PostObject"],
    ["PUT", "/b/k", "PutObject"],
    ["PUT", "/b/k?x-id=PutObject", "PutObject"],
    ["PUT", "/b/k?uploadId=u&partNumber=1", "UploadPart"],
    ["POST", "/b/k?uploads", "CreateMultipartUpload"],
    ["POST", "/b/k?uploadId=u", "CompleteMultipartUpload"],
    ["DELETE", "/b/k?uploadId=u", "AbortMultipartUpload"],
    ["GET", "/b/k?uploadId=u", "ListParts"],
    ["GET", "/b/k?partNumber=1", "GetObject"],
    ["GET", "/b/k?versionId=null&response-expires=", "GetObject"],
    ["GET", "/b/k?utm_source=mail", "GetObject"],
    ["GET", "/b/k?X-Amz-Security-Token=", "GetObject"],
    ["POST", "/b/k?select&select-type=2", "SelectObjectContent"],
  ])("%s %s is %s", (method, path, name) => {
    expect(detect(method, path)).toBe(name);
  });

  test("a copy source makes a copy", () => {
    expect(detect("PUT", "/b/k", { "x-amz-copy-source": "a/b" })).toBe("CopyObject");
    expect(detect("PUT", "/b/k?uploadId=u&partNumber=2", { "x-amz-copy-source": "a/b" })).toBe("UploadPartCopy");
  });

  test.each([
    ["POST", "/"],
    ["PUT", "/"],
    ["HEAD", "/"],
    ["POST", "/b/k"],
    ["PATCH", "/b/k"],
    ["PUT", "/b?location"],
    ["PUT", "/b/k?uploads"],
    ["PUT", "/b/k?versioning"],
    ["HEAD", "/b?acl"],
    ["toString", "/b/k"],
  ])("%s %s is not allowed", (method, path) => {
    expect(() => detect(method, path)).toThrow(code("MethodNotAllowed"));
  });

  test("what is not allowed says what is", () => {
    const error = expect.objectContaining({
      details: { Method: "POST", ResourceType: "OBJECT" },
      headers: { Allow: "GET, HEAD, PUT, DELETE" },
    });
    expect(() => detect("POST", "/b/k")).toThrow(error);
  });

  test("an unknown subresource is named, and no object is written in its stead", () => {
    const error = expect.objectContaining({
      code: "NotImplemented",
      message: "The subresource foo is not implemented",
    });
    expect(() => detect("PUT", "/b/k?foo")).toThrow(error);
    expect(() => detect("GET", "/b?foo=")).toThrow(error);
  });

  test("two subresources conflict, a part without an upload is refused", () => {
    expect(() => detect("GET", "/b?acl&policy")).toThrow(code("InvalidArgument"));
    expect(() => detect("PUT", "/b/k?partNumber=1")).toThrow(code("InvalidArgument"));
  });
});

/** Enough of every input for the SDK to make a request of it. */
const input = {
  Bucket: "bucket",
  Key: "key",
  Id: "id",
  UploadId: "upload",
  PartNumber: 1,
  CopySource: "bucket/source",
  RenameSource: "/bucket/source",
  AnnotationName: "name",
  Delete: { Objects: [{ Key: "x" }] },
  Expression: "",
  RequestRoute: "route",
  RequestToken: "token",
  Body: "",
};

describe("each command of the SDK is detected as what it is", () => {
  const commands = operationNames.filter((name) => `${name}Command` in sdk);
  test.each(commands)("%s", async (name) => {
    const client = new S3Client({
      endpoint: "http://localhost",
      region: "us-east-1",
      forcePathStyle: true,
      disableS3ExpressSessionAuth: true,
      credentials: { accessKeyId: "id", secretAccessKey: "secret" },
    });
    let detected: string | undefined;
    client.middlewareStack.add(
      () => async (args) => {
        const request = args.request as {
          method: string;
          path: string;
          query: object;
          headers: Record<string, string>;
        };
        const query = new URLSearchParams(request.query as Record<string, string>);
        detected = detect(request.method, `${request.path}?${query}`, request.headers);
        throw new Error("seen");
      },
      { step: "build", priority: "low", name: "see" },
    );
    // biome-ignore lint/performance/noDynamicNamespaceImportAccess: every command is wanted here
    const Command = sdk[`${name}Command` as keyof typeof sdk] as unknown as new (
      input: object,
    ) => sdk.ListBucketsCommand;
    const { CopySource, ...rest } = input;
    const own = name.includes("Copy") ? { CopySource, ...rest } : rest;
    await expect(client.send(new Command(own))).rejects.toThrow("seen");
    expect(detected).toBe(name);
  });
});
