import { Buffer } from "node:buffer";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, failure, type Sherd, startSherd } from "../../../support/sherd.ts";
import { awsEncode, objectPath } from "../../../support/signer.ts";

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
});
afterAll(() => sherd.stop());

let buckets = 0;
async function bucketWith(keys: readonly string[]): Promise<string> {
  buckets += 1;
  const Bucket = `bucket-${buckets}`;
  await sherd.client().send(new CreateBucketCommand({ Bucket }));
  for (const key of keys) {
    const { status, text } = await sherd.raw({ method: "PUT", path: objectPath(Bucket, key), body: key });
    if (status !== 200) throw new Error(text);
  }
  return Bucket;
}

type Input = Omit<ListObjectsV2CommandInput, "Bucket">;
async function list(Bucket: string, input: Input = {}) {
  const page = await sherd.client().send(new ListObjectsV2Command({ Bucket, ...input }));
  const keys = (page.Contents ?? []).map(({ Key }) => Key ?? "");
  const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? "");
  return { page, keys, prefixes };
}

const tree = ["a", "a/1", "a/2", "a/b/3", "b", "c/4", "c/5", "d"];
let treeBucket: string;
beforeAll(async () => {
  treeBucket = await bucketWith(tree);
});

describe("what a page holds", () => {
  test("entries with their properties", async () => {
    const { page } = await list(treeBucket, { MaxKeys: 1 });
    expect(page).toMatchObject({
      Name: treeBucket,
      Prefix: "",
      MaxKeys: 1,
      KeyCount: 1,
      IsTruncated: true,
      Contents: [
        {
          Key: "a",
          Size: 1,
          ETag: '"0cc175b9c0f1b6a831c399e269772661"',
          StorageClass: "STANDARD",
          ChecksumAlgorithm: ["CRC64NVME"],
          ChecksumType: "FULL_OBJECT",
        },
      ],
    });
    expect(page.Contents?.[0]?.Owner).toBeUndefined();
    expect(page.Contents?.[0]?.LastModified?.getMilliseconds()).toBe(0);
  });

  test("a restore status, which nothing has", async () => {
    const { page } = await list(treeBucket, { OptionalObjectAttributes: ["RestoreStatus"] });
    expect(page.Contents?.length).toBeGreaterThan(0);
    for (const object of page.Contents ?? []) expect(object.RestoreStatus).toBeUndefined();
  });

  test("owners where they are asked for", async () => {
    const { page } = await list(treeBucket, { MaxKeys: 1, FetchOwner: true });
    expect(page.Contents?.[0]?.Owner).toMatchObject({ DisplayName: "root" });
    expect((await list(treeBucket, { MaxKeys: 1, FetchOwner: false })).page.Contents?.[0]?.Owner).toBeUndefined();
  });

  test("keys in the order of their bytes", async () => {
    const keys = ["Z", "a", "~", "\u00e9", "\ud83d\ude00", "\uffee", "a b", "a+b", "a%2Fb"];
    const bucket = await bucketWith(keys);
    const byBytes = [...keys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    expect((await list(bucket)).keys).toEqual(byBytes);
  });

  test("an empty bucket has an empty page", async () => {
    const bucket = await bucketWith([]);
    expect((await list(bucket)).page).toMatchObject({ KeyCount: 0, IsTruncated: false });
    expect((await list(bucket)).keys).toEqual([]);
  });

  test("a write and a delete show at once", async () => {
    const bucket = await bucketWith(["x"]);
    const client = sherd.client();
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: "y", Body: "" }));
    expect((await list(bucket)).keys).toEqual(["x", "y"]);
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: "x" }));
    expect((await list(bucket)).keys).toEqual(["y"]);
  });
});

