import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListPartsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
  waitUntilObjectExists,
  waitUntilObjectNotExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type Client, type Job, runJobs, type Stage } from "./client.ts";
import { bytesOf, sha256Of, writeContent } from "./content.ts";
import { equal } from "./expect.ts";
import { ENCRYPTION_JOBS } from "./sdk-js-encryption.ts";
import { IDENTITY_JOBS } from "./sdk-js-identities.ts";
import { OBJECT_API_JOBS } from "./sdk-js-objects.ts";
import { projectFolder } from "./server.ts";

const MIB = 1024 * 1024;
const ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;

/** The AWS SDK for JavaScript, version 3, from the project's own node_modules. */
export function sdkJsClient(): Client {
  return {
    name: "js-sdk",
    required: true,
    async prepare() {
      const manifest = join(projectFolder, "node_modules", "@aws-sdk", "client-s3", "package.json");
      return { ready: true, version: (JSON.parse(await readFile(manifest, "utf8")) as { version: string }).version };
    },
    run: runJobs([...JOBS, ...OBJECT_API_JOBS, ...ENCRYPTION_JOBS, ...IDENTITY_JOBS]),
  };
}

const JOBS: readonly Job[] = [
  { name: "objects", run: (stage) => withBucket(stage, "js-objects", {}, objects) },
  { name: "errors", run: (stage) => withBucket(stage, "js-errors", {}, errors) },
  { name: "upload-by-stream", run: (stage) => withBucket(stage, "js-upload", {}, uploads) },
  { name: "presigned", run: (stage) => withBucket(stage, "js-presigned", {}, presigned) },
  { name: "checksums", run: (stage) => withBucket(stage, "js-checksums", {}, checksums) },
  { name: "streaming-body-with-trailer", run: (stage) => withBucket(stage, "js-trailer", {}, trailers) },
  {
    name: "checksums-when-required",
    run: (stage) =>
      withBucket(
        stage,
        "js-required",
        { requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" },
        objects,
      ),
  },
  { name: "pages-and-deletes", run: (stage) => withBucket(stage, "js-pages", {}, pages) },
  { name: "waiters", run: waiters },
  { name: "aborted-upload", run: (stage) => withBucket(stage, "js-aborted", {}, aborted) },
];

interface Bucket {
  readonly s3: S3Client;
  readonly name: string;
  readonly stage: Stage;
}

function clientOf(stage: Stage, config: S3ClientConfig): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = stage;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    ...config,
  });
}

async function withBucket(
  stage: Stage,
  name: string,
  config: S3ClientConfig,
  work: (bucket: Bucket) => Promise<string | undefined>,
): Promise<string | undefined> {
  const s3 = clientOf(stage, config);
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  try {
    return await work({ s3, name, stage });
  } finally {
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: name })) {
      for (const { Key } of page.Contents ?? [])
        await s3.send(new DeleteObjectCommand({ Bucket: name, Key: Key ?? "" }));
    }
    await s3.send(new DeleteBucketCommand({ Bucket: name }));
    s3.destroy();
  }
}

async function bodyOf({ s3, name }: Bucket, key: string, range?: string): Promise<Uint8Array> {
  const got = await s3.send(
    new GetObjectCommand({ Bucket: name, Key: key, ...(range === undefined ? {} : { Range: range }) }),
  );
  return (await got.Body?.transformToByteArray()) ?? new Uint8Array();
}

/** Throws unless the call fails with this error name and status. */
async function failsWith(name: string, status: number, call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => "succeeded",
    (error: unknown) =>
      error instanceof S3ServiceException ? [error.name, error.$metadata.httpStatusCode] : String(error),
  );
  equal(outcome, [name, status], "how the call failed");
}

