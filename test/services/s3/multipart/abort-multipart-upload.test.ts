import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const target = { Bucket: "bucket", Key: "key" };
const begin = async () => (await client.send(new CreateMultipartUploadCommand(target))).UploadId ?? "";
const abort = (UploadId: string, input = {}) =>
  client.send(new AbortMultipartUploadCommand({ ...target, UploadId, ...input }));

describe("AbortMultipartUpload", () => {
  it("forgets the upload and its parts", async () => {
    const UploadId = await begin();
    await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x".repeat(100_000) }));
    expect((await abort(UploadId)).$metadata.httpStatusCode).toBe(204);
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
    expect(Uploads).toBeUndefined();
    expect((await refusalOf(client.send(new ListPartsCommand({ ...target, UploadId })))).code).toBe("NoSuchUpload");
    expect((await refusalOf(client.send(new HeadObjectCommand(target)))).status).toBe(404);
  });

  it("forgets an upload only if it was begun when x-amz-if-match-initiated-time says", async () => {
    const UploadId = await begin();
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "bucket" }));
    const Initiated = Uploads?.[0]?.Initiated ?? new Date(0);
    const other = new Date(Initiated.getTime() - 1000);
    expect(await refusalOf(abort(UploadId, { IfMatchInitiatedTime: other }))).toMatchObject({
      status: 412,
      code: "PreconditionFailed",
    });
    const headers = { "x-amz-if-match-initiated-time": "yesterday" };
    const malformed = await sherd.raw({ method: "DELETE", path: `/bucket/key?uploadId=${UploadId}`, headers });
    expect(errorElements(malformed)).toMatchObject({ status: "400", Code: "InvalidArgument" });
    expect((await abort(UploadId, { IfMatchInitiatedTime: Initiated })).$metadata.httpStatusCode).toBe(204);
  });

  it("leaves other uploads of the key alone", async () => {
    const [first, second] = [await begin(), await begin()];
    await abort(first);
    const { Parts } = await client.send(new ListPartsCommand({ ...target, UploadId: second }));
    expect(Parts).toBeUndefined();
    await abort(second);
  });

  it("leaves the object that an upload has become", async () => {
    const UploadId = await begin();
    const { ETag } = await client.send(new UploadPartCommand({ ...target, UploadId, PartNumber: 1, Body: "x" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload }));
    expect((await refusalOf(abort(UploadId))).code).toBe("NoSuchUpload");
    expect((await client.send(new HeadObjectCommand(target))).ContentLength).toBe(1);
  });

  it("names an upload that does not exist", async () => {
    expect(await refusalOf(abort("unknown"))).toMatchObject({ status: 404, code: "NoSuchUpload" });
    const UploadId = await begin();
    expect((await refusalOf(abort(UploadId, { Key: "other" }))).code).toBe("NoSuchUpload");
    expect((await refusalOf(abort(UploadId, { Bucket: "nobody" }))).code).toBe("NoSuchBucket");
    await abort(UploadId);
    expect((await refusalOf(abort(UploadId))).code).toBe("NoSuchUpload");
  });
});
