import { afterAll, beforeAll, expect, test } from "vitest";
import { createBucket } from "../../../../src/store/buckets/buckets.ts";
import { putObject } from "../../../../src/store/write/write.ts";
import { formBody, signForm } from "../../../support/form.ts";
import { s3App } from "../../../support/s3-app.ts";
import { type SignerInput, signRequest } from "../../../support/signer.ts";
import { openTestStore, put, type TestStore } from "../../../support/store.ts";

const key = { accessKeyId: "KEY", secret: "secret" };
const origin = "https://page.example";
const rule = `<CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>`;

let rig: TestStore;
let app: ReturnType<typeof s3App>;
beforeAll(async () => {
  rig = await openTestStore();
  app = s3App(rig.store, key);
  await createBucket(rig.store, { name: "bucket", owner: "owner", region: "us-east-1" });
  await putObject(rig.store, put("bucket", "key", new TextEncoder().encode("bytes")));
  const body = `<CORSConfiguration>${rule}</CORSConfiguration>`;
  expect((await send({ method: "PUT", path: "/bucket?cors", body })).status).toBe(200);
});
afterAll(() => rig?.dispose());

type Sent = Partial<SignerInput> & { path: string; anonymous?: boolean };

/** What the request cost, and its answer's status and permission. */
async function send({ path, anonymous = false, ...given }: Sent) {
  const url = `http://sherd.test${path}`;
  const input = { method: "GET", nowMs: rig.store.clock.now(), ...key, ...given, url };
  const { method, headers, body } = anonymous ? input : signRequest(input);
  rig.takeCost();
  const sent = method === "GET" || method === "OPTIONS" ? undefined : Buffer.from(body ?? []);
  const request = new Request(url, { method, headers: headers ?? {}, ...(sent && { body: sent }) });
  const { status, headers: answered } = await app(request);
  const { roundTrips, rowsRead } = rig.takeCost();
  return { status, roundTrips, rowsRead, allowed: answered.get("access-control-allow-origin") };
}

test("a request without Origin costs nothing more", async () => {
  expect(await send({ path: "/bucket/key" })).toMatchObject({ status: 200, roundTrips: 1, allowed: null });
});

test("one with Origin costs one D1 call more, of one row", async () => {
  const plain = await send({ path: "/bucket/key" });
  const crossing = await send({ path: "/bucket/key", headers: { origin } });
  expect(crossing).toMatchObject({ status: 200, roundTrips: 2, allowed: origin });
  expect(crossing.rowsRead - plain.rowsRead).toBeLessThanOrEqual(1);
});

test("a form costs what PutObject costs", async () => {
  const nowMs = rig.store.clock.now();
  const signed = signForm({ ...key, nowMs, conditions: [{ key: "form" }] });
  const fields = Object.entries({ key: "form", ...signed }).map(([name, text]) => ({ name, body: text }));
  const body = formBody("b", [...fields, { name: "file", body: "bytes" }]);
  const headers = { "content-type": "multipart/form-data; boundary=b", "content-length": `${body.length}` };
  const put = await send({ method: "PUT", path: "/bucket/put", body: "bytes", headers: { "content-length": "5" } });
  const posted = await send({ method: "POST", path: "/bucket", headers, body, anonymous: true });
  expect([put.status, posted.status, posted.roundTrips]).toEqual([200, 204, put.roundTrips]);
  expect(posted.roundTrips).toBeLessThanOrEqual(2);
});

test("a preflight costs one D1 call of one row", async () => {
  const headers = { origin, "access-control-request-method": "GET" };
  const answer = await send({ method: "OPTIONS", path: "/bucket/absent", headers, anonymous: true });
  expect(answer).toMatchObject({ status: 200, roundTrips: 1, allowed: origin });
  expect(answer.rowsRead).toBeLessThanOrEqual(1);
});
