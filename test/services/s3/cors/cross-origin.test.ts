import {
  type CORSRule,
  CreateBucketCommand,
  DeleteBucketCorsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { elementText, type RawRequest, type RawResponse, type Sherd, startSherd } from "../../../support/sherd.ts";

const domain = "s3.example.org";
const page = "https://page.example";
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_DOMAIN: domain });
  const client = sherd.client();
  for (const Bucket of ["bucket", "plain"]) await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: "bytes" }));
});
afterAll(() => sherd?.stop());

const rules = (...CORSRules: CORSRule[]) =>
  sherd.client().send(new PutBucketCorsCommand({ Bucket: "bucket", CORSConfiguration: { CORSRules } }));
const standard: CORSRule = {
  AllowedOrigins: [page],
  AllowedMethods: ["GET", "PUT"],
  AllowedHeaders: ["content-type", "x-amz-*"],
  ExposeHeaders: ["ETag"],
  MaxAgeSeconds: 600,
};
const allowed = {
  "access-control-allow-origin": page,
  "access-control-allow-credentials": "true",
  "access-control-allow-methods": "GET, PUT",
  "access-control-expose-headers": "ETag",
  "access-control-max-age": "600",
  vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
};
const corsOf = ({ headers }: RawResponse) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("access-control-") || name === "vary"));

interface Preflight {
  path?: string;
  origin?: string | null;
  method?: string | null;
  headers?: string;
  host?: string;
}
const preflight = ({ path = "/bucket/key", origin = page, method = "PUT", headers, host }: Preflight = {}) =>
  sherd.raw({
    method: "OPTIONS",
    path,
    anonymous: true,
    headers: {
      ...(host === undefined ? {} : { host }),
      ...(origin === null ? {} : { origin }),
      ...(method === null ? {} : { "access-control-request-method": method }),
      ...(headers === undefined ? {} : { "access-control-request-headers": headers }),
    },
  });
const refusal = ({ status, text }: RawResponse) => [
  status,
  elementText(text, "Code"),
  elementText(text, "Message")?.slice(0, 60),
  elementText(text, "Method"),
  elementText(text, "ResourceType"),
];
const notAllowed = "CORSResponse: This CORS request is not allowed. This is usua";
const noOrigin = "Insufficient information. Origin request header needed.";

describe("a preflight", () => {
  beforeEach(() => rules(standard));

  test("is answered by the rule, without a signature and without a look at the object", async () => {
    for (const path of ["/bucket/key", "/bucket/absent", "/bucket"]) {
      const answer = await preflight({ path, headers: "X-Amz-Date,content-type" });
      expect([answer.status, answer.text]).toEqual([200, ""]);
      expect(corsOf(answer)).toEqual({ ...allowed, "access-control-allow-headers": "x-amz-date, content-type" });
      expect(answer.headers["x-amz-request-id"]).toMatch(/^[0-9A-F]{16}$/);
    }
    expect(corsOf(await preflight())).toEqual(allowed);
  });

  test("works for a presigned URL, which signs nothing of it", async () => {
    expect((await preflight({ path: "/bucket/key?X-Amz-Signature=x&X-Amz-Expires=1" })).status).toBe(200);
  });

  test("works where the host names the bucket", async () => {
    expect((await preflight({ path: "/key", host: `bucket.${domain}` })).status).toBe(200);
    expect((await preflight({ path: "/key", host: `plain.${domain}` })).status).toBe(403);
  });

  test("is refused where no rule allows it", async () => {
    const object = [403, "AccessForbidden", notAllowed, "PUT", "OBJECT"];
    expect(refusal(await preflight({ origin: "https://other.example" }))).toEqual(object);
    expect(refusal(await preflight({ headers: "authorization" }))).toEqual(object);
    expect(refusal(await preflight({ path: "/bucket", method: "DELETE" }))).toEqual([
      403,
      "AccessForbidden",
      notAllowed,
      "DELETE",
      "BUCKET",
    ]);
    expect(corsOf(await preflight({ origin: "https://other.example" }))).toEqual({});
  });

  test("is refused where the bucket has no rules, or is none", async () => {
    const notEnabled = "CORSResponse: CORS is not enabled for this bucket.";
    expect(refusal(await preflight({ path: "/plain/key" }))).toEqual([
      403,
      "AccessForbidden",
      notEnabled,
      "PUT",
      "BUCKET",
    ]);
    expect(refusal(await preflight({ path: "/plain/key", method: null }))[3]).toBe("OPTIONS");
    expect(refusal(await preflight({ path: "/" }))).toEqual([403, "AccessForbidden", notEnabled, "PUT", "BUCKET"]);
    expect(refusal(await preflight({ path: "/absent/key" })).slice(0, 3)).toEqual([
      403,
      "AccessForbidden",
      "CORSResponse: Bucket not found",
    ]);
  });

  test("without its headers is no preflight", async () => {
    expect(refusal(await preflight({ origin: null })).slice(0, 3)).toEqual([400, "BadRequest", noOrigin]);
    expect(refusal(await preflight({ origin: null, path: "/absent" })).slice(0, 3)).toEqual([
      400,
      "BadRequest",
      noOrigin,
    ]);
    expect(refusal(await preflight({ method: null })).slice(0, 2)).toEqual([400, "BadRequest"]);
  });

  test("stops being allowed at once when the rules go", async () => {
    expect((await preflight()).status).toBe(200);
    await sherd.client().send(new DeleteBucketCorsCommand({ Bucket: "bucket" }));
    expect((await preflight()).status).toBe(403);
    expect(corsOf(await sherd.raw({ path: "/bucket/key", headers: { origin: page } }))).toEqual({});
  });
});

