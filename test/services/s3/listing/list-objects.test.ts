import { CreateBucketCommand, ListObjectsCommand, type ListObjectsCommandInput } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";
import { objectPath } from "../../../support/signer.ts";

let sherd: Sherd;
const keys = ["a", "a/1", "a/2", "b", "c/3", "d\x01"];
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
  for (const key of keys) await sherd.raw({ method: "PUT", path: objectPath("bucket", key), body: "x" });
});
afterAll(() => sherd.stop());

async function list(input: Omit<ListObjectsCommandInput, "Bucket"> = {}) {
  const page = await sherd.client().send(new ListObjectsCommand({ Bucket: "bucket", EncodingType: "url", ...input }));
  const found = (page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? ""));
  return { page, keys: found, prefixes: (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix) };
}

test("a whole bucket, with owners", async () => {
  const { page, keys: found } = await list();
  expect(found).toEqual(keys);
  expect(page).toMatchObject({ Name: "bucket", Prefix: "", Marker: "", MaxKeys: 1000, IsTruncated: false });
  expect(page.Contents?.[0]).toMatchObject({
    Size: 1,
    ETag: '"9dd4e461268c8034f5c8564e155c67a6"',
    StorageClass: "STANDARD",
    Owner: { DisplayName: "root" },
  });
  expect(page.NextMarker).toBeUndefined();
});

describe("markers", () => {
  test("exclude their key, and need not be one", async () => {
    expect((await list({ Marker: "a/1" })).keys).toEqual(["a/2", "b", "c/3", "d\x01"]);
    expect((await list({ Marker: "a/11" })).keys).toEqual(["a/2", "b", "c/3", "d\x01"]);
    expect((await list({ Marker: "b" })).page.Marker).toBe("b");
  });

  test("NextMarker is named with a delimiter only", async () => {
    expect((await list({ MaxKeys: 1 })).page).toMatchObject({ IsTruncated: true });
    expect((await list({ MaxKeys: 1 })).page.NextMarker).toBeUndefined();
    expect((await list({ MaxKeys: 1, Delimiter: "/" })).page.NextMarker).toBe("a");
    expect((await list({ MaxKeys: 2, Delimiter: "/" })).page.NextMarker).toBe("a/");
  });

  test.each([1, 2, 3, 10])("with a delimiter, pages of %i make the whole", async (MaxKeys) => {
    const found: unknown[] = [];
    let Marker: string | undefined;
    do {
      const { page, keys: more, prefixes } = await list({ MaxKeys, Delimiter: "/", ...(Marker ? { Marker } : {}) });
      found.push(...more, ...prefixes);
      Marker = page.NextMarker;
      expect(page.IsTruncated).toBe(Marker !== undefined);
    } while (Marker !== undefined);
    expect(found.sort()).toEqual(["a", "a/", "b", "c/", "d\x01"]);
  });

  test("without one, the last key goes on", async () => {
    const found: string[] = [];
    for (let Marker = ""; ; ) {
      const { page, keys: more } = await list({ MaxKeys: 2, Marker });
      found.push(...more);
      if (page.IsTruncated !== true) break;
      Marker = more.at(-1) ?? "";
    }
    expect(found).toEqual(keys);
  });
});

test("names are encoded where that is asked for, and references where not", async () => {
  const encoded = await sherd.raw({ path: "/bucket?encoding-type=url&prefix=d%01&marker=c%20&delimiter=%20" });
  expect(elementText(encoded.text, "Key")).toBe("d%01");
  expect(elementText(encoded.text, "Prefix")).toBe("d%01");
  expect(elementText(encoded.text, "Marker")).toBe("c%20");
  expect(elementText(encoded.text, "Delimiter")).toBe("%20");
  expect((await sherd.raw({ path: "/bucket?prefix=d" })).text).toContain("<Key>d&#x1;</Key>");
});

test("max-keys=0 asks for nothing", async () => {
  expect((await list({ MaxKeys: 0 })).page).toMatchObject({ MaxKeys: 0, IsTruncated: false });
});

describe("bad input", () => {
  test.each([
    ["max-keys=-5", "max-keys"],
    ["max-keys=1.5", "max-keys"],
    ["encoding-type=x", "encoding-type"],
    ["list-type=3", "list-type"],
  ])("?%s is refused", async (query, argument) => {
    const { status, text } = await sherd.raw({ path: `/bucket?${query}` });
    expect([status, elementText(text, "Code"), elementText(text, "ArgumentName")]).toEqual([
      400,
      "InvalidArgument",
      argument,
    ]);
  });

  test("no bucket: NoSuchBucket", async () => {
    const refused = await failure(sherd.client().send(new ListObjectsCommand({ Bucket: "absent" })));
    expect(refused).toMatchObject({ code: "NoSuchBucket", status: 404 });
  });
});
