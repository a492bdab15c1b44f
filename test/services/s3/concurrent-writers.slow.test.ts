import { createHash } from "node:crypto";
import { CreateBucketCommand, ListObjectVersionsCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementText, type RawResponse, type Sherd, startSherd } from "../../support/sherd.ts";

// A hundred clients at once on one key, over HTTP: nothing is lost, nothing is mixed, and of those that demand to be the only
// one exactly one is.

const WRITERS = 100;
/** In the row, and erasure-coded on the drives. */
const SIZES = [1_000, 60_000];

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  const client = sherd.client();
  for (const Bucket of ["bucket", "versioned"]) await client.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: "Enabled" as const };
  await client.send(new PutBucketVersioningCommand({ Bucket: "versioned", VersioningConfiguration }));
});
afterAll(() => sherd.stop());

/** Every byte tells whose it is. */
const bodyOf = (writer: number, size: number) => `${writer.toString().padStart(4, "0")},`.repeat(size / 5);
const md5 = (body: string) => `"${createHash("md5").update(body).digest("hex")}"`;

function put(path: string, body: string, headers: Record<string, string> = {}): Promise<RawResponse> {
  return sherd.raw({ method: "PUT", path, body, headers });
}

/** The answers of all writers, by their number. */
const all = (write: (writer: number) => Promise<RawResponse>) =>
  Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

function winnerOf(answers: readonly RawResponse[], loser: [status: number, code: string]): number {
  const winners = answers.flatMap(({ status }, writer) => (status === 200 ? [writer] : []));
  expect(winners).toHaveLength(1);
  const losers = answers.filter(({ status }) => status !== 200);
  for (const { status, text } of losers) expect([status, elementText(text, "Code")]).toEqual(loser);
  return winners[0] as number;
}

describe.each(SIZES)("bodies of %d bytes", (size) => {
  test("every write succeeds, and at any time one of them is there, whole", async () => {
    const path = `/bucket/plain-${size}`;
    await put(path, bodyOf(9999, size));
    const writing = all((writer) => put(path, bodyOf(writer, size)));
    const bodies = new Map(Array.from({ length: WRITERS }, (_, writer) => [md5(bodyOf(writer, size)), writer]));
    bodies.set(md5(bodyOf(9999, size)), 9999);
    for (let reads = 0; reads < 20; reads++) {
      const { status, headers, text } = await sherd.raw({ path });
      const writer = bodies.get(headers.etag as string);
      expect([status, text === bodyOf(writer ?? -1, size)]).toEqual([200, true]);
    }
    expect((await writing).map(({ status }) => status)).toEqual(Array(WRITERS).fill(200));
    const { headers, text } = await sherd.raw({ path });
    expect(text).toBe(bodyOf(bodies.get(headers.etag as string) ?? -1, size));
  });

  test("If-None-Match: * lets one through", async () => {
    const path = `/bucket/free-${size}`;
    const answers = await all((writer) => put(path, bodyOf(writer, size), { "if-none-match": "*" }));
    const winner = winnerOf(answers, [412, "PreconditionFailed"]);
    expect((await sherd.raw({ path })).text).toBe(bodyOf(winner, size));
  });

  test("If-Match lets one through", async () => {
    const path = `/bucket/lease-${size}`;
    const { headers } = await put(path, "lease");
    const etag = headers.etag as string;
    const answers = await all((writer) => put(path, bodyOf(writer, size), { "if-match": etag }));
    const winner = winnerOf(answers, [412, "PreconditionFailed"]);
    expect((await sherd.raw({ path })).text).toBe(bodyOf(winner, size));
  });

  test("an append lets one through, and the others know where the object ends now", async () => {
    const path = `/bucket/append-${size}`;
    await put(path, bodyOf(9999, size));
    const headers = { "x-amz-write-offset-bytes": `${size}` };
    const answers = await all((writer) => put(path, bodyOf(writer, size), headers));
    const winner = winnerOf(answers, [400, "InvalidWriteOffset"]);
    expect((await sherd.raw({ path })).text).toBe(bodyOf(9999, size) + bodyOf(winner, size));
    for (const { status, text } of answers) {
      if (status !== 200) expect(elementText(text, "ObjectSize")).toBe(`${2 * size}`);
    }
  });

  test("with versions each write is kept under an id of its own", async () => {
    const path = `/versioned/k-${size}`;
    const answers = await all((writer) => put(path, bodyOf(writer, size)));
    const ids = answers.map(({ headers }) => headers["x-amz-version-id"] as string);
    expect(new Set(ids).size).toBe(WRITERS);
    for (const writer of [0, 33, 66, 99]) {
      expect((await sherd.raw({ path: `${path}?versionId=${ids[writer]}` })).text).toBe(bodyOf(writer, size));
    }
    const listing = new ListObjectVersionsCommand({ Bucket: "versioned", Prefix: `k-${size}` });
    const { Versions = [] } = await sherd.client().send(listing);
    expect(Versions.map(({ VersionId }) => VersionId).sort()).toEqual([...ids].sort());
    expect(Versions.filter(({ IsLatest }) => IsLatest)).toHaveLength(1);
  });
});

test("of a hundred renames one takes the object", async () => {
  await put("/bucket/from", "the object");
  const headers = { "x-amz-rename-source": "from" };
  const answers = await all((writer) =>
    sherd.raw({ method: "PUT", path: `/bucket/to-${writer}?renameObject`, headers }),
  );
  const winner = winnerOf(answers, [404, "NoSuchKey"]);
  expect((await sherd.raw({ path: `/bucket/to-${winner}` })).text).toBe("the object");
});