async function objects(bucket: Bucket): Promise<undefined> {
  const { s3, name: Bucket } = bucket;
  for (const [key, sizeBytes] of [
    ["empty", 0],
    ["a b/é+%&=?#.bin", 5000],
    ["//x//", 300_000],
    ["large", 5 * MIB + 1],
  ] as const) {
    const bytes = bytesOf(key, sizeBytes);
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: key,
        Body: bytes,
        ContentType: "text/x-clay",
        Metadata: { kind: "pot" },
        CacheControl: "no-store",
      }),
    );
    equal(put.ETag, `"${createHash("md5").update(bytes).digest("hex")}"`, "ETag");
    equal(sha256Of(await bodyOf(bucket, key)), sha256Of(bytes), key);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
    equal(
      [head.ContentLength, head.ContentType, head.Metadata, head.CacheControl],
      [sizeBytes, "text/x-clay", { kind: "pot" }, "no-store"],
      "head",
    );
    if (sizeBytes > 0)
      equal(sha256Of(await bodyOf(bucket, key, "bytes=100-199")), sha256Of(bytes.subarray(100, 200)), "range");
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent(key)}` }));
    equal(sha256Of(await bodyOf(bucket, "copy")), sha256Of(bytes), `copy of ${key}`);
  }
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  equal(
    Buckets?.some(({ Name }) => Name === Bucket),
    true,
    "the bucket is listed",
  );
}

async function errors({ s3, name: Bucket }: Bucket): Promise<undefined> {
  await failsWith("NoSuchKey", 404, s3.send(new GetObjectCommand({ Bucket, Key: "missing" })));
  await failsWith("NotFound", 404, s3.send(new HeadObjectCommand({ Bucket, Key: "missing" })));
  await failsWith("NoSuchBucket", 404, s3.send(new GetObjectCommand({ Bucket: "js-never-made", Key: "k" })));
  await failsWith("BucketAlreadyOwnedByYou", 409, s3.send(new CreateBucketCommand({ Bucket })));
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  await failsWith("BucketNotEmpty", 409, s3.send(new DeleteBucketCommand({ Bucket })));
  await failsWith(
    "PreconditionFailed",
    412,
    s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "y", IfNoneMatch: "*" })),
  );
  await failsWith("InvalidRange", 416, s3.send(new GetObjectCommand({ Bucket, Key: "k", Range: "bytes=5-" })));
}

async function uploads(bucket: Bucket): Promise<undefined> {
  const { s3, name: Bucket, stage } = bucket;
  for (const sizeBytes of [0, 1000, 23 * MIB + 11]) {
    const path = join(stage.folder, "upload");
    const digest = await writeContent(path, `upload ${sizeBytes}`, sizeBytes);
    const upload = new Upload({
      client: s3,
      params: { Bucket, Key: "upload", Body: createReadStream(path) },
      partSize: 5 * MIB,
      queueSize: 4,
    });
    let loadedBytes = 0;
    upload.on("httpUploadProgress", ({ loaded }) => {
      loadedBytes = loaded ?? 0;
    });
    await upload.done();
    equal(loadedBytes, sizeBytes, "bytes that the progress saw");
    equal(sha256Of(await bodyOf(bucket, "upload")), digest, `an upload of ${sizeBytes} bytes`);
  }
}

async function presigned({ s3, name: Bucket }: Bucket): Promise<undefined> {
  const bytes = bytesOf("presigned", 200_000);
  const Key = "pre signed/é+.bin";
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key }), { expiresIn: 300 });
  const sent = await fetch(put, { method: "PUT", body: bytes });
  equal(sent.status, 200, `PUT by fetch: ${await sent.text()}`);
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key, ResponseContentType: "image/png" }), {
    expiresIn: 300,
  });
  const got = await fetch(get);
  equal([got.status, got.headers.get("content-type")], [200, "image/png"], "GET by fetch");
  equal(sha256Of(new Uint8Array(await got.arrayBuffer())), sha256Of(bytes), "body by fetch");
  const part = await fetch(get, { headers: { range: "bytes=10-19" } });
  equal([part.status, (await part.arrayBuffer()).byteLength], [206, 10], "GET with Range by fetch");
  const removed = await fetch(await getSignedUrl(s3, new DeleteObjectCommand({ Bucket, Key }), { expiresIn: 60 }), {
    method: "DELETE",
  });
  equal(removed.status, 204, "DELETE by fetch");
  equal((await fetch(get)).status, 404, "GET after the DELETE");
}

async function checksums(bucket: Bucket): Promise<undefined> {
  const { s3, name: Bucket } = bucket;
  const bytes = bytesOf("checksums", 400_000);
  for (const ChecksumAlgorithm of ALGORITHMS) {
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: "c", Body: bytes, ChecksumAlgorithm }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "c", ChecksumMode: "ENABLED" }));
    const member = `Checksum${ChecksumAlgorithm}` as const;
    equal(
      [typeof put[member], head[member], head.ChecksumType],
      ["string", put[member], "FULL_OBJECT"],
      ChecksumAlgorithm,
    );
    // The client verifies the body against the checksum that comes with it.
    equal(sha256Of(await bodyOf(bucket, "c")), sha256Of(bytes), "body");
  }
  for (const algorithm of ALGORITHMS) {
    const large = bytesOf("checksums large", 11 * MIB);
    const upload = new Upload({
      client: s3,
      params: { Bucket, Key: "m", Body: large, ChecksumAlgorithm: algorithm as ChecksumAlgorithm },
    });
    await upload.done();
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "m", ChecksumMode: "ENABLED" }));
    equal(typeof head[`Checksum${algorithm}`], "string", `a multipart upload with ${algorithm}`);
    equal(sha256Of(await bodyOf(bucket, "m")), sha256Of(large), "body of the multipart upload");
  }
}

async function trailers(bucket: Bucket): Promise<string> {
  const { s3, name: Bucket } = bucket;
  const modes = new Set<string>();
  s3.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { method: string; headers: Record<string, string> };
      if (request.method === "PUT") modes.add(request.headers["x-amz-content-sha256"] ?? "");
      return next(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  for (const ChecksumAlgorithm of ALGORITHMS) {
    for (const sizeBytes of [1, 70_000, 3 * MIB + 5]) {
      const bytes = bytesOf(`trailer ${sizeBytes}`, sizeBytes);
      const pieces = Array.from({ length: Math.ceil(sizeBytes / 50_000) }, (_, i) =>
        bytes.subarray(i * 50_000, (i + 1) * 50_000),
      );
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key: "t",
          Body: Readable.from(pieces),
          ContentLength: sizeBytes,
          ChecksumAlgorithm,
        }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket, Key: "t", ChecksumMode: "ENABLED" }));
      equal(typeof got[`Checksum${ChecksumAlgorithm}`], "string", `${ChecksumAlgorithm} came back`);
      equal(got.ContentEncoding ?? "", "", "Content-Encoding");
      equal(sha256Of(await buffer(got.Body as Readable)), sha256Of(bytes), `a stream of ${sizeBytes} bytes`);
    }
  }
  equal([...modes], ["STREAMING-UNSIGNED-PAYLOAD-TRAILER"], "how the bodies were signed");
  return [...modes].join(", ");
}

async function pages({ s3, name: Bucket }: Bucket): Promise<undefined> {
  const keys = Array.from({ length: 30 }, (_, i) => `page/${String(i).padStart(2, "0")}`);
  await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))));
  const seen: string[] = [];
  let count = 0;
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 7 }, { Bucket, Prefix: "page/" })) {
    count++;
    seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
  }
  equal([count, seen], [5, keys], "pages of 7");
  const deleted = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
  );
  equal(deleted.Deleted?.map(({ Key }) => Key).sort(), keys, "Deleted");
}

async function waiters(stage: Stage): Promise<void> {
  const client = clientOf(stage, {});
  const patience = { client, maxWaitTime: 10, minDelay: 1, maxDelay: 2 };
  const [Bucket, Key] = ["js-waiters", "k"];
  await client.send(new CreateBucketCommand({ Bucket }));
  await waitUntilBucketExists(patience, { Bucket });
  await waitUntilObjectNotExists(patience, { Bucket, Key });
  await client.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
  await waitUntilObjectExists(patience, { Bucket, Key });
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  await waitUntilObjectNotExists(patience, { Bucket, Key });
  await client.send(new DeleteBucketCommand({ Bucket }));
  await waitUntilBucketNotExists(patience, { Bucket });
}

async function aborted({ s3, name: Bucket }: Bucket): Promise<undefined> {
  const target = { Bucket, Key: "aborted" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const upload = { ...target, UploadId: UploadId ?? "" };
  await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: bytesOf("part", 5 * MIB) }));
  equal((await s3.send(new ListPartsCommand(upload))).Parts?.length, 1, "parts");
  await s3.send(new AbortMultipartUploadCommand(upload));
  await failsWith("NoSuchUpload", 404, s3.send(new ListPartsCommand(upload)));
  await failsWith("NotFound", 404, s3.send(new HeadObjectCommand(target)));
}
