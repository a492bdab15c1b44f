import { beforeAll, expect, test } from "vitest";
import { createBucket } from "../../../src/store/buckets/buckets.ts";
import { formBody, signForm } from "../../support/form.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { s3App } from "../../support/s3-app.ts";
import { type SignerInput, signRequest } from "../../support/signer.ts";
import { openTestStore, pattern, type TestStore } from "../../support/store.ts";

// 100 uploads of each kind send their head and 100 bytes, and then nothing: those of others go on as if they were not there.

const keys = { accessKeyId: "AKIDEXAMPLE", secret: "secret" };
const MIB = 1024 * 1024;
const body = pattern(4 * MIB, 3);
const signedOnce = new Map<string, ReturnType<typeof signRequest>>();

let rig: TestStore;
let clock: ManualClock;
let app: (request: Request) => Promise<Response>;
beforeAll(async () => {
  clock = new ManualClock();
  rig = await openTestStore({ clock });
  await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
  app = s3App(rig.store, keys);
});

/** The first bytes, and no end. */
function stalling(bytes: Uint8Array, sentBytes: number): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(bytes.slice(0, sentBytes)) });
}

function put(key: string, more: Partial<SignerInput>, sentBytes: number): Request {
  const url = `http://s3.test/bucket/${key}`;
  const signed = signedOnce.get(key) ?? signRequest({ method: "PUT", url, ...keys, nowMs: clock.now(), body, ...more });
  signedOnce.set(key, signed);
  return new Request(signed.url, {
    method: "PUT",
    headers: signed.headers,
    body: stalling(signed.body, sentBytes),
    duplex: "half",
  } as RequestInit);
}

function form(sentBytes: number): Request {
  const boundary = "b0undary";
  const fields = signForm({
    ...keys,
    nowMs: clock.now(),
    conditions: [{ bucket: "bucket" }, { key: "form" }, ["content-length-range", 0, 1e9]],
  });
  const parts = [
    ...Object.entries({ key: "form", ...fields }).map(([name, value]) => ({ name, body: value })),
    { name: "file", filename: "f", body },
  ];
  const bytes = formBody(boundary, parts);
  const head = bytes.indexOf(Buffer.from(body.subarray(0, 50)));
  return new Request("http://s3.test/bucket", {
    method: "POST",
    headers: {
      host: "s3.test",
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": `${bytes.length}`,
    },
    body: stalling(bytes, head + sentBytes),
    duplex: "half",
  } as RequestInit);
}

const kinds: Readonly<Record<string, (sentBytes: number) => Request>> = {
  plain: (sentBytes) => put("plain", { payload: { mode: "unsigned" } }, sentBytes),
  "aws-chunked": (sentBytes) => put("chunked", { payload: { mode: "streaming-signed" } }, sentBytes),
  presigned: (sentBytes) => put("presigned", { presign: { expiresSeconds: 3600 } }, sentBytes),
  form,
};

test.each(Object.keys(kinds))("uploads that stall: %s", async (kind) => {
  const stalled = Array.from({ length: 100 }, () => app(kinds[kind]?.(100) as Request));
  // Some have filled most of a stripe.
  stalled.push(...Array.from({ length: 6 }, () => app(kinds[kind]?.(700_000) as Request)));
  for (let i = 0; i < 20; i++) await settle();
  await clock.advance(3_000);
  for (const bytes of [body.subarray(0, 100_000), body]) {
    const url = "http://s3.test/bucket/other";
    const signed = signRequest({ method: "PUT", url, ...keys, nowMs: clock.now(), body: bytes });
    const answered = app(new Request(url, { method: "PUT", headers: signed.headers, body: bytes as BodyInit }));
    expect((await answered).status).toBe(200);
  }
  await clock.advance(21_000);
  const answers = await Promise.all(stalled);
  for (const answer of answers) {
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("<Code>RequestTimeout</Code>");
  }
  expect(rig.store.engine.idleSlots).toBe(8);
});
