import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FormSignerInput, formBody, type Part, signForm } from "../../../support/form.ts";
import { elementText, type RawResponse, type Sherd, startSherd } from "../../../support/sherd.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements } from "../refusal.ts";

const domain = "s3.example.org";
const boundary = "a-boundary-of-the-tests";
/** `${filename}`, which is no template of this language. */
const variable = "$".concat("{filename}");
let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_DOMAIN: domain });
  client = sherd.client();
  for (const Bucket of ["bucket", "other"]) await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => sherd?.stop());

interface Upload {
  fields?: Record<string, string>;
  /** Of the policy. Without them each field is named by a condition, and the bucket. */
  conditions?: readonly unknown[];
  sign?: Partial<FormSignerInput> | null;
  /** Changes the fields once they are signed. */
  edit?: (fields: Record<string, string | undefined>) => Record<string, string | undefined>;
  file?: Part | null;
  /** Parts behind the file. */
  after?: Part[];
  epilogue?: string;
  bucket?: string;
  path?: string;
  headers?: Record<string, string>;
}

function post(upload: Upload): Promise<RawResponse> {
  const {
    fields = { key: "key" },
    file = { filename: "a.txt", body: "content" },
    bucket = "bucket",
    after = [],
  } = upload;
  const {
    edit = (same) => same,
    conditions = [{ bucket }, ...Object.entries(fields).map(([name, value]) => ["eq", `$${name}`, value])],
  } = upload;
  const { accessKeyId, secretAccessKey: secret } = sherd;
  const input = { accessKeyId, secret, nowMs: Date.now(), conditions, ...upload.sign };
  const signed = edit({ ...fields, ...(upload.sign === null ? {} : signForm(input)) });
  const parts: Part[] = Object.entries(signed).flatMap(([name, body]) => (body === undefined ? [] : [{ name, body }]));
  const all = [...parts, ...(file === null ? [] : [{ name: "file", ...file }]), ...after];
  return sherd.raw({
    method: "POST",
    path: upload.path ?? `/${bucket}`,
    anonymous: true,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, ...upload.headers },
    body: formBody(boundary, all, upload.epilogue),
  });
}

const get = async (Key: string, Bucket = "bucket") => {
  const { Body, ...head } = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
  return { ...head, bytes: Buffer.from((await Body?.transformToByteArray()) ?? []) };
};
const keys = async () => (await client.send(new ListObjectsV2Command({ Bucket: "bucket" }))).KeyCount;
const refusal = (answer: RawResponse) => [answer.status, elementText(answer.text, "Code")];
const message = (answer: RawResponse) => [...refusal(answer), elementText(answer.text, "Message")];
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");

