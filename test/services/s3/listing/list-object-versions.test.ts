import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { errorElements, refusalOf } from "../refusal.ts";
import { ABSENT_VERSION, FOREIGN_VERSION, setVersioning, versionedBucket } from "../versioned.ts";

let sherd: Sherd;
let client: S3Client;
/** Of "versions": [key, version id], newest first. */
const written: [string, string][] = [];
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await versionedBucket(client, "versions");
  for (const key of ["a/1", "a/2", "b", "c d/ä", "e"]) {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await put("versions", key)).VersionId ?? "");
    written.push(...ids.map((id): [string, string] => [key, id]));
  }
});
afterAll(() => sherd?.stop());

const put = (Bucket: string, Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
const remove = (Bucket: string, Key: string, VersionId?: string) =>
  client.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
const list = (input: Partial<ListObjectVersionsCommandInput> = {}) =>
  client.send(new ListObjectVersionsCommand({ Bucket: "versions", ...input }));
const named = ({ Versions = [] }: ListObjectVersionsCommandOutput) =>
  Versions.map(({ Key, VersionId }) => [Key, VersionId]);
/** As boto3's paginator does: from the markers of one page to the next. */
async function* pagesOf(input: Partial<ListObjectVersionsCommandInput>) {
  let markers: Partial<ListObjectVersionsCommandInput> = {};
  for (;;) {
    const page = await list({ ...input, ...markers });
    yield page;
    if (!page.IsTruncated) return;
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
const raw = (query: string, bucket = "versions") => sherd.raw({ path: `/${bucket}?versions${query}` });

describe("ListObjectVersions", () => {
  it("lists every version by key, the newest first", async () => {
    const page = await list();
    expect(named(page)).toEqual(written);
    expect(page).toMatchObject({ Name: "versions", Prefix: "", KeyMarker: "", MaxKeys: 1000, IsTruncated: false });
    expect(page.Versions?.[0]).toMatchObject({
      ETag: expect.stringMatching(/^"[0-9a-f]{32}"$/),
      Size: 3,
      StorageClass: "STANDARD",
      IsLatest: true,
      ChecksumAlgorithm: ["CRC32"],
      ChecksumType: "FULL_OBJECT",
      Owner: { DisplayName: "root" },
    });
    expect(page.Versions?.map(({ IsLatest }) => IsLatest).slice(0, 4)).toEqual([true, false, false, true]);
  });

  it("lists objects of a bucket that never had versions", async () => {
    await versionedBucket(client, "later");
    await setVersioning(client, "later", "Suspended");
    await put("later", "key");
    expect((await list({ Bucket: "later" })).Versions).toMatchObject([
      { Key: "key", VersionId: "null", IsLatest: true },
    ]);
  });

  it("lists delete markers in their place", async () => {
    await versionedBucket(client, "markers");
    const { VersionId: first } = await put("markers", "key");
    const { VersionId: marker } = await remove("markers", "key");
    await put("markers", "key");
    const { VersionId: last } = await remove("markers", "key");
    const { Versions, DeleteMarkers } = await list({ Bucket: "markers" });
    expect(DeleteMarkers).toMatchObject([
      { Key: "key", VersionId: last, IsLatest: true, Owner: { DisplayName: "root" } },
      { Key: "key", VersionId: marker, IsLatest: false },
    ]);
    expect(Versions?.map(({ IsLatest }) => IsLatest)).toEqual([false, false]);
    expect(Versions?.[1]?.VersionId).toBe(first);
    const { text } = await raw("", "markers");
    expect([...text.matchAll(/<(Version|DeleteMarker)>/g)].map(([, name]) => name)).toEqual([
      "DeleteMarker",
      "Version",
      "DeleteMarker",
      "Version",
    ]);
    expect(/<DeleteMarker>.*?<\/DeleteMarker>/.exec(text)?.[0]).not.toMatch(/Size|ETag|StorageClass/);
  });

  it("lists what begins with a prefix", async () => {
    expect(named(await list({ Prefix: "a/" }))).toEqual(written.filter(([key]) => key.startsWith("a/")));
    expect(named(await list({ Prefix: "nothing" }))).toEqual([]);
  });

  it("rolls keys up to a delimiter", async () => {
    const page = await list({ Delimiter: "/" });
    expect(page.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(["a/", "c d/"]);
    expect(named(page).map(([key]) => key)).toEqual(["b", "b", "b", "e", "e", "e"]);
    expect(page.Delimiter).toBe("/");
  });

  it.each([1, 2, 3, 4, 7, 1000])("in pages of %i loses and repeats nothing", async (MaxKeys) => {
    const seen: unknown[] = [];
    for await (const page of pagesOf({ MaxKeys })) {
      seen.push(...named(page));
      expect(named(page).length).toBeLessThanOrEqual(MaxKeys);
    }
    expect(seen).toEqual(written);
  });

  it.each([1, 2, 3])("in pages of %i with a delimiter loses and repeats nothing", async (MaxKeys) => {
    const seen: unknown[] = [];
    for await (const page of pagesOf({ MaxKeys, Delimiter: "/" })) {
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix), ...named(page).map(([key]) => key));
    }
    expect(seen.sort()).toEqual(["a/", "b", "b", "b", "c d/", "e", "e", "e"]);
  });

  it("goes on after a key, or after one of its versions", async () => {
    const [key, id] = written[4] as [string, string];
    expect(named(await list({ KeyMarker: key }))).toEqual(written.slice(6));
    const page = await list({ KeyMarker: key, VersionIdMarker: id });
    expect(named(page)).toEqual(written.slice(5));
    expect(page).toMatchObject({ KeyMarker: key, VersionIdMarker: id });
    expect(named(await list({ KeyMarker: "a" }))).toEqual(written);
  });

  it("names the last of a page as what to go on after", async () => {
    const page = await list({ MaxKeys: 2 });
    const [key, id] = written[1] as [string, string];
    expect(page).toMatchObject({ IsTruncated: true, NextKeyMarker: key, NextVersionIdMarker: id, MaxKeys: 2 });
    const rolled = await list({ MaxKeys: 1, Delimiter: "/" });
    expect(rolled).toMatchObject({ IsTruncated: true, NextKeyMarker: "a/" });
    expect(rolled.NextVersionIdMarker).toBeUndefined();
  });

  it("goes on after the null version, wherever it stands and even where it is gone", { tags: ["slow"] }, async () => {
    await versionedBucket(client, "nulls");
    await put("nulls", "key");
    await setVersioning(client, "nulls", "Suspended");
    await put("nulls", "key");
    await setVersioning(client, "nulls", "Enabled");
    await put("nulls", "key");
    await put("nulls", "later");
    const Bucket = "nulls";
    const all = named(await list({ Bucket }));
    expect(all.map(([, id]) => id === "null")).toEqual([false, true, false, false]);
    const pages: unknown[] = [];
    for await (const page of pagesOf({ Bucket, MaxKeys: 1 })) pages.push(...named(page));
    expect(pages).toEqual(all);
    const after = { Bucket, KeyMarker: "key", VersionIdMarker: "null" };
    expect(named(await list(after))).toEqual(all.slice(2));
    await remove("nulls", "key", "null");
    // It is no place any more: all that is left of the key is repeated.
    expect(named(await list(after))).toEqual([all[0], ...all.slice(2)]);
    await remove("nulls", "later", all[3]?.[1]);
    await put("nulls", "key");
    expect(named(await list(after)).slice(1)).toEqual([all[0], all[2]]);
  });

  it("encodes names where it is asked to", async () => {
    const { text } = await raw("&encoding-type=url&prefix=c%20d/&key-marker=c%20d/a&delimiter=%20");
    expect(text).toContain("<Prefix>c%20d/</Prefix><KeyMarker>c%20d/a</KeyMarker>");
    expect(text).toContain("<Delimiter>%20</Delimiter><EncodingType>url</EncodingType>");
    expect(text).toContain("<Key>c%20d/%C3%A4</Key>");
  });

  it("answers an empty page where none is to be listed", async () => {
    const page = await list({ MaxKeys: 0 });
    expect([named(page), page.IsTruncated, page.MaxKeys]).toEqual([[], false, 0]);
  });

  it("lists no more than a thousand, whatever is asked", async () => {
    expect((await list({ MaxKeys: 5000 })).MaxKeys).toBe(1000);
  });
});

describe("ListObjectVersions refuses", () => {
  it.each([
    ["&version-id-marker=x", "A version-id marker cannot be specified without a key marker.", "version-id-marker"],
    ["&key-marker=a&version-id-marker=", "A version-id marker cannot be empty.", "version-id-marker"],
    [`&key-marker=a&version-id-marker=${FOREIGN_VERSION}`, "Invalid version id specified", "version-id-marker"],
    ["&key-marker=a&version-id-marker=NULL", "Invalid version id specified", "version-id-marker"],
    ["&max-keys=abc", "Provided max-keys not an integer or within integer range", "max-keys"],
    ["&encoding-type=bogus", "Invalid Encoding Method specified in Request", "encoding-type"],
    ["&versionId=x", "This operation does not accept a version-id.", "versionId"],
  ])("%s", async (query, message, argument) => {
    const elements = errorElements(await raw(query));
    expect(elements).toMatchObject({ status: "400", Code: "InvalidArgument", ArgumentName: argument });
    expect(elements.Message).toBe(message);
  });

  it("a bucket that does not exist", async () => {
    expect(await refusalOf(list({ Bucket: "nobody" }))).toMatchObject({ status: 404, code: "NoSuchBucket" });
  });

  it("nothing where the marker's version is none of the key", async () => {
    expect(named(await list({ KeyMarker: "b", VersionIdMarker: ABSENT_VERSION }))).toEqual(
      written.filter(([key]) => key > "b"),
    );
  });
});