describe("prefix and delimiter", () => {
  test.each([
    [{ Delimiter: "/" }, ["a", "b", "d"], ["a/", "c/"]],
    [{ Delimiter: "/", Prefix: "a/" }, ["a/1", "a/2"], ["a/b/"]],
    [{ Delimiter: "/", Prefix: "a" }, ["a"], ["a/"]],
    [{ Prefix: "c" }, ["c/4", "c/5"], []],
    [{ Prefix: "none" }, [], []],
    [{ Delimiter: "/b/" }, ["a", "a/1", "a/2", "b", "c/4", "c/5", "d"], ["a/b/"]],
    [{ Delimiter: "b" }, ["a", "a/1", "a/2", "c/4", "c/5", "d"], ["a/b", "b"]],
    [{ Delimiter: "none" }, tree, []],
    [{ Delimiter: "" }, tree, []],
  ] as const)("%j", async (input, keys, prefixes) => {
    const found = await list(treeBucket, input);
    expect([found.keys, found.prefixes]).toEqual([keys, prefixes]);
    expect(found.page.KeyCount).toBe(keys.length + prefixes.length);
  });

  test("both are echoed", async () => {
    expect((await list(treeBucket, { Delimiter: "/", Prefix: "a/" })).page).toMatchObject({
      Delimiter: "/",
      Prefix: "a/",
    });
    expect((await list(treeBucket)).page.Delimiter).toBeUndefined();
  });

  test("wildcards of SQL are characters like others", async () => {
    const bucket = await bucketWith(["a%b", "a_b", "axb", "a*b", "a[b"]);
    for (const Prefix of ["a%", "a_", "a*", "a["])
      expect((await list(bucket, { Prefix })).keys).toEqual([`${Prefix}b`]);
  });
});

describe("pages", () => {
  test.each([
    [1, {}],
    [2, {}],
    [3, { Delimiter: "/" }],
    [1, { Delimiter: "/" }],
    [2, { Delimiter: "/", Prefix: "a/" }],
  ] as const)("of %i with %j make the whole", async (MaxKeys, input) => {
    const whole = await list(treeBucket, input);
    const entries: string[] = [];
    for await (const page of paginateListObjectsV2(
      { client: sherd.client() },
      { Bucket: treeBucket, MaxKeys, ...input },
    )) {
      expect(page.KeyCount).toBeLessThanOrEqual(MaxKeys);
      expect(page.IsTruncated).toBe(page.NextContinuationToken !== undefined);
      const found = [
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map((one) => one.Prefix),
      ];
      entries.push(...found.map(String));
    }
    expect(entries.sort()).toEqual([...whole.keys, ...whole.prefixes].sort());
  });

  test("start-after excludes its key and may name none", async () => {
    expect((await list(treeBucket, { StartAfter: "a/2" })).keys).toEqual(["a/b/3", "b", "c/4", "c/5", "d"]);
    expect((await list(treeBucket, { StartAfter: "a/25" })).keys).toEqual(["a/b/3", "b", "c/4", "c/5", "d"]);
    expect((await list(treeBucket, { StartAfter: "zzz" })).keys).toEqual([]);
    expect((await list(treeBucket, { StartAfter: "b" })).page.StartAfter).toBe("b");
  });

  test("start-after a common prefix goes on behind it", async () => {
    const found = await list(treeBucket, { StartAfter: "a/", Delimiter: "/" });
    expect([found.keys, found.prefixes]).toEqual([["b", "d"], ["c/"]]);
  });

  test("a token is echoed and outweighs start-after", async () => {
    const first = await list(treeBucket, { MaxKeys: 2, StartAfter: "a" });
    expect(first.keys).toEqual(["a/1", "a/2"]);
    const ContinuationToken = first.page.NextContinuationToken;
    const second = await list(treeBucket, { MaxKeys: 2, StartAfter: "a", ContinuationToken });
    expect(second.keys).toEqual(["a/b/3", "b"]);
    expect(second.page.ContinuationToken).toBe(ContinuationToken);
  });

  test("max-keys: none, and never more than a thousand", async () => {
    const none = await list(treeBucket, { MaxKeys: 0 });
    expect(none.page).toMatchObject({ MaxKeys: 0, KeyCount: 0, IsTruncated: false });
    expect((await list(treeBucket, { MaxKeys: 5000 })).page.MaxKeys).toBe(1000);
    expect((await sherd.raw({ path: `/${treeBucket}?list-type=2&max-keys=` })).text).toContain(
      "<MaxKeys>1000</MaxKeys>",
    );
  });
});

