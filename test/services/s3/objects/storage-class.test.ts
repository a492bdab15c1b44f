import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
  type StorageClass,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
const body = pattern(1_200_000, 8);
const target = { Bucket: "bucket" };
beforeAll(async () => {
  sherd = await startSherd({ SHERD_STORAGE_CLASSES: "STANDARD=4+2,ONEZONE_IA=5+1" });
  client = sherd.client();
  await client.send(new CreateBucketCommand(target));
});
afterAll(() => sherd?.stop());

const put = (Key: string, StorageClass: StorageClass) =>
  client.send(new PutObjectCommand({ ...target, Key, Body: body, StorageClass }));
const classOf = async (Key: string) => (await client.send(new HeadObjectCommand({ ...target, Key }))).StorageClass;
const intact = async (Key: string) => {
  const { Body } = await client.send(new GetObjectCommand({ ...target, Key }));
  expect(Buffer.compare((await Body?.transformToByteArray()) ?? new Uint8Array(0), body)).toBe(0);
};
const copy = (from: string, Key: string, StorageClass?: StorageClass) =>
  client.send(
    new CopyObjectCommand({ ...target, Key, CopySource: `bucket/${from}`, ...(StorageClass && { StorageClass }) }),
  );

describe("x-amz-storage-class", () => {
  it("picks among the configured classes and is answered unless it is STANDARD", async () => {
    await put("one", "ONEZONE_IA");
    await put("standard", "STANDARD");
    await intact("one");
    expect(await classOf("one")).toBe("ONEZONE_IA");
    expect(await classOf("standard")).toBeUndefined();
    const { Contents } = await client.send(new ListObjectsV2Command(target));
    expect(Contents?.map(({ Key, StorageClass }) => [Key, StorageClass])).toEqual([
      ["one", "ONEZONE_IA"],
      ["standard", "STANDARD"],
    ]);
  });

  it("is that of the copy, not of its source", { tags: ["slow"] }, async () => {
    await put("source", "ONEZONE_IA");
    await copy("source", "to-standard");
    await copy("source", "to-same", "ONEZONE_IA");
    expect(await classOf("to-standard")).toBeUndefined();
    expect(await classOf("to-same")).toBe("ONEZONE_IA");
    await intact("to-standard");
    await intact("to-same");
  });

  it.each([
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "GLACIER_IR",
    "DEEP_ARCHIVE",
  ] as const)("%s is taken, recorded and shown without being configured", { tags: ["slow"] }, async (storageClass) => {
    const Key = `class-${storageClass}`;
    await put(Key, storageClass);
    await intact(Key);
    expect(await classOf(Key)).toBe(storageClass);
    const { Contents } = await client.send(new ListObjectsV2Command({ ...target, Prefix: Key }));
    expect(Contents?.[0]?.StorageClass).toBe(storageClass);
    const { Versions } = await client.send(new ListObjectVersionsCommand({ ...target, Prefix: Key }));
    expect(Versions?.[0]?.StorageClass).toBe(storageClass);
    const attributes = { ...target, Key, ObjectAttributes: ["StorageClass" as const] };
    expect((await client.send(new GetObjectAttributesCommand(attributes))).StorageClass).toBe(storageClass);
    await copy(Key, `${Key}-copy`, storageClass);
    expect(await classOf(`${Key}-copy`)).toBe(storageClass);
    await intact(`${Key}-copy`);
  });

  it("makes a copy onto itself legal by being named, the same class too", { tags: ["slow"] }, async () => {
    await put("self", "STANDARD");
    expect((await refusalOf(copy("self", "self"))).code).toBe("InvalidRequest");
    await copy("self", "self", "STANDARD");
    expect(await classOf("self")).toBeUndefined();
    await copy("self", "self", "ONEZONE_IA");
    expect(await classOf("self")).toBe("ONEZONE_IA");
    await intact("self");
  });

  it("is settled when an upload is created", { tags: ["slow"] }, async () => {
    const created = { ...target, Key: "upload", StorageClass: "ONEZONE_IA" as const };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(created));
    const upload = { ...target, Key: "upload", UploadId };
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: body }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    expect(await classOf("upload")).toBe("ONEZONE_IA");
    await intact("upload");
  });
});
