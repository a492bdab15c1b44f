import { once } from "node:events";
import { open as openFile, readdir, stat } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Sherd, startSherd } from "../../support/sherd.ts";
import { signRequest } from "../../support/signer.ts";
import { pattern } from "../../support/store.ts";

/** Nothing is asserted of times: this only ends what would hang. */
const patiently = { timeout: 30_000 };

const sizeBytes = 24 * 1024 * 1024;
const body = Buffer.from(pattern(sizeBytes));
let sherd: Sherd;
beforeAll(async () => {
  sherd = await startSherd({ SHERD_LOG_REQUESTS: "1" });
  await sherd.raw({ method: "PUT", path: "/bucket" });
  await sherd.raw({ method: "PUT", path: "/bucket/large", body });
});
afterAll(() => sherd.stop());

/** A signed request whose socket is in the test's hands. */
function open(method: string, path: string, signedBody?: Uint8Array) {
  const { accessKeyId, secretAccessKey: secret, endpoint, port } = sherd;
  const input = { method, url: endpoint + path, accessKeyId, secret, nowMs: Date.now() };
  const { headers } = signRequest(signedBody === undefined ? input : { ...input, body: signedBody });
  return httpRequest({ port, method, path, headers, agent: false });
}

/** More than the stripes that can be in work at once: what one of them kept would be missing here. */
const abandoned = 40;

test("downloads that are abandoned give back what they held", { tags: ["slow"] }, async () => {
  for (let count = 0; count < abandoned; count += 1) {
    const request = open("GET", "/bucket/large");
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    await once(response, "data");
    response.destroy();
  }
  const whole = await sherd.raw({ path: "/bucket/large" });
  expect(whole.bytes.equals(body)).toBe(true);
  await expect
    .poll(() => sherd.log.filter((line) => / GET \/bucket\/large GetObject 200 /.test(line)).length, patiently)
    .toBe(abandoned + 1);
});

test("uploads that are cut off leave nothing and give back what they held", { tags: ["slow"] }, async () => {
  const before = await shardFiles();
  const cut = body.subarray(0, 6_000_000);
  for (let count = 0; count < abandoned; count += 1) {
    const request = open("PUT", "/bucket/cut", cut);
    request.on("error", () => {}); // it is destroyed below
    await new Promise<void>((resolve) => request.write(cut.subarray(0, 3_000_000), () => resolve()));
    request.destroy();
  }
  const { status } = await sherd.raw({ method: "PUT", path: "/bucket/whole", body });
  expect(status).toBe(200);
  expect((await sherd.raw({ method: "HEAD", path: "/bucket/cut" })).status).toBe(404);
  await expect.poll(async () => (await shardFiles()).length, patiently).toBe(before.length + 6);
});

test("an object that cannot be read to its end breaks the connection off", async () => {
  const before = new Set(await shardFiles());
  await sherd.raw({ method: "PUT", path: "/bucket/broken", body });
  const shards = (await shardFiles()).filter((path) => !before.has(path));
  expect(shards).toHaveLength(6);
  for (const path of shards.slice(0, 3)) await spoilLastQuarter(path);

  const request = open("GET", "/bucket/broken");
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect([response.statusCode, response.headers["content-length"]]).toEqual([200, `${sizeBytes}`]);
  const pieces: Buffer[] = [];
  response.on("data", (piece: Buffer) => pieces.push(piece));
  const [error] = (await once(response, "error")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
  const got = Buffer.concat(pieces);
  expect(got.length).toBeLessThan(sizeBytes);
  expect(got.equals(body.subarray(0, got.length))).toBe(true);
  await expect.poll(() => sherd.log.some((line) => line.includes("broken off: too few drives")), patiently).toBe(true);
});

async function spoilLastQuarter(path: string): Promise<void> {
  const { size } = await stat(path);
  const file = await openFile(path, "r+");
  const quarter = Math.floor(size / 4);
  await file.write(Buffer.alloc(quarter, "spoilt"), 0, quarter, size - quarter);
  await file.close();
}

async function shardFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const drive of sherd.drivePaths) {
    const entries = await readdir(drive, { recursive: true, withFileTypes: true });
    files.push(...entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)));
  }
  return files;
}

test("uploads that wait for the memory that others hold are not taken for such as hang", {
  tags: ["slow"],
}, async () => {
  const content = body.subarray(0, 300_000);
  const slow = Array.from({ length: abandoned }, (_, index) => open("PUT", `/bucket/slow-${index}`, content));
  const answers = Promise.all(slow.map((request) => once(request, "response") as Promise<[IncomingMessage]>));
  answers.catch(() => {}); // it is awaited below
  // Some hold a stripe each; the others wait for one, and nothing else is going on for them.
  for (const request of slow) request.write(content.subarray(0, 200_000));
  await setTimeout(500);
  for (const request of slow) request.end(content.subarray(200_000));
  expect((await answers).map(([{ statusCode }]) => statusCode)).toEqual(slow.map(() => 200));
});
