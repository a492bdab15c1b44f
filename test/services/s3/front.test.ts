import { request as httpRequest } from "node:http";
import { CreateBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { elementText, failure, type RawRequest, type Sherd, startSherd } from "../../support/sherd.ts";
import { objectPath } from "../../support/signer.ts";

/** Nothing is asserted of times: this only ends what would hang. */
const patiently = { timeout: 30_000 };

let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_LOG_REQUESTS: "1", SHERD_DOMAIN: "s3.example.org, Other.example" });
  const client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
  await client.send(new PutObjectCommand({ Bucket: "bucket", Key: "key", Body: Buffer.from("bytes") }));
});
afterAll(() => sherd.stop());

async function codeOf(request: RawRequest) {
  const { status, text } = await sherd.raw(request);
  return [status, elementText(text, "Code")];
}

describe("every answer", () => {
  test("has a request id, a host id, a date and a server", async () => {
    for (const path of ["/", "/bucket/key", "/bucket/absent"]) {
      const { headers } = await sherd.raw({ path });
      expect(headers["x-amz-request-id"]).toMatch(/^[0-9A-F]{16}$/);
      expect(headers["x-amz-id-2"]).toMatch(/^[A-Za-z0-9+/]{64}$/);
      expect(headers.server).toBe("Sherd");
      expect(Math.abs(Date.now() - Date.parse(headers.date ?? ""))).toBeLessThan(60_000);
    }
  });

  test("an error is XML with the ids of its headers and the path that was asked for", async () => {
    const { status, headers, text } = await sherd.raw({ path: "/bucket/ab%26sent" });
    expect(status).toBe(404);
    expect(headers["content-type"]).toBe("application/xml");
    expect(headers["content-length"]).toBe(`${Buffer.byteLength(text)}`);
    expect(elementText(text, "RequestId")).toBe(headers["x-amz-request-id"]);
    expect(elementText(text, "HostId")).toBe(headers["x-amz-id-2"]);
    expect(elementText(text, "Resource")).toBe("/bucket/ab%26sent");
    expect(elementText(text, "Key")).toBe("ab&sent");
  });

  test("HEAD: the status and the length, no body", async () => {
    const found = await sherd.raw({ method: "HEAD", path: "/bucket/key" });
    expect([found.status, found.headers["content-length"], found.bytes.length]).toEqual([200, "5", 0]);
    const absent = await sherd.raw({ method: "HEAD", path: "/bucket/absent" });
    expect([absent.status, absent.bytes.length]).toEqual([404, 0]);
  });

  test("204 and 304 have no body", async () => {
    const removed = await sherd.raw({ method: "DELETE", path: "/bucket/absent" });
    expect([removed.status, removed.bytes.length, removed.headers["content-type"]]).toEqual([204, 0, undefined]);
    const { headers } = await sherd.raw({ method: "HEAD", path: "/bucket/key" });
    const etag = headers.etag ?? "";
    const unchanged = await sherd.raw({ path: "/bucket/key", headers: { "if-none-match": etag } });
    expect([unchanged.status, unchanged.bytes.length, unchanged.headers.etag]).toEqual([304, 0, etag]);
  });
});

describe("bytes leave as they are stored", () => {
  test("compressible ones are not compressed on the way, and have their length", async () => {
    const headers = { "content-type": "text/plain" };
    await sherd.raw({ method: "PUT", path: "/bucket/text", body: "x".repeat(100_000), headers });
    const got = await sherd.raw({ path: "/bucket/text", headers: { "accept-encoding": "gzip, br" } });
    expect(got.headers["content-encoding"]).toBeUndefined();
    expect([got.headers["content-length"], got.bytes.length]).toEqual(["100000", 100_000]);
  });

  test("those under a Content-Encoding are not encoded again", async () => {
    const headers = { "content-type": "text/plain", "content-encoding": "gzip" };
    await sherd.raw({ method: "PUT", path: "/bucket/zipped", body: "not really gzip", headers });
    for (const method of ["GET", "HEAD"]) {
      const got = await sherd.raw({ method, path: "/bucket/zipped", headers: { "accept-encoding": "gzip" } });
      expect([got.headers["content-encoding"], got.headers["content-length"]]).toEqual(["gzip", "15"]);
      if (method === "GET") expect(got.text).toBe("not really gzip");
    }
  });

  test("an empty object has the length 0", async () => {
    await sherd.raw({ method: "PUT", path: "/bucket/empty", body: "", headers: { "content-length": "0" } });
    const got = await sherd.raw({ path: "/bucket/empty" });
    expect([got.status, got.headers["content-length"], got.bytes.length]).toEqual([200, "0", 0]);
  });
});