describe("encoding-type=url", () => {
  test("every name in the page is encoded, and said to be", async () => {
    const bucket = await bucketWith(["x/a b+c.\x01", "x/y/z"]);
    const { text } = await sherd.raw({
      path: `/${bucket}?list-type=2&encoding-type=url&delimiter=%2F&prefix=x%2F&start-after=x%2F%01`,
    });
    expect(elementText(text, "EncodingType")).toBe("url");
    expect(text).toContain("<Key>x/a%20b%2Bc.%01</Key>");
    expect(text).toContain("<CommonPrefixes><Prefix>x/y/</Prefix></CommonPrefixes>");
    expect(elementText(text, "StartAfter")).toBe("x/%01");
    expect(elementText(text, "Delimiter")).toBe("/");
  });

  test("without it a control character is a reference, as at AWS", async () => {
    const bucket = await bucketWith(["a\x01b<&"]);
    expect((await sherd.raw({ path: `/${bucket}?list-type=2` })).text).toContain("<Key>a&#x1;b&lt;&amp;</Key>");
  });
});

describe("bad input", () => {
  test.each([
    ["max-keys=-1", "max-keys"],
    ["max-keys=abc", "max-keys"],
    ["max-keys=99999999999", "max-keys"],
    ["encoding-type=gzip", "encoding-type"],
    ["continuation-token=garbage", "continuation-token"],
    ["continuation-token=", "continuation-token"],
  ])("&%s is refused", async (query, argument) => {
    const { status, text } = await sherd.raw({ path: `/${treeBucket}?list-type=2&${query}` });
    expect([status, elementText(text, "Code"), elementText(text, "ArgumentName")]).toEqual([
      400,
      "InvalidArgument",
      argument,
    ]);
  });

  test("no bucket: NoSuchBucket", async () => {
    const refused = await failure(sherd.client().send(new ListObjectsV2Command({ Bucket: "absent" })));
    expect(refused).toMatchObject({ code: "NoSuchBucket", status: 404 });
  });

  test("a version is not listed here", async () => {
    const { status, text } = await sherd.raw({ path: `/${treeBucket}?list-type=2&versionId=x` });
    expect([status, elementText(text, "Code")]).toEqual([400, "InvalidArgument"]);
  });
});

test("any keys, prefix, delimiter and page size: the pages are what a plain sort gives", {
  tags: ["slow"],
}, async () => {
  const unit = fc.constantFrom("a", "b", "/", "\u00e9", "\ud83d\ude00", " ");
  const word = (maxLength: number) => fc.string({ unit, maxLength });
  const key = fc.string({ unit, minLength: 1, maxLength: 6 });
  const keys = [
    "/",
    "//",
    "a",
    "a/",
    "a//",
    "a/a",
    "a/b",
    "ab",
    "b/a/a",
    "b /",
    "\u00e9",
    "\u00e9/a",
    "\ud83d\ude00/",
    "a/\ud83d\ude00",
    " ",
    "b",
  ];
  const bucket = await bucketWith(keys);
  await fc.assert(
    fc.asyncProperty(word(2), word(2), fc.integer({ min: 1, max: 5 }), key, async (prefix, delimiter, size, after) => {
      const found: string[] = [];
      const query = `list-type=2&max-keys=${size}&prefix=${awsEncode(prefix)}&delimiter=${awsEncode(delimiter)}`;
      let next: string | undefined = `${query}&start-after=${awsEncode(after)}`;
      while (next !== undefined) {
        const { text } = await sherd.raw({ path: `/${bucket}?${next}&encoding-type=url` });
        const entries = [...text.matchAll(/<(?:Key|CommonPrefixes><Prefix)>([^<]*)</g)].map((match) => match[1] ?? "");
        expect(entries.length).toBeLessThanOrEqual(size);
        found.push(...entries.map(decodeURIComponent));
        const token = elementText(text, "NextContinuationToken");
        next = token === undefined ? undefined : `${query}&continuation-token=${token}`;
      }
      expect(found.sort()).toEqual(expected(keys, { prefix, delimiter, after }));
    }),
    { numRuns: 60 },
  );
});

/** The listing by its definition. */
function expected(keys: readonly string[], query: { prefix: string; delimiter: string; after: string }): string[] {
  const { prefix, delimiter, after } = query;
  const behind = (name: string) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0;
  const rolled = (name: string) => {
    const at = delimiter === "" ? -1 : name.indexOf(delimiter, prefix.length);
    return at < 0 ? name : name.slice(0, at + delimiter.length);
  };
  const entries = keys
    .filter((name) => name.startsWith(prefix) && behind(name))
    .map(rolled)
    .filter((entry) => entry !== after);
  return [...new Set(entries)].sort();
}
