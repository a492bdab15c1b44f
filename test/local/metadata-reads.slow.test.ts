import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../support/server.ts";
import { signRequest } from "../support/signer.ts";

// Each serving process reads the file of the metadata itself, which another process writes.

let folder: string;
let server: TestServer;
/** A connection each, so that some lead to the one process and some to the other. */
const clients = Array.from({ length: 8 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
  server = await startServer({ dataDir: folder, args: ["--processes", "2", "--quiet"] });
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await server?.kill();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Answer {
  status: number;
  length: string | undefined;
}

function send(agent: Agent, method: string, key = "", body = new Uint8Array(0)): Promise<Answer> {
  const { endpoint, accessKeyId, secretAccessKey: secret } = server;
  const url = `${endpoint}/bucket${key === "" ? "" : `/${key}`}`;
  const signed = signRequest({ method, url, accessKeyId, secret, nowMs: Date.now(), body });
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, agent, headers: signed.headers }, (response) => {
      response.resume();
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, length: response.headers["content-length"] }),
      );
      response.on("error", reject);
    });
    sending.on("error", reject);
    sending.end(signed.body);
  });
}

async function walBytes(): Promise<number> {
  const files = await readdir(join(folder, "metadata"), { recursive: true });
  const wals = files.filter((file) => file.endsWith("-wal"));
  expect(wals.length).toBeGreaterThan(0);
  const sizes = await Promise.all(wals.map(async (file) => (await stat(join(folder, "metadata", file))).size));
  return Math.max(...sizes);
}

test("a write is seen by every process as soon as it is answered, and what is deleted is gone", async () => {
  const [writer, ...readers] = clients as [Agent, ...Agent[]];
  await send(writer, "PUT");
  for (let round = 0; round < 100; round++) {
    const body = new Uint8Array(10 + round);
    expect((await send(writer, "PUT", "key", body)).status).toBe(200);
    const heads = await Promise.all(readers.map((reader) => send(reader, "HEAD", "key")));
    expect(heads.map(({ length }) => length)).toEqual(readers.map(() => `${body.length}`));
    if (round % 10 > 0) continue;
    await send(writer, "DELETE", "key");
    const gone = await Promise.all(readers.map((reader) => send(reader, "HEAD", "key")));
    expect(gone.map(({ status }) => status)).toEqual(readers.map(() => 404));
  }
});

test("readers do not hold back the checkpoints of the writer, and one that is killed harms nobody", async () => {
  const [writer, ...readers] = clients as [Agent, ...Agent[]];
  let done = false;
  const reading = readers.map(async (reader) => {
    while (!done) await send(reader, "HEAD", "key-1").catch(() => {});
  });
  const sizes: number[] = [];
  for (let write = 0; write < 600; write++) {
    if (write === 300) process.kill(server.workerdPids[1] as number, "SIGKILL");
    const put = () => send(writer, "PUT", `key-${write % 50}`, new Uint8Array(20_000));
    const { status } = await put().catch(put);
    expect(status).toBe(200);
    if (write % 50 === 49) sizes.push(await walBytes());
  }
  done = true;
  await Promise.all(reading);
  // Base64 makes 16 MB of what was written; SQLite begins the file anew after about 4 MB.
  expect(Math.max(...sizes)).toBeLessThan(9_000_000);
});
