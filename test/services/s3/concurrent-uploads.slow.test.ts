import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { signRequest } from "../../support/signer.ts";
import { pattern } from "../../support/store.ts";

// Uploads that arrive at the same time in one Worker have their MD5s computed together. On workerd, over HTTP: each is answered
// with the ETag of its bytes, also while the connections of others break off in the middle of their bodies.

const KIB = 1024;
const bytes = pattern(6 * KIB * KIB, 51);

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd();
  await sherd.client().send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd.stop());

const etagOf = (body: Uint8Array) => `"${createHash("md5").update(body).digest("hex")}"`;

async function upload(key: string, body: Uint8Array): Promise<void> {
  const { status, headers } = await sherd.raw({ method: "PUT", path: `/bucket/${key}`, body });
  expect([status, headers.etag]).toEqual([200, etagOf(body)]);
}

/** Declares all of `body`, sends a part of it and is gone. */
async function uploadCut(key: string, body: Uint8Array, sentBytes: number): Promise<void> {
  const { endpoint, accessKeyId, secretAccessKey: secret } = sherd;
  const url = `${endpoint}/bucket/${key}`;
  const parts = signRequest({ method: "PUT", url, accessKeyId, secret, nowMs: Date.now(), body });
  const request = httpRequest(url, { method: "PUT", headers: parts.headers, agent: false });
  const closed = new Promise((resolve) => request.on("close", resolve));
  request.on("error", () => {});
  request.write(body.subarray(0, sentBytes), () => request.destroy());
  await closed;
}

const SIZES = [5 * KIB, 100 * KIB, 300_001, KIB * KIB, 2_500_000, 4 * KIB * KIB, 6 * KIB * KIB - 100];

test("uploads at the same time, of many sizes, some of which break off", async () => {
  for (let round = 0; round < 3; round++) {
    const whole = SIZES.flatMap((size, i) => [
      upload(`one-${i}`, bytes.subarray(round, round + size)),
      upload(`two-${i}`, bytes.subarray(50 + round, 50 + round + size)),
    ]);
    const cut = SIZES.map((size, i) => uploadCut(`cut-${i}`, bytes.subarray(90, 90 + size), Math.floor(size / 2)));
    await Promise.all([...whole, ...cut]);
  }
  for (const [i, size] of SIZES.entries()) {
    const { bytes: read } = await sherd.raw({ path: `/bucket/two-${i}` });
    expect(Buffer.compare(read, bytes.subarray(52, 52 + size))).toBe(0);
    expect((await sherd.raw({ path: `/bucket/cut-${i}` })).status).toBe(404);
  }
});
