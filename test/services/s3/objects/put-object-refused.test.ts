import { createHash } from "node:crypto";
import { connect } from "node:net";
import {
  CreateBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sherd, startSherd } from "../../../support/sherd.ts";
import { signRequest } from "../../../support/signer.ts";
import { pattern } from "../../../support/store.ts";
import { errorElements, refusalOf } from "../refusal.ts";

let sherd: Sherd;
let client: S3Client;
beforeAll(async () => {
  sherd = await startSherd();
  client = sherd.client();
  await client.send(new CreateBucketCommand({ Bucket: "bucket" }));
});
afterAll(() => sherd?.stop());

const put = (input: Partial<PutObjectCommandInput> & { Key: string }) =>
  client.send(new PutObjectCommand({ Bucket: "bucket", ...input }));
const missing = async (Key: string) => {
  expect((await refusalOf(client.send(new HeadObjectCommand({ Bucket: "bucket", Key })))).status).toBe(404);
};

describe("PutObject refuses, and stores nothing of,", () => {
  const Key = "refused";
  const path = "/bucket/refused";
  const refused = async (given: Omit<Parameters<Sherd["raw"]>[0], "path" | "method">) => {
    const response = await sherd.raw({ method: "PUT", path, body: "some bytes", ...given });
    await missing(Key);
    const { status, Code, Message, RequestId, ...elements } = errorElements(response);
    expect(RequestId).toBe(response.headers["x-amz-request-id"]);
    return { status: Number(status), code: Code, message: Message, elements };
  };

  it("a bucket that does not exist", async () => {
    expect(await refusalOf(put({ Bucket: "nobody", Key, Body: "x" }))).toMatchObject({
      status: 404,
      code: "NoSuchBucket",
    });
    expect((await refusalOf(put({ Bucket: "nobody", Key, Body: pattern(3_000_000) }))).code).toBe("NoSuchBucket");
  });

  it("a body that does not match its hash", async () => {
    expect(await refused({ payload: { mode: "literal", text: "0".repeat(64) } })).toMatchObject({
      status: 400,
      code: "XAmzContentSHA256Mismatch",
      elements: { ClientComputedContentSHA256: "0".repeat(64) },
    });
    const large = await refused({ payload: { mode: "literal", text: "0".repeat(64) }, body: pattern(1_500_000) });
    expect(large.code).toBe("XAmzContentSHA256Mismatch");
  });

  it("a body that does not match its MD5", async () => {
    const headers = { "content-md5": createHash("md5").update("other").digest("base64") };
    expect(await refused({ headers })).toMatchObject({ status: 400, code: "BadDigest" });
    expect((await refused({ headers, body: pattern(1_500_000) })).code).toBe("BadDigest");
    expect(await refused({ headers: { "content-md5": "AAAA" } })).toMatchObject({ status: 400, code: "InvalidDigest" });
  });

  it("a body that does not match its checksum", { tags: ["slow"] }, async () => {
    expect(await refused({ headers: { "x-amz-checksum-crc32c": "AAAAAA==" } })).toMatchObject({
      status: 400,
      code: "BadDigest",
      message: "The CRC32C you specified did not match the calculated checksum.",
    });
    const trailers = { "x-amz-checksum-sha256": `${"A".repeat(43)}=` };
    for (const mode of ["streaming-signed-trailer", "streaming-unsigned-trailer"] as const) {
      expect((await refused({ payload: { mode, trailers } })).code).toBe("BadDigest");
      expect((await refused({ payload: { mode, trailers }, body: pattern(1_500_000) })).code).toBe("BadDigest");
    }
  });

  it("malformed checksums", async () => {
    expect(await refused({ headers: { "x-amz-checksum-crc32": "AAAA" } })).toMatchObject({
      status: 400,
      code: "InvalidRequest",
      message: "Value for x-amz-checksum-crc32 header is invalid.",
    });
    const two = { "x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA==" };
    expect((await refused({ headers: two })).code).toBe("InvalidRequest");
    expect((await refused({ headers: { "x-amz-sdk-checksum-algorithm": "CRC32" } })).code).toBe("InvalidRequest");
    expect((await refused({ headers: { "x-amz-checksum-xxhash3": "AAAAAAAAAAA=" } })).code).toBe("BadDigest");
  });

  it("forged and truncated chunks", async () => {
    const payload = { mode: "streaming-signed" } as const;
    const body = pattern(200_000);
    const forge = (bytes: Uint8Array, index: number) => {
      const chunk = bytes.slice();
      if (index === 1) chunk[1000] = ~(chunk[1000] ?? 0);
      return chunk;
    };
    expect(await refused({ payload, body, hooks: { chunk: forge } })).toMatchObject({
      status: 403,
      code: "SignatureDoesNotMatch",
    });
    const cut = (bytes: Uint8Array) => bytes.subarray(0, 150_000);
    expect((await refused({ payload, body, hooks: { body: cut } })).code).toBe("IncompleteBody");
    const headers = { "x-amz-decoded-content-length": "200001" };
    expect((await refused({ payload, body, headers })).code).toBe("IncompleteBody");
  });

  it.each([5, 3 * 1024 * 1024])("a body of %i bytes in chunks of HTTP, without length", async (sizeBytes) => {
    const response = await withoutLength(path, sizeBytes);
    expect(response).toContain("HTTP/1.1 501");
    expect(response).toContain("<Code>NotImplemented</Code>");
    expect(response).toContain("<Header>Transfer-Encoding</Header>");
    await missing(Key);
  });

  it("no body and no length", async () => {
    const response = await headOnly(path, {});
    expect(response).toContain("HTTP/1.1 411");
    expect(response).toContain("<Code>MissingContentLength</Code>");
    await missing(Key);
  });

  it("more than 5 GiB, before it is sent", async () => {
    const answer = await headOnly(path, { "content-length": "5368709121" });
    expect(answer).toContain("<Code>EntityTooLarge</Code>");
    expect(answer).toContain("<MaxSizeAllowed>5368709120</MaxSizeAllowed>");
  });

  it("too much metadata", async () => {
    const { code, elements } = await refused({ headers: { "x-amz-meta-a": "x".repeat(2048) } });
    expect(code).toBe("MetadataTooLarge");
    expect(elements).toMatchObject({ Size: "2049", MaxSizeAllowed: "2048" });
  });

  it("keys over 1,024 bytes", async () => {
    const refusal = await refusalOf(put({ Key: "ä".repeat(513), Body: "x" }));
    expect(refusal).toMatchObject({ status: 400, code: "KeyTooLongError" });
  });

  it("storage classes that general purpose buckets do not have", async () => {
    for (const storageClass of ["EXPRESS_ONEZONE", "OUTPOSTS", "standard", "NONSENSE", "__proto__"]) {
      expect((await refused({ headers: { "x-amz-storage-class": storageClass } })).code).toBe("InvalidStorageClass");
    }
    await put({ Key: "standard", Body: "x", StorageClass: "STANDARD" });
  });

  it("ACLs", async () => {
    for (const acl of ["public-read", "authenticated-read", "aws-exec-read"]) {
      const answer = await refused({ headers: { "x-amz-acl": acl } });
      expect(answer).toMatchObject({ status: 400, code: "AccessControlListNotSupported" });
    }
    for (const acl of ["nonsense", ""]) {
      const answer = await refused({ headers: { "x-amz-acl": acl } });
      expect(answer).toMatchObject({ status: 400, code: "InvalidArgument" });
    }
    const group = "uri=http://acs.amazonaws.com/groups/global/AllUsers";
    const answer = await refused({ headers: { "x-amz-grant-read": group } });
    expect(answer).toMatchObject({ status: 400, code: "AccessControlListNotSupported" });
    for (const ACL of ["private", "bucket-owner-full-control"] as const) await put({ Key: ACL, Body: "x", ACL });
  });

  it("a connection that is cut off", { tags: ["slow"] }, async () => {
    for (const size of [20_000, 3_000_000]) {
      await cutOff(path, size);
      await missing(Key);
    }
    // The Worker goes on serving.
    await put({ Key: "after", Body: "x" });
  });
});

