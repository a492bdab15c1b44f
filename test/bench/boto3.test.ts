import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BenchClient } from "../../bench/support/http-client.ts";

const SIZE_BYTES = 3_000_000;
const client = new BenchClient();
let server: ChildProcess;
let url: string;

beforeAll(async () => {
  const program = join(import.meta.dirname, "../../bench/boto3/null-server.ts");
  server = spawn(process.execPath, [program, `${SIZE_BYTES}`], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(server.stdout as NodeJS.ReadableStream, "data");
  url = `http://127.0.0.1:${String(port).trim()}/bucket/key`;
});
afterAll(() => {
  client.close();
  server.kill();
});

test("the server that does nothing answers what a transfer manager asks", async () => {
  const head = await client.expect({ method: "HEAD", url });
  expect(head.headers.get("content-length")).toBe(`${SIZE_BYTES}`);
  const part = { headers: { "content-length": "4" }, body: Buffer.from("part") };
  expect(
    (await client.expect({ method: "PUT", url: `${url}?partNumber=1&uploadId=1`, ...part })).headers.get("etag"),
  ).toMatch(/^"/);
  expect((await client.expect({ method: "POST", url: `${url}?uploads`, headers: {} })).text).toContain("<UploadId>1<");
  expect((await client.expect({ method: "POST", url: `${url}?uploadId=1`, headers: {} })).text).toContain("<ETag>");
});

test("it sends the whole object, and ranges of it up to the end", async () => {
  await client.expect({ method: "GET", url }, Buffer.alloc(SIZE_BYTES));
  const range = async (value: string) => {
    const { status, bodyBytes, headers } = await client.expect({ method: "GET", url, headers: { range: value } });
    return [status, bodyBytes, headers.get("content-range")];
  };
  expect(await range("bytes=1000-2099999")).toEqual([206, 2_099_000, `bytes 1000-2099999/${SIZE_BYTES}`]);
  expect(await range("bytes=2999990-9999999")).toEqual([206, 10, `bytes 2999990-2999999/${SIZE_BYTES}`]);
  expect(await range("bytes=2999999-")).toEqual([206, 1, `bytes 2999999-2999999/${SIZE_BYTES}`]);
});