describe("an actual request from another origin", () => {
  beforeEach(() => rules(standard));
  const get = (request: Partial<RawRequest>, origin = page) =>
    sherd.raw({ path: "/bucket/key", ...request, headers: { origin, ...request.headers } });

  test("has the headers of the rule in its answer", async () => {
    const answer = await get({});
    expect([answer.status, answer.text]).toEqual([200, "bytes"]);
    expect(corsOf(answer)).toEqual(allowed);
    expect(corsOf(await get({ method: "PUT", path: "/bucket/other", body: "x" }))).toEqual(allowed);
    expect(corsOf(await get({ path: "/bucket?list-type=2" }))).toEqual(allowed);
    expect(corsOf(await get({ presign: { expiresSeconds: 60 } }))).toEqual(allowed);
  });

  test("has them in refusals too, of whatever kind", async () => {
    const answers = [
      await get({ path: "/bucket/absent" }),
      await get({ secret: "wrong" }),
      await get({ anonymous: true }),
      await get({ method: "PUT", body: "x", secret: "wrong" }),
      await get({ headers: { range: "bytes=100-" } }),
      await get({ headers: { "if-match": '"other"' } }),
      await get({ path: "/bucket?policy" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 403, 403, 403, 416, 412, 404]);
    for (const answer of answers) expect(corsOf(answer)).toEqual(allowed);
    const { headers } = await get({});
    const unchanged = await get({ headers: { "if-none-match": headers.etag ?? "" } });
    expect([unchanged.status, corsOf(unchanged)]).toEqual([304, allowed]);
  });

  test("is served, but not to the page, where no rule allows it", async () => {
    const { vary } = allowed;
    for (const answer of [await get({}, "https://other.example"), await get({ method: "DELETE", path: "/bucket/x" })]) {
      expect(answer.status).toBeLessThan(300);
      // The page of an origin that is allowed must not be given this answer by a cache.
      expect(corsOf(answer)).toEqual({ vary });
    }
  });

  test("has none where the bucket has no rules, or there is no bucket", async () => {
    for (const path of ["/plain", "/absent", "/", "/bucket/%zz"]) expect(corsOf(await get({ path }))).toEqual({});
    expect(sherd.log.filter((line) => line.includes("CORS"))).toEqual([]);
  });

  test("is judged by what it says it will be, if it says so", async () => {
    expect(corsOf(await get({ headers: { "access-control-request-method": "DELETE" } }))).toEqual({
      vary: allowed.vary,
    });
  });

  test("without Origin is none", async () => {
    expect(corsOf(await sherd.raw({ path: "/bucket/key" }))).toEqual({});
  });
});