/** Signs, sends the head and half of the body, and hangs up once the server has had time to read. */
async function cutOff(path: string, size: number): Promise<void> {
  const { head, body } = wire(path, { body: pattern(size) });
  const socket = connect(sherd.port, "127.0.0.1");
  await new Promise<void>((resolve) =>
    socket.write(Buffer.concat([head, body.subarray(0, size / 2)]), () => resolve()),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Sends a chunked body, which states no length. */
function withoutLength(path: string, sizeBytes: number): Promise<string> {
  const { head } = wire(path, { payload: { mode: "unsigned" }, headers: { "transfer-encoding": "chunked" } });
  const chunk = [`${sizeBytes.toString(16)}\r\n`, Buffer.alloc(sizeBytes, "x"), "\r\n0\r\n\r\n"];
  return talk(Buffer.concat([head, ...chunk.map((part) => Buffer.from(part))]));
}

/** Sends nothing but the head of a request. */
function headOnly(path: string, headers: Record<string, string>): Promise<string> {
  return talk(wire(path, { payload: { mode: "unsigned" }, headers: { ...headers, connection: "close" } }).head);
}

function wire(
  path: string,
  given: { body?: Uint8Array; headers?: Record<string, string>; payload?: { mode: "unsigned" } },
) {
  const parts = signRequest({
    method: "PUT",
    url: sherd.endpoint + path,
    accessKeyId: sherd.accessKeyId,
    secret: sherd.secretAccessKey,
    nowMs: Date.now(),
    ...given,
  });
  const lines = Object.entries(parts.headers).map(([name, value]) => `${name}: ${value}`);
  return { head: Buffer.from(`PUT ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`), body: parts.body };
}

/** Sends bytes and collects what comes back until the answer is whole. */
function talk(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(sherd.port, "127.0.0.1");
    let text = "";
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer but ${JSON.stringify(text)}`));
    }, 10_000);
    socket.on("data", (piece) => {
      text += piece;
      if (!text.includes("</Error>")) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    });
    socket.on("error", reject);
    socket.write(bytes);
  });
}