describe("who may do what", () => {
  test("nobody without a signature", async () => {
    for (const path of ["/", "/bucket", "/bucket/key", "/bucket/absent", "/bucket?policy"]) {
      expect(await codeOf({ path, anonymous: true })).toEqual([403, "AccessDenied"]);
    }
    expect(await codeOf({ method: "PUT", path: "/bucket/key", body: "x", anonymous: true })).toEqual([
      403,
      "AccessDenied",
    ]);
    expect(await codeOf({ path: "/absent/key", anonymous: true })).toEqual([404, "NoSuchBucket"]);
  });

  test("no unknown key, no wrong secret, no session token", async () => {
    expect(await codeOf({ path: "/bucket", accessKeyId: "UNKNOWN" })).toEqual([403, "InvalidAccessKeyId"]);
    expect(await codeOf({ path: "/bucket", secret: "wrong" })).toEqual([403, "SignatureDoesNotMatch"]);
    expect(await codeOf({ path: "/bucket", sessionToken: "token" })).toEqual([400, "InvalidToken"]);
  });

  test("whether a bucket exists is told to those who may know", async () => {
    expect(await codeOf({ path: "/probe-bsign-x" })).toEqual([404, "NoSuchBucket"]);
    expect(await codeOf({ path: "/probe-bsign-x", secret: "wrong" })).toEqual([403, "SignatureDoesNotMatch"]);
  });

  test("a request for another owner's bucket is refused", async () => {
    const other = { "x-amz-expected-bucket-owner": "111122223333" };
    expect(await codeOf({ path: "/bucket", headers: other })).toEqual([403, "AccessDenied"]);
    const own = { "x-amz-expected-bucket-owner": firstAccount.accountId, "x-amz-request-payer": "requester" };
    expect((await sherd.raw({ path: "/bucket", headers: own })).status).toBe(200);
  });
});

describe("addresses", () => {
  test.each([
    "a//b",
    "/leading",
    "trailing/",
    "a b+c%d",
    "ä/💩",
    "quote\"'<>&",
    "new\nline",
    "\x01",
    "~!*'()",
    "x".repeat(1024),
    "-/health",
  ])("the key %j", async (key) => {
    const path = objectPath("bucket", key);
    expect((await sherd.raw({ method: "PUT", path, body: key })).status).toBe(200);
    expect((await sherd.raw({ path })).text).toBe(key);
    expect((await sherd.raw({ method: "DELETE", path })).status).toBe(204);
  });

  test.each([
    ["/bucket/%zz", [400, "InvalidURI"]],
    ["/bucket/%ff", [400, "InvalidURI"]],
    ["/bucket/a%00", [400, "InvalidURI"]],
    ["/a/key", [400, "InvalidBucketName"]],
    ["/cdn-cgi-x", [404, "NoSuchBucket"]],
  ])("%s", async (path, expected) => {
    expect(await codeOf({ path })).toEqual(expected);
  });

  test("a key that is too long, a query that is not UTF-8", async () => {
    expect(await codeOf({ path: `/bucket/${"x".repeat(1025)}` })).toEqual([400, "KeyTooLongError"]);
    expect(await codeOf({ path: "/bucket?prefix=%ff", anonymous: true })).toEqual([400, "InvalidURI"]);
  });

  test("the host may name the bucket", async () => {
    for (const host of ["bucket.s3.example.org", `bucket.other.example:${sherd.port}`]) {
      expect((await hosted(host, "/key")).text).toBe("bytes");
      expect(elementText((await hosted(host, "/?location")).text, "Code")).toBeUndefined();
    }
    expect((await hosted("s3.example.org", "/bucket/key")).text).toBe("bytes");
    expect(elementText((await hosted("absent.s3.example.org", "/key")).text, "Code")).toBe("NoSuchBucket");
  });

  test("the server's own paths are no buckets, but keys", async () => {
    expect(await sherd.raw({ path: "/-/health", anonymous: true })).toMatchObject({
      status: 200,
      text: '{"status":"ok"}',
    });
    expect((await sherd.raw({ path: "/-/other", anonymous: true })).status).toBe(404);
    expect((await sherd.raw({ method: "PUT", path: "/-/health", body: "x" })).status).toBe(404);
    expect(elementText((await hosted("bucket.s3.example.org", "/-/health")).text, "Code")).toBe("NoSuchKey");
  });

  /** Signed for that host, sent to the server. */
  function hosted(host: string, path: string) {
    return sherd.raw({ path, headers: { host } });
  }
});

