import * as sdk from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { operationNames } from "../../../src/services/s3/operation-name.ts";
import { operations } from "../../../src/services/s3/operations.ts";

/** Every command has an operation's name; `$Command` is their base class. */
const sdkNames = Object.keys(sdk)
  .filter((name) => name.endsWith("Command") && !name.startsWith("$"))
  .map((name) => name.slice(0, -"Command".length));

test("every operation of the SDK is known, and one more: uploads by an HTML form", () => {
  expect(sdkNames.length).toBeGreaterThan(100);
  expect([...operationNames].sort()).toEqual([...sdkNames, "PostObject"].sort());
});

test("the operations of the tutorial are built", () => {
  const tutorial =
    "ListBuckets CreateBucket HeadBucket DeleteBucket GetBucketLocation PutObject GetObject HeadObject DeleteObject " +
    "DeleteObjects CopyObject ListObjects ListObjectsV2 CreateMultipartUpload UploadPart UploadPartCopy " +
    "CompleteMultipartUpload AbortMultipartUpload ListParts ListMultipartUploads";
  const missing = tutorial.split(" ").filter((name) => operations[name as keyof typeof operations].handler === null);
  expect(missing).toEqual([]);
});
