import { deepStrictEqual } from "node:assert";
import { describe, test } from "vitest";
import type { DriveFault } from "../../src/drives/drive.ts";
import { openRange } from "../../src/drives/ranged-response.ts";
import { assertFails, pattern } from "./contract.ts";

const shard = pattern(100);

interface Answer {
  status: number;
  bytes: Uint8Array;
  contentRange?: string;
  contentLength?: string;
  encoding?: string;
}

function response({ status, bytes, contentRange, contentLength, encoding }: Answer): Response {
  const headers = new Headers({ "content-length": contentLength ?? String(bytes.length) });
  if (contentLength === "") headers.delete("content-length");
  if (contentRange) headers.set("content-range", contentRange);
  if (encoding) headers.set("content-encoding", encoding);
  return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers });
}

const middle = { offset: 10, length: 20 };
const whole = { offset: 0, length: 100 };

describe("openRange takes", () => {
  test.each([
    [
      "206 with the range asked for",
      middle,
      { status: 206, bytes: shard.subarray(10, 30), contentRange: "bytes 10-29/100" },
    ],
    [
      "206 that does not know the size",
      middle,
      { status: 206, bytes: shard.subarray(10, 30), contentRange: "bytes 10-29/*" },
    ],
    ["200 for a range that is all of it", whole, { status: 200, bytes: shard }],
    ["206 for a range that is all of it", whole, { status: 206, bytes: shard, contentRange: "bytes 0-99/100" }],
    ["200 for the whole shard", undefined, { status: 200, bytes: shard, encoding: "identity" }],
  ])("%s", async (_, range, answer) => {
    const { offset, length } = range ?? whole;
    const reader = await openRange("far", response(answer), range);
    deepStrictEqual(await reader.read(length), shard.slice(offset, offset + length));
    await assertFails(reader.read(1), "short");
  });
});

const refused: [string, { offset: number; length: number } | undefined, Answer, DriveFault][] = [
  ["200 with the whole shard for a part", middle, { status: 200, bytes: shard }, "refused"],
  ["200 with a shorter shard", { offset: 0, length: 200 }, { status: 200, bytes: shard }, "short"],
  [
    "206 of other bytes",
    middle,
    { status: 206, bytes: shard.subarray(0, 20), contentRange: "bytes 0-19/100" },
    "refused",
  ],
  ["206 without Content-Range", middle, { status: 206, bytes: shard.subarray(10, 30) }, "refused"],
  ["206 of several ranges", middle, { status: 206, bytes: shard, contentRange: "bytes 10-19,20-29/100" }, "refused"],
  [
    "206 of too many bytes",
    middle,
    { status: 206, bytes: shard.subarray(10, 31), contentRange: "bytes 10-30/100" },
    "refused",
  ],
  [
    "206 whose length is not its range's",
    middle,
    { status: 206, bytes: shard.subarray(10, 29), contentRange: "bytes 10-29/100" },
    "refused",
  ],
  [
    "206 clipped in the middle",
    middle,
    { status: 206, bytes: shard.subarray(10, 20), contentRange: "bytes 10-19/100" },
    "refused",
  ],
  [
    "206 clipped at the shard's end",
    { offset: 90, length: 20 },
    { status: 206, bytes: shard.subarray(90), contentRange: "bytes 90-99/100" },
    "short",
  ],
  ["206 for the whole shard", undefined, { status: 206, bytes: shard, contentRange: "bytes 0-99/100" }, "refused"],
  ["no length", undefined, { status: 200, bytes: shard, contentLength: "" }, "refused"],
  ["a length that is no number", undefined, { status: 200, bytes: shard, contentLength: "1e2" }, "refused"],
  ["a compressed body", undefined, { status: 200, bytes: shard, encoding: "gzip" }, "refused"],
];

describe("openRange does not take", () => {
  test.each(refused)("%s", async (_, range, answer, fault) => {
    await assertFails(openRange("far", response(answer), range), fault);
  });

  test("a body shorter than its length", async () => {
    const answer = { status: 200, bytes: shard.subarray(0, 60), contentLength: "100" };
    const reader = await openRange("far", response(answer), undefined);
    await assertFails(reader.read(100), "short");
  });

  test("a body that breaks off", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(shard.subarray(0, 50)),
      pull: (controller) => controller.error(new Error("reset")),
    });
    const answer = new Response(broken, { headers: { "content-length": "100" } });
    const reader = await openRange("far", answer, undefined);
    deepStrictEqual(await reader.read(50), shard.slice(0, 50));
    await assertFails(reader.read(50), "unreachable");
  });
});
