import { execFileSync } from "node:child_process";
import { closeSync, openSync, statfsSync, statSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";
import { failure } from "../support/sherd.ts";

// A real disk that is full: a file system of its own, in memory, which only root on Linux can mount.

const MiB = 1024 * 1024;
const reserveBytes = 48 * MiB;
const Bucket = "filling";
const body = new Uint8Array(2 * MiB).map((_, at) => at % 253);

let disk: string;
let isMounted = false;
let server: TestServer;
let client: S3Client;

beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), "sherd-test-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=220m,mode=700", "sherd-test", disk], { stdio: "ignore" });
    isMounted = true;
  } catch {
    return;
  }
  const env = { SHERD_DISK_RESERVE_BYTES: `${reserveBytes}`, SHERD_SNAPSHOT_SECONDS: "0" };
  server = await startServer({ dataDir: join(disk, "data"), args: ["--quiet", "--processes", "1"], env });
  const { endpoint, accessKeyId, secretAccessKey } = server;
  const credentials = { accessKeyId, secretAccessKey };
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, maxAttempts: 1, credentials });
}, 60_000);

afterAll(async () => {
  client?.destroy();
  await server?.kill();
  if (isMounted) execFileSync("umount", ["-l", disk]);
  await rm(disk, { recursive: true, force: true });
});

const freeBytes = () => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

/** Writes a file until no more than that is free. */
function fill(name: string, leftBytes: number): void {
  const file = openSync(join(disk, name), "w");
  const chunk = new Uint8Array(MiB).fill(1);
  try {
    while (freeBytes() > leftBytes) writeSync(file, chunk, 0, Math.min(MiB, Math.max(4096, freeBytes() - leftBytes)));
  } catch (error) {
    if (!String(error).includes("ENOSPC")) throw error;
  } finally {
    closeSync(file);
  }
}

async function eventually<T>(what: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const value = await what();
    if (isIt(value) || attempt > 100) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const put = (Key: string, Body: Uint8Array) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
const outcome = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error) => `${error.$metadata?.httpStatusCode} ${error.name}`,
  );
const health = async () => (await (await fetch(new URL("/-/health", server.endpoint))).json()) as { status: string };

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "below the reserve writes are refused by name, deletions go on, on a full disk too, and all goes on when there is space",
  async () => {
    if (!isMounted) return expect(process.env.CI).not.toBe("true");
    await client.send(new CreateBucketCommand({ Bucket }));
    for (let number = 0; number < 8; number++) await put(`large-${number}`, body);
    await put("small", body.subarray(0, 100));
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "upload" }));
    expect(statSync(join(disk, "data/reserve")).size).toBe(32 * MiB);
    expect(await health()).toEqual({ status: "ok" });

    // A body that would leave less than the reserve is refused before it is read, although it fits.
    const tooLarge = new PutObjectCommand({ Bucket, Key: "huge", Body: new Uint8Array(112 * MiB) });
    expect(await failure(client.send(tooLarge))).toMatchObject({ code: "InsufficientCapacity", status: 507 });

    fill("others", reserveBytes - 2 * MiB);
    const refused = await eventually(
      () => outcome(put("small-2", body.subarray(0, 100))),
      (said) => said !== "done",
    );
    expect(refused).toBe("507 InsufficientCapacity");
    const CopySource = `${Bucket}/small`;
    const writes = [
      () => put("large", body),
      () => client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource })),
      () => client.send(new CreateMultipartUploadCommand({ Bucket, Key: "other" })),
      () => client.send(new UploadPartCommand({ Bucket, Key: "upload", UploadId, PartNumber: 1, Body: body })),
    ];
    for (const write of writes) {
      expect(await failure(write())).toMatchObject({ code: "InsufficientCapacity", status: 507 });
    }
    expect(await health()).toEqual({ status: "no space: writes are refused" });
    const read = await client.send(new GetObjectCommand({ Bucket, Key: "large-0" }));
    expect(await read.Body?.transformToByteArray()).toEqual(body);
    await client.send(new DeleteObjectCommand({ Bucket, Key: "large-0" }));

    // Another program takes all there is: what Sherd has kept for this is given back step by step.
    fill("greedy", 0);
    const gone = await eventually(
      () => outcome(client.send(new DeleteObjectCommand({ Bucket, Key: "large-1" }))),
      (said) => said === "done",
    );
    expect(gone).toBe("done");
    expect((await failure(client.send(new GetObjectCommand({ Bucket, Key: "large-1" })))).code).toBe("NoSuchKey");
    await eventually(
      async () => statSync(join(disk, "data/reserve")).size,
      (size) => size < 32 * MiB,
    );
    expect(statSync(join(disk, "data/reserve")).size).toBeLessThan(32 * MiB);

    await rm(join(disk, "greedy"));
    await rm(join(disk, "others"));
    expect(
      await eventually(
        () => outcome(put("large", body)),
        (said) => said === "done",
      ),
    ).toBe("done");
    expect(await health()).toEqual({ status: "ok" });
    expect(
      await eventually(
        async () => statSync(join(disk, "data/reserve")).size,
        (size) => size === 32 * MiB,
      ),
    ).toBe(32 * MiB);
  },
  90_000,
);
