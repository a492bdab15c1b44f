import { createHash } from "node:crypto";
import {
  type ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ChecksumName, createChecksum } from "../../../src/erasure/checksum.ts";
import { createEngine } from "../../support/kernel.ts";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { pattern } from "../../support/store.ts";
import { errorElements } from "./refusal.ts";

/** The checksums that S3 has had since 2026, each wherever a checksum can be. */

const Bucket = "bucket";
let sherd: Sherd;
let client: S3Client;
const engine = await createEngine(1);
const small = Buffer.from("a small body");
const large = pattern(1_000_003, 5);
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd?.stop());

function digest(name: ChecksumName, bytes: Uint8Array): string {
  const checksum = createChecksum(name, engine);
  checksum.update(bytes);
  return Buffer.from(checksum.digest()).toString("base64");
}

const ALGORITHMS = ["SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"] as const satisfies ChecksumAlgorithm[];

describe.each(ALGORITHMS)("%s", (algorithm) => {
  const name = algorithm.toLowerCase() as ChecksumName;
  const header = `x-amz-checksum-${name}`;
  const element = `Checksum${algorithm}` as const;
  const head = (Key: string) => client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));

  it.each([
    ["small", small],
    ["large", large],
  ])("of a %s body is taken in a header, verified, kept and answered", { tags: ["slow"] }, async (size, body) => {
    const Key = `${size}-${name}`;
    const path = `/${Bucket}/${Key}`;
    const put = await sherd.raw({ method: "PUT", path, body, headers: { [header]: digest(name, body) } });
    expect([put.status, put.headers[header]]).toEqual([200, digest(name, body)]);
    const refused = await sherd.raw({
      method: "PUT",
      path,
      body,
      headers: { [header]: digest(name, body.subarray(1)) },
    });
    expect(errorElements(refused)).toMatchObject({ status: "400", Code: "BadDigest" });
    expect(await head(Key)).toMatchObject({ [element]: digest(name, body), ChecksumType: "FULL_OBJECT" });
    // The SDK for JavaScript knows these algorithms by name only, and cannot check what it gets.
    const got = await sherd.raw({ path, headers: { "x-amz-checksum-mode": "ENABLED" } });
    expect([got.headers[header], got.headers["x-amz-checksum-type"]]).toEqual([digest(name, body), "FULL_OBJECT"]);
    const attributes = await client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ["Checksum"] }),
    );
    expect(attributes.Checksum).toEqual({ [element]: digest(name, body), ChecksumType: "FULL_OBJECT" });
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }));
    expect(Contents?.[0]?.ChecksumAlgorithm).toEqual([algorithm]);
  });

  it("is taken in a trailer", async () => {
    const send = (value: string) =>
      sherd.raw({
        method: "PUT",
        path: `/${Bucket}/trailer-${name}`,
        body: large,
        payload: { mode: "streaming-unsigned-trailer", trailers: { [header]: value } },
      });
    expect((await send(digest(name, small))).text).toContain("<Code>BadDigest</Code>");
    expect((await send(digest(name, large))).status).toBe(200);
    expect((await head(`trailer-${name}`))[element]).toBe(digest(name, large));
  });

  it("of an upload is composite, of its parts' checksums", async () => {
    const target = { Bucket, Key: `parts-${name}` };
    const created = await client.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: algorithm }));
    expect(created).toMatchObject({ ChecksumAlgorithm: algorithm, ChecksumType: "COMPOSITE" });
    const upload = { ...target, UploadId: created.UploadId };
    const value = digest(name, large);
    const part = { PartNumber: 1, [element]: value };
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, ...part, Body: large }));
    const { Parts } = await client.send(new ListPartsCommand(upload));
    expect(Parts?.[0]?.[element]).toBe(value);
    const MultipartUpload = { Parts: [{ ...part, ETag }] };
    const completed = await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    const ofParts = `${digest(name, Buffer.from(value, "base64"))}-1`;
    expect(completed).toMatchObject({ [element]: ofParts, ChecksumType: "COMPOSITE" });
    expect((await head(target.Key))[element]).toBe(ofParts);
    const refused = await sherd.raw({
      method: "POST",
      path: `/${Bucket}/refused?uploads`,
      headers: { "x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": "FULL_OBJECT" },
    });
    expect(errorElements(refused).Code).toBe("InvalidRequest");
  });

  it("is computed for a copy that asks for it, and stays with one that does not", async () => {
    const copy = (Key: string, from: string, ChecksumAlgorithm?: typeof algorithm) =>
      client.send(
        new CopyObjectCommand({
          Bucket,
          Key,
          CopySource: `${Bucket}/${from}`,
          ...(ChecksumAlgorithm && { ChecksumAlgorithm }),
        }),
      );
    await sherd.raw({ method: "PUT", path: `/${Bucket}/plain`, body: large });
    const { CopyObjectResult } = await copy(`copied-${name}`, "plain", algorithm);
    expect(CopyObjectResult?.[element]).toBe(digest(name, large));
    await copy(`again-${name}`, `copied-${name}`);
    expect((await head(`again-${name}`))[element]).toBe(digest(name, large));
  });

  it("of the body of a DeleteObjects is a digest that S3 asks for", async () => {
    const body = "<Delete><Object><Key>none</Key></Object></Delete>";
    const headers = { [header]: digest(name, Buffer.from(body)) };
    expect((await sherd.raw({ method: "POST", path: `/${Bucket}?delete`, body, headers })).status).toBe(200);
  });
});

it("the checksums of this test are right", () => {
  expect(digest("sha512", small)).toBe(createHash("sha512").update(small).digest("base64"));
  expect(digest("md5", small)).toBe(createHash("md5").update(small).digest("base64"));
});