describe("PostObject", () => {
  // Inline, full copies, one stripe, several stripes with a short one; the end of a form as senders write it or leave it.
  const sizes = [0, 1, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 300_000, 1024 * 1024];
  const cases = (size: number) => ["\r\n", ""].map((epilogue) => [size, epilogue] as const);
  const NAME = "stores %d bytes, the form ending with %j";
  const stores = async (size: number, epilogue: string) => {
    const bytes = pattern(size, size + 1);
    const answer = await post({ fields: { key: `size/${size}` }, file: { filename: "f", body: bytes }, epilogue });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers).toMatchObject({
      etag: `"${md5(bytes)}"`,
      "x-amz-checksum-crc64nvme": expect.any(String),
      "x-amz-checksum-type": "FULL_OBJECT",
      location: `${sherd.endpoint}/bucket/size%2F${size}`,
    });
    expect(answer.headers["content-type"]).toBeUndefined();
    // The SDK verifies the checksum.
    const got = await get(`size/${size}`);
    expect([got.bytes.equals(bytes), got.ContentLength]).toEqual([true, size]);
  };
  test.each(sizes.flatMap(cases))(NAME, stores);
  test.each(cases(5_000_001))(NAME, { tags: ["slow"] }, stores);

  test("ignores the fields behind the file", async () => {
    for (const body of ["small", pattern(2_000_000)]) {
      const answer = await post({
        file: { filename: "f", body },
        after: [
          { name: "submit", body: "Upload to S3" },
          { name: "acl", body: "public-read" },
        ],
      });
      expect(answer.status).toBe(204);
      expect((await get("key")).bytes.equals(Buffer.from(body))).toBe(true);
    }
  });

  test("takes the name of the file into any field, without its folders", async () => {
    const fields = { key: `user/${variable}`, "x-amz-meta-name": `${variable}|${variable}` };
    const conditions = [["starts-with", "$key", "user/"], { "x-amz-meta-name": "a $&.txt|a $&.txt" }];
    await post({ fields, conditions, file: { filename: "C:\\folder\\a $&.txt", body: "x" } });
    expect((await get("user/a $&.txt")).Metadata).toEqual({ name: "a $&.txt|a $&.txt" });
    await post({ fields: { key: `none/${variable}` }, conditions: [["starts-with", "$key", ""]], file: { body: "x" } });
    expect((await get(`none/${variable}`)).bytes.toString()).toBe("x");
    await post({ fields: { key: `empty/${variable}` }, conditions: [{ key: "empty/" }], file: { filename: "" } });
    expect((await get("empty/")).ContentLength).toBe(0);
  });

  test("keeps the fields that are headers, and no others", async () => {
    const fields = {
      key: "attributes",
      acl: "private",
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "max-age=60",
      "Content-Disposition": 'attachment; filename="a b.html"',
      "Content-Encoding": "identity",
      Expires: "Thu, 01 Dec 2033 16:00:00 GMT",
      "x-amz-storage-class": "STANDARD",
      "x-amz-meta-TEST-2": "value",
      "x-amz-meta-wide": "ä € 日本",
      "x-amz-meta-empty": "",
      "x-ignore-this": "x",
      custom: "x",
    };
    expect((await post({ fields })).status).toBe(204);
    const head = await client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "attributes" }));
    expect(head).toMatchObject({
      ContentType: "text/html; charset=utf-8",
      CacheControl: "max-age=60",
      ContentDisposition: 'attachment; filename="a b.html"',
      ContentEncoding: "identity",
      ExpiresString: "Thu, 01 Dec 2033 16:00:00 GMT",
    });
    expect(head.Metadata).toEqual({
      "test-2": "value",
      wide: `=?UTF-8?B?${Buffer.from("ä € 日本").toString("base64")}?=`,
      empty: "",
    });
    expect((await get("attributes")).ContentType).not.toContain("plain");
  });

  test("keeps headers that are not ASCII", async () => {
    const value = 'attachment; filename="größe-日本.txt"';
    await post({ fields: { key: "wide", "Content-Disposition": value } });
    const { headers } = await sherd.raw({ path: "/bucket/wide" });
    // Node reads the bytes of a header as Latin-1.
    expect(Buffer.from(headers["content-disposition"] ?? "", "latin1").toString()).toBe(value);
  });

  test("has the type that the form gives it, not the browser's", async () => {
    await post({ file: { filename: "a.html", type: "text/html", body: "x" } });
    expect((await get("key")).ContentType).toBe("binary/octet-stream");
  });

  test("verifies digests and keeps the checksum", async () => {
    const sum = (text: string) => createHash("sha256").update(text).digest("base64");
    const digest = createHash("md5").update("content").digest("base64");
    const good = {
      key: "sum",
      "x-amz-checksum-algorithm": "SHA256",
      "x-amz-checksum-sha256": sum("content"),
      "Content-MD5": digest,
    };
    const answer = await post({ fields: good });
    expect([answer.status, answer.headers["x-amz-checksum-sha256"]]).toEqual([204, sum("content")]);
    expect((await get("sum")).ChecksumSHA256).toBe(sum("content"));
    expect(refusal(await post({ fields: { key: "no", "x-amz-checksum-sha256": sum("other") } }))).toEqual([
      400,
      "BadDigest",
    ]);
    expect(refusal(await post({ fields: { key: "no", "x-amz-checksum-sha256": "sailorjerry" } }))).toEqual([
      400,
      "InvalidRequest",
    ]);
    expect(refusal(await post({ fields: { key: "no", "Content-MD5": digest }, file: { body: "x" } }))).toEqual([
      400,
      "BadDigest",
    ]);
    // The algorithm alone is not enough.
    expect(refusal(await post({ fields: { key: "no", "x-amz-checksum-algorithm": "CRC32" } }))[0]).toBe(400);
    await expect(get("no")).rejects.toThrow();
  });

  test("keeps the tags of its document", async () => {
    const tagged = (...tags: [string, string][]) => {
      const list = tags.map(([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`).join("");
      return post({ fields: { key: "tagged", tagging: `<Tagging><TagSet>${list}</TagSet></Tagging>` } });
    };
    expect((await tagged(["a b", "x=1"], ["ü", ""])).status).toBe(204);
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: "bucket", Key: "tagged" }));
    expect(TagSet).toEqual([
      { Key: "a b", Value: "x=1" },
      { Key: "ü", Value: "" },
    ]);
    expect(refusal(await tagged(["a", "1"], ["a", "2"]))).toEqual([400, "InvalidTag"]);
    expect(refusal(await tagged(["a?", "1"]))).toEqual([400, "InvalidTag"]);
    expect((await tagged()).status).toBe(204);
  });

  test("locks the version that it writes", async () => {
    await client.send(new CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
    const lock = {
      "x-amz-object-lock-mode": "GOVERNANCE",
      "x-amz-object-lock-retain-until-date": new Date(Date.now() + 86_400_000).toISOString(),
      "Content-MD5": createHash("md5").update("content").digest("base64"),
    };
    const answer = await post({ bucket: "locked", fields: { key: "key", ...lock } });
    expect([answer.status, typeof answer.headers["x-amz-version-id"]]).toEqual([204, "string"]);
    const head = await client.send(new HeadObjectCommand({ Bucket: "locked", Key: "key" }));
    expect([head.ObjectLockMode, head.VersionId]).toEqual(["GOVERNANCE", answer.headers["x-amz-version-id"]]);
    expect(refusal(await post({ fields: { key: "key", ...lock } }))).toEqual([400, "InvalidRequest"]);
  });

  test("is addressed with the bucket in the host, and with a slash behind it", async () => {
    const hosted = await post({ path: "/", headers: { host: `bucket.${domain}` }, fields: { key: "hosted/ü" } });
    expect([hosted.status, hosted.headers.location]).toEqual([204, `http://bucket.${domain}/hosted%2F%C3%BC`]);
    expect((await post({ path: "/bucket/" })).status).toBe(204);
  });
});

describe("PostObject answers", () => {
  test("201 with a document", async () => {
    const answer = await post({ fields: { key: "a/ü&b", success_action_status: "201" } });
    const location = `${sherd.endpoint}/bucket/a%2F%C3%BC%26b`;
    expect([answer.status, answer.headers.location, answer.headers["content-type"]]).toEqual([
      201,
      location,
      "application/xml",
    ]);
    expect(answer.text).toBe(
      `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse><Location>${location}</Location><Bucket>bucket</Bucket>` +
        `<Key>a/ü&amp;b</Key><ETag>&quot;${md5(Buffer.from("content"))}&quot;</ETag></PostResponse>`,
    );
    expect((await sherd.raw({ path: location.slice(sherd.endpoint.length) })).text).toBe("content");
  });

  test.each([
    ["200", 200],
    ["204", 204],
    ["404", 204],
    ["", 204],
  ])("success_action_status %j with %d", async (wanted, status) => {
    const answer = await post({ fields: { key: "key", success_action_status: wanted } });
    expect([answer.status, answer.text]).toEqual([status, ""]);
  });

  test.each(["success_action_redirect", "redirect"])("%s with 303 to where it says", async (name) => {
    const etag = `%22${md5(Buffer.from("content"))}%22`;
    const redirect = async (url: string) => {
      const answer = await post({ fields: { key: "a/b c", success_action_status: "201", [name]: url } });
      return [answer.status, answer.headers.location, answer.text];
    };
    const added = `bucket=bucket&key=a%2Fb+c&etag=${etag}`;
    expect(await redirect("https://page.example/done")).toEqual([303, `https://page.example/done?${added}`, ""]);
    expect(await redirect("http://page.example/?id=1&x=a#end")).toEqual([
      303,
      `http://page.example/?id=1&x=a&${added}#end`,
      "",
    ]);
    for (const url of ["/relative", "javascript:alert(1)", "https://", ""]) expect((await redirect(url))[0]).toBe(201);
  });

  test("what the newer name of the redirect says", async () => {
    const fields = { key: "k", redirect: "https://old.example/", success_action_redirect: "https://new.example/" };
    expect((await post({ fields })).headers.location).toMatch(/^https:\/\/new\.example\/\?bucket=/);
  });
});

describe("PostObject is signed", () => {
  test("by Version 2 as well, and by names of any case", async () => {
    expect((await post({ sign: { version2: true } })).status).toBe(204);
    const upper = (fields: Record<string, string | undefined>) =>
      Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toUpperCase(), value]));
    expect((await post({ edit: upper })).status).toBe(204);
    expect((await post({ edit: upper, sign: { version2: true } })).status).toBe(204);
  });

  test("for any region", async () => {
    expect((await post({ sign: { region: "eu-central-1" } })).status).toBe(204);
  });

  test("or is anonymous, which may not write here", async () => {
    expect(message(await post({ sign: null }))).toEqual([403, "AccessDenied", "Access Denied"]);
    const onlyPolicy = ({ key, policy }: Record<string, string | undefined>) => ({ key, policy });
    expect(message(await post({ edit: onlyPolicy }))).toEqual([403, "AccessDenied", "Access Denied"]);
  });

  test("with all of its fields, or it is refused", async () => {
    const without = (name: string, version2 = false) =>
      post({ sign: { version2 }, edit: (fields) => ({ ...fields, [name]: undefined }) });
    for (const [answer, name] of [
      [await without("x-amz-signature"), "X-Amz-Signature"],
      [await without("x-amz-algorithm"), "X-Amz-Algorithm"],
      [await without("policy"), "policy"],
      [await without("signature", true), "Signature"],
      [await without("AWSAccessKeyId", true), "AWSAccessKeyId"],
    ] as const) {
      expect(errorElements(answer)).toMatchObject({
        status: "400",
        Code: "InvalidArgument",
        Message: `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
        ArgumentName: name,
      });
    }
  });

  test("by a key that exists and its secret", async () => {
    for (const version2 of [false, true]) {
      expect(refusal(await post({ sign: { accessKeyId: "UNKNOWN", version2 } }))).toEqual([403, "InvalidAccessKeyId"]);
      const wrong = await post({ sign: { secret: "wrong", version2 } });
      expect(refusal(wrong)).toEqual([403, "SignatureDoesNotMatch"]);
      expect(wrong.text).not.toContain(sherd.secretAccessKey);
    }
    const cut = await post({ edit: (fields) => ({ ...fields, policy: fields.policy?.slice(0, -2) }) });
    const { Code, StringToSign, SignatureProvided } = errorElements(cut);
    expect([Code, SignatureProvided?.length]).toEqual(["SignatureDoesNotMatch", 64]);
    expect(Buffer.from(StringToSign ?? "", "base64").toString()).toContain('"conditions"');
    const token = { fields: { key: "key", "x-amz-security-token": "token" } };
    expect(refusal(await post(token))).toEqual([400, "InvalidToken"]);
  });

  test("by itself, not by the request around it", async () => {
    const body = formBody(boundary, [
      { name: "key", body: "k" },
      { name: "file", body: "x" },
    ]);
    const headers = { "content-type": `multipart/form-data; boundary=${boundary}` };
    const answer = await sherd.raw({ method: "POST", path: "/bucket", body, headers });
    expect(refusal(answer)).toEqual([400, "InvalidRequest"]);
  });
});

describe("PostObject is bound by its policy", () => {
  const denied = (problem: string) => [403, "AccessDenied", `Invalid according to Policy: ${problem}`];

  test("until it expires", async () => {
    const expiration = new Date(Date.now() - 1000).toISOString();
    expect(message(await post({ sign: { expiration } }))).toEqual(denied("Policy expired."));
  });

  test("in each field", async () => {
    const conditions = [{ bucket: "bucket" }, ["starts-with", "$key", "user/"]];
    expect((await post({ conditions, fields: { key: "user/a" } })).status).toBe(204);
    expect(message(await post({ conditions, fields: { key: "users" } }))).toEqual(
      denied('Policy Condition failed: ["starts-with", "$key", "user/"]'),
    );
    expect(message(await post({ conditions, fields: { key: "user/a", "Content-Type": "text/html" } }))).toEqual(
      denied("Extra input fields: Content-Type"),
    );
    expect(message(await post({ conditions, fields: { key: "user/a" }, bucket: "other" }))).toEqual(
      denied('Policy Condition failed: ["eq", "$bucket", "bucket"]'),
    );
  });

  test("in the size of the file", async () => {
    const conditions = [{ key: "sized" }, ["content-length-range", 5, 10]];
    const sized = (size: number, more: Partial<Upload> = {}) =>
      post({ conditions, fields: { key: "sized" }, file: { filename: "f", body: "x".repeat(size) }, ...more });
    for (const size of [5, 10]) expect((await sized(size)).status).toBe(204);
    for (const size of [12, 50_000, 3_000_000]) {
      expect(errorElements(await sized(size))).toMatchObject({
        status: "400",
        Code: "EntityTooLarge",
        Message: "Your proposed upload exceeds the maximum allowed size",
        ProposedSize: String(size),
        MaxSizeAllowed: "10",
      });
    }
    expect(errorElements(await sized(1))).toMatchObject({
      Code: "EntityTooSmall",
      Message: "Your proposed upload is smaller than the minimum allowed size",
      ProposedSize: "1",
      MinSizeAllowed: "5",
    });
    // What follows the file does not count.
    expect((await sized(10, { after: [{ name: "submit", body: "x".repeat(100) }] })).status).toBe(204);
    expect(refusal(await sized(4, { after: [{ name: "submit", body: "x".repeat(100) }] }))).toEqual([
      400,
      "EntityTooSmall",
    ]);
    expect((await get("sized")).ContentLength).toBe(10);
  });

  test("or refused with it", async () => {
    expect(message(await post({ conditions: [{}] }))).toEqual([
      400,
      "InvalidPolicyDocument",
      "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.",
    ]);
    expect(refusal(await post({ sign: { expiration: "tomorrow" } }))).toEqual([400, "InvalidPolicyDocument"]);
    // The signature comes first.
    expect(refusal(await post({ conditions: [{}], sign: { secret: "wrong" } }))).toEqual([
      403,
      "SignatureDoesNotMatch",
    ]);
  });
});

describe("PostObject refuses", () => {
  test("what is no form", async () => {
    const answer = await post({ headers: { "content-type": "text/html" } });
    expect(errorElements(answer)).toMatchObject({
      status: "412",
      Code: "PreconditionFailed",
      Condition: "Bucket POST must be of the enclosure-type multipart/form-data",
    });
    expect(refusal(await post({ headers: { "content-type": "multipart/form-data" } }))).toEqual([
      400,
      "MalformedPOSTRequest",
    ]);
    expect(refusal(await post({ headers: { "content-type": "multipart/form-data; boundary=other" } }))).toEqual([
      400,
      "MalformedPOSTRequest",
    ]);
  });

  test("a form without a key or with one that cannot be", async () => {
    const noKey = await post({ fields: {}, conditions: [] });
    expect(errorElements(noKey)).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      ArgumentName: "key",
    });
    expect(errorElements(await post({ fields: { key: "" } }))).toMatchObject({
      Code: "InvalidArgument",
      ArgumentName: "key",
    });
    expect(refusal(await post({ fields: { key: "k".repeat(1025) } }))).toEqual([400, "KeyTooLongError"]);
    expect((await post({ fields: { key: "k".repeat(1024) } })).status).toBe(204);
    expect(refusal(await post({ fields: { key: "a\0b" } }))).toEqual([400, "InvalidArgument"]);
  });

  test("a form without a file, and one whose fields are too large", async () => {
    expect(errorElements(await post({ file: null }))).toMatchObject({
      status: "400",
      Code: "InvalidArgument",
      Message: "POST requires exactly one file upload per request.",
      ArgumentName: "file",
      ArgumentValue: "0",
    });
    expect(errorElements(await post({ fields: { key: "k", "x-ignore-x": "x".repeat(20_000) } }))).toMatchObject({
      status: "400",
      Code: "MaxPostPreDataLengthExceeded",
      MaxPostPreDataLengthBytes: "20480",
    });
  });

  test("fields that ask for what is not built, or for nonsense", async () => {
    const withField = (name: string, value: string) => post({ fields: { key: "no", [name]: value } });
    expect((await withField("acl", "public-read")).status).toBeGreaterThanOrEqual(400);
    expect((await withField("x-amz-server-side-encryption", "aws:none")).status).toBeGreaterThanOrEqual(400);
    expect(refusal(await withField("x-amz-storage-class", "FAKE"))).toEqual([400, "InvalidStorageClass"]);
    expect(refusal(await withField("Content-Disposition", "a\r\nb"))).toEqual([400, "InvalidArgument"]);
    expect(refusal(await withField("x-amz-meta-a b", "x"))).toEqual([400, "InvalidArgument"]);
    expect(refusal(await withField("x-amz-meta-a", "x".repeat(3000)))).toEqual([400, "MetadataTooLarge"]);
    expect(refusal(await withField("tagging", "not xml"))).toEqual([400, "MalformedXML"]);
    await expect(get("no")).rejects.toThrow();
  });

  test("a form of unknown length", async () => {
    const chunked = { "content-type": `multipart/form-data; boundary=${boundary}`, "transfer-encoding": "chunked" };
    const outcome = await new Promise<RawResponse["status"]>((resolve, reject) => {
      const request = httpRequest({ port: sherd.port, method: "POST", path: "/bucket", headers: chunked }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      request.on("error", reject);
      request.end(
        formBody(boundary, [
          { name: "key", body: "k" },
          { name: "file", body: "x" },
        ]),
      );
    });
    expect(outcome).toBe(411);
  });

  test("to keep what a connection brought that broke off", async () => {
    const { accessKeyId, secretAccessKey: secret } = sherd;
    const signed = signForm({ accessKeyId, secret, nowMs: Date.now(), conditions: [{ key: "broken" }] });
    const fields = Object.entries({ key: "broken", ...signed }).map(([name, body]) => ({ name, body }));
    for (const size of [20_000, 3_000_000]) {
      const body = formBody(boundary, [...fields, { name: "file", body: Buffer.alloc(size) }]);
      // Before the end of the file, within the last delimiter, and just before the end of the body.
      for (const cut of [body.length - size / 2, body.length - 10, body.length - 1]) await breakOff(body, cut);
    }
    await expect(get("broken")).rejects.toThrow();
    // Nothing is left in the way of the next.
    expect((await post({ fields: { key: "whole" }, file: { body: Buffer.alloc(3_000_000) } })).status).toBe(204);
  });

  /** Sends the first bytes of a form, as many as are given, and closes the connection. */
  async function breakOff(body: Buffer, sentBytes: number): Promise<void> {
    const socket = connect(sherd.port, "127.0.0.1");
    const head = `POST /bucket HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n`;
    socket.on("error", () => {});
    const type = `Content-Type: multipart/form-data; boundary=${boundary}\r\n\r\n`;
    await new Promise<void>((resolve) => socket.write(head + type, () => resolve()));
    await new Promise<void>((resolve) => socket.end(body.subarray(0, sentBytes), () => resolve()));
    await new Promise<void>((resolve) => socket.on("close", () => resolve()).resume());
  }

  test("a bucket that is none", async () => {
    expect(refusal(await post({ bucket: "absent" }))).toEqual([404, "NoSuchBucket"]);
    expect(refusal(await post({ bucket: "absent", file: { body: pattern(2_000_000) } }))).toEqual([
      404,
      "NoSuchBucket",
    ]);
  });

  test("and leaves nothing, and answers a client that does not read while it sends", { tags: ["slow"] }, async () => {
    const before = await keys();
    const file = { filename: "f", body: Buffer.alloc(8_000_000) };
    expect(refusal(await post({ file, sign: { secret: "wrong" }, fields: { key: "none" } }))[0]).toBe(403);
    expect(refusal(await post({ file, sign: null, fields: { key: "none" } }))[0]).toBe(403);
    expect(refusal(await post({ file, fields: { key: "none", "x-amz-storage-class": "FAKE" } }))[0]).toBe(400);
    expect(
      refusal(
        await post({
          file,
          conditions: [
            ["starts-with", "$key", ""],
            ["content-length-range", 0, 5_000_000],
          ],
          fields: { key: "none" },
        }),
      )[0],
    ).toBe(400);
    expect(await keys()).toBe(before);
  });
});

describe("PostObject by what makes forms", () => {
  test("the SDK's createPresignedPost, sent by fetch", async () => {
    const bytes = pattern(700_000, 3);
    const { url, fields } = await createPresignedPost(client as never, {
      Bucket: "bucket",
      Key: `sdk/${variable}`,
      Conditions: [
        ["content-length-range", 1, 1_000_000],
        ["starts-with", "$Content-Type", "image/"],
      ],
      Fields: { success_action_status: "201", "x-amz-meta-by": "sdk" },
      Expires: 60,
    });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("Content-Type", "image/png");
    form.append("file", new Blob([bytes], { type: "image/png" }), "ä b.png");
    const answer = await fetch(url, { method: "POST", body: form });
    expect([answer.status, elementText(await answer.text(), "Key")]).toEqual([201, "sdk/ä b.png"]);
    const got = await get("sdk/ä b.png");
    expect(got.bytes.equals(Buffer.from(bytes))).toBe(true);
    expect([got.ContentType, got.Metadata]).toEqual(["image/png", { by: "sdk" }]);
  });
});
