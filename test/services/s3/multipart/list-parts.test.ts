import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type ListPartsCommandInput,
  paginateListParts,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
let UploadId: string | undefined;
const name = { Bucket: "bucket", Key: "some key" };
const numbers = [1, 2, 5, 10_000];
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  ({ UploadId } = await client.send(new CreateMultipartUploadCommand({ ...name, ChecksumAlgorithm: "CRC32" })));
  for (const PartNumber of [5, 10_000, 2, 1]) {
    const Body = Buffer.from(`part ${PartNumber}`);
    await client.send(new UploadPartCommand({ ...name, UploadId, PartNumber, Body, ChecksumAlgorithm: "CRC32" }));
  }
});
afterAll(() => sherd.stop());

const list = (input: Partial<ListPartsCommandInput> = {}) =>
  sherd.client().send(new ListPartsCommand({ ...name, UploadId, ...input }));

test("all parts by number, and the upload they belong to", async () => {
  const listed = await list();
  expect(listed).toMatchObject({
    ...name,
    UploadId,
    PartNumberMarker: "0",
    MaxParts: 1000,
    IsTruncated: false,
    StorageClass: "STANDARD",
    ChecksumAlgorithm: "CRC32",
    ChecksumType: "COMPOSITE",
    Owner: { DisplayName: "root" },
    Initiator: { DisplayName: "root" },
  });
  expect(listed.NextPartNumberMarker).toBeUndefined();
  expect(listed.Parts?.map(({ PartNumber }) => PartNumber)).toEqual(numbers);
  expect(listed.Parts?.[0]).toMatchObject({
    PartNumber: 1,
    Size: 6,
    ETag: '"7d3fedcaf1bbe1100d0d2b19f56cfdd4"',
    ChecksumCRC32: expect.stringMatching(/^[A-Za-z0-9+/]{6}==$/),
  });
});

test.each([1, 2, 3, 4])("pages of %i make the whole", async (MaxParts) => {
  const found: unknown[] = [];
  for await (const page of paginateListParts({ client: sherd.client() }, { ...name, UploadId, MaxParts })) {
    expect(page.Parts?.length).toBeLessThanOrEqual(MaxParts);
    found.push(...(page.Parts ?? []).map(({ PartNumber }) => PartNumber));
  }
  expect(found).toEqual(numbers);
});

test("a marker excludes its number; a page may be empty", async () => {
  expect((await list({ PartNumberMarker: "2" })).Parts?.map(({ PartNumber }) => PartNumber)).toEqual([5, 10_000]);
  expect(await list({ PartNumberMarker: "10000" })).toMatchObject({ IsTruncated: false });
  expect((await list({ MaxParts: 0 })).Parts ?? []).toEqual([]);
  expect((await list({ MaxParts: 2000 })).MaxParts).toBe(1000);
});

describe("bad input", () => {
  test.each(["max-parts=-1", "max-parts=x", "part-number-marker=-1", "part-number-marker=x"])("&%s", async (query) => {
    const { status, text } = await sherd.raw({ path: `/bucket/some%20key?uploadId=${UploadId}&${query}` });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidArgument"]);
  });

  test("an unknown upload, another key, another bucket", async () => {
    for (const other of [{ UploadId: "unknown" }, { UploadId: "" }, { Key: "other" }]) {
      expect(await failure(list(other))).toMatchObject({ code: "NoSuchUpload", status: 404 });
    }
    expect(await failure(list({ Bucket: "absent" }))).toMatchObject({ code: "NoSuchBucket", status: 404 });
  });
});