describe("methods", () => {
  test("one that S3 has not here is 405", async () => {
    const { status, headers, text } = await sherd.raw({ method: "POST", path: "/bucket/key" });
    expect([status, elementText(text, "Code"), elementText(text, "ResourceType")]).toEqual([
      405,
      "MethodNotAllowed",
      "OBJECT",
    ]);
    expect(headers.allow).toBe("GET, HEAD, PUT, DELETE");
  });

  test("a preflight is told that no bucket has CORS", async () => {
    const headers = { origin: "https://example.org", "access-control-request-method": "PUT" };
    expect(await codeOf({ method: "OPTIONS", path: "/bucket/key", headers, anonymous: true })).toEqual([
      403,
      "AccessForbidden",
    ]);
    expect(await codeOf({ method: "OPTIONS", path: "/bucket/key", anonymous: true })).toEqual([400, "BadRequest"]);
  });
});

describe("the log", () => {
  test("one line a request, the path without its query", async () => {
    const { headers } = await sherd.raw({
      path: "/bucket/key?response-content-type=text%2Fplain",
      presign: { expiresSeconds: 60 },
    });
    const id = String(headers["x-amz-request-id"]);
    await expect.poll(() => sherd.log.filter((line) => line.includes(id)), patiently).toHaveLength(1);
    expect(sherd.log.find((line) => line.includes(id))).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z \S+ GET \/bucket\/key GetObject 200 \d+ms [0-9A-F]{16}$/,
    );
  });

  test("a refused upload is a line too, and holds no secret", async () => {
    await failure(
      sherd
        .client({ credentials: { accessKeyId: "X", secretAccessKey: "shhh" } })
        .send(new CreateBucketCommand({ Bucket: "nobody" })),
    );
    await expect
      .poll(() => sherd.log.filter((line) => / PUT \/nobody\/? \S+ 403 /.test(line)), patiently)
      .toHaveLength(1);
    expect(sherd.log.join("\n")).not.toContain("shhh");
    expect(sherd.log.join("\n")).not.toContain(sherd.secretAccessKey);
    expect(sherd.log.join("\n")).not.toContain("X-Amz-");
  });
});

describe("uploads that are refused", () => {
  test("the client gets the answer whether it reads while it sends or not", { tags: ["slow"] }, async () => {
    for (const megabytes of [0.05, 1, 8]) {
      const body = Buffer.alloc(megabytes * 1024 * 1024);
      expect(await codeOf({ method: "PUT", path: "/bucket/refused", body, secret: "wrong" })).toEqual([
        403,
        "SignatureDoesNotMatch",
      ]);
      expect(await codeOf({ method: "PUT", path: "/absent/refused", body })).toEqual([404, "NoSuchBucket"]);
    }
  });

  test("a client that asks before it sends has nothing to send", async () => {
    const { port } = sherd;
    const headers = { expect: "100-continue", "content-length": `${100 * 1024 * 1024}` };
    const outcome = await new Promise((resolve, reject) => {
      const request = httpRequest({ port, method: "PUT", path: "/bucket/refused", headers });
      request.on("continue", () => reject(new Error("the body was asked for")));
      request.on("error", reject);
      request.on("response", (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.flushHeaders();
    });
    expect(outcome).toBe(403);
  });
});
