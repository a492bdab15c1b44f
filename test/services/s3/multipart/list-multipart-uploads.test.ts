import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";

let sherd: Sherd;
/** Three uploads of one key among them. */
const keys = ["a", "b/1", "b/2", "same", "same", "same", "z z"];
/** Key and id, in the order of a listing. */
let uploads: [string, string][];
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  uploads = [];
  for (const Key of [...keys].reverse()) {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "bucket", Key }));
    uploads.push([Key, UploadId ?? ""]);
  }
  uploads.sort(([keyA, idA], [keyB, idB]) => (keyA < keyB || (keyA === keyB && idA < idB) ? -1 : 1));
});
afterAll(() => sherd.stop());

type Input = Omit<ListMultipartUploadsCommandInput, "Bucket">;
async function list(input: Input = {}) {
  const page = await sherd.client().send(new ListMultipartUploadsCommand({ Bucket: "bucket", ...input }));
  const found = (page.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId]);
  return { page, found, prefixes: (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix) };
}

test("all uploads by key and id", async () => {
  const { page, found } = await list();
  expect(found).toEqual(uploads);
  expect(page).toMatchObject({
    Bucket: "bucket",
    KeyMarker: "",
    UploadIdMarker: "",
    MaxUploads: 1000,
    IsTruncated: false,
  });
  expect(page.Uploads?.[0]).toMatchObject({
    Key: "a",
    StorageClass: "STANDARD",
    Owner: { DisplayName: "root" },
    Initiator: { DisplayName: "root" },
    Initiated: expect.any(Date),
  });
});

test("prefix and delimiter", async () => {
  const rolled = await list({ Delimiter: "/" });
  expect(rolled.prefixes).toEqual(["b/"]);
  expect(rolled.found.map(([key]) => key)).toEqual(["a", "same", "same", "same", "z z"]);
  expect((await list({ Prefix: "b/" })).found.map(([key]) => key)).toEqual(["b/1", "b/2"]);
  expect((await list({ Prefix: "b/", Delimiter: "/" })).page).toMatchObject({ Prefix: "b/", Delimiter: "/" });
});

describe("pages", () => {
  test.each([
    [1, {}],
    [2, {}],
    [3, {}],
    [1, { Delimiter: "/" }],
    [2, { Delimiter: "/" }],
  ] as const)("of %i with %j make the whole", async (MaxUploads, input) => {
    const whole = await list(input);
    const entries: unknown[] = [];
    let markers: Input = {};
    for (;;) {
      const { page, found, prefixes } = await list({ MaxUploads, ...input, ...markers });
      expect(found.length + prefixes.length).toBeLessThanOrEqual(MaxUploads);
      entries.push(...found, ...prefixes);
      if (page.IsTruncated !== true) break;
      markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
    }
    const sorted = (all: unknown[]) => all.map((entry) => JSON.stringify(entry)).sort();
    expect(sorted(entries)).toEqual(sorted([...whole.found, ...whole.prefixes]));
  });

  test("a key marker alone passes over all uploads of its key; with an id only to there", async () => {
    expect((await list({ KeyMarker: "same" })).found.map(([key]) => key)).toEqual(["z z"]);
    const second = uploads.filter(([key]) => key === "same")[1]?.[1];
    const { found } = await list({ KeyMarker: "same", UploadIdMarker: second });
    expect(found).toEqual(uploads.slice(-2));
  });

  test("an id without a key marker is ignored", async () => {
    expect((await list({ UploadIdMarker: uploads[3]?.[1] })).found).toEqual(uploads);
  });
});

test("names are encoded where that is asked for", async () => {
  const { text } = await sherd.raw({ path: "/bucket?uploads&encoding-type=url&prefix=z%20" });
  expect(elementText(text, "Key")).toBe("z%20z");
  expect(elementText(text, "Prefix")).toBe("z%20");
});

test("an aborted upload is gone", async () => {
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "aborting" }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "aborting", Key: "k" }));
  await client.send(new AbortMultipartUploadCommand({ Bucket: "aborting", Key: "k", UploadId }));
  const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: "aborting" }));
  expect(Uploads ?? []).toEqual([]);
});

describe("bad input", () => {
  test.each(["max-uploads=-1", "max-uploads=x", "encoding-type=x"])("&%s is refused", async (query) => {
    const { status, text } = await sherd.raw({ path: `/bucket?uploads&${query}` });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidArgument"]);
  });

  test("no bucket: NoSuchBucket", async () => {
    const refused = await failure(sherd.client().send(new ListMultipartUploadsCommand({ Bucket: "absent" })));
    expect(refused).toMatchObject({ code: "NoSuchBucket", status: 404 });
  });
});
