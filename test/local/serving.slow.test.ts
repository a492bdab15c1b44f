import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { runLauncher, startServer, type TestServer } from "../support/server.ts";

// What `npm start` says and how it is reached: addresses, logs, https.

let folder: string;
const servers: TestServer[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.kill();
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

async function start(name: string, ...args: string[]): Promise<TestServer> {
  const server = await startServer({ dataDir: join(folder, name), args: ["--processes", "1", ...args] });
  servers.push(server);
  return server;
}

async function until<T>(what: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const value = await what();
    if (isIt(value) || attempt > 100) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("a server on all addresses names those that can be reached, each of which answers", async () => {
  const server = await start("all", "--host", "0.0.0.0");
  const endpoints = server.output().match(/(?<=listening on |and )http:\S+$/gm) ?? [];
  expect(endpoints[0]).toMatch(/^http:\/\/127\.0\.0\.1:/);
  expect(server.output()).not.toContain("0.0.0.0");
  for (const endpoint of endpoints) expect((await fetch(`${endpoint}/-/health`)).status).toBe(200);
});

describe("lines about requests", () => {
  const line =
    /^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 GET \/no-such-bucket\/key GetObject 404 NoSuchBucket \d+ms [0-9A-F]{16}$/m;

  test("have time, client, operation, status and error code, and no query", async () => {
    const server = await start("text");
    const answer = await fetch(`${server.endpoint}/no-such-bucket/key?x-id=GetObject`);
    await until(
      async () => server.output(),
      (said) => line.test(said),
    );
    expect(server.output()).toMatch(line);
    expect(server.output()).toContain(answer.headers.get("x-amz-request-id"));
    expect(server.output()).not.toContain("x-id");
  });

  test("are JSON with --log json", async () => {
    const server = await start("json", "--log", "json");
    const answer = await fetch(`${server.endpoint}/no-such-bucket/key`);
    const id = answer.headers.get("x-amz-request-id") ?? "";
    const lines = () =>
      server
        .output()
        .split("\n")
        .filter((text) => text.includes(id));
    await until(
      async () => lines(),
      (found) => found.length > 0,
    );
    expect(JSON.parse(lines()[0] ?? "")).toEqual({
      request: id,
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      client: "127.0.0.1",
      method: "GET",
      path: "/no-such-bucket/key",
      operation: "GetObject",
      status: 404,
      error: "NoSuchBucket",
      ms: expect.any(Number),
    });
  });

  test("go to the file of --access-log, which SIGHUP opens anew", async () => {
    const path = join(folder, "access.log");
    const server = await start("file", "--access-log", path);
    const ask = async () => (await fetch(server.endpoint)).headers.get("x-amz-request-id") ?? "";
    const text = (file: string) => readFile(file, "utf8").catch(() => "");
    const first = await ask();
    expect(
      await until(
        () => text(path),
        (said) => said.includes(first),
      ),
    ).toContain(first);
    expect(server.output()).not.toContain(first);
    await rename(path, `${path}.old`);
    process.kill(server.pid, "SIGHUP");
    await until(
      async () => existsSync(path),
      (isThere) => isThere,
    );
    const second = await ask();
    expect(
      await until(
        () => text(path),
        (said) => said.includes(second),
      ),
    ).toContain(second);
    expect(await text(`${path}.old`)).not.toContain(second);
    expect(await server.stop("SIGTERM")).toBe(0);
    const refused = await runLauncher(["--port", "0", "--data", join(folder, "file"), "--access-log", folder]);
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/^sherd: the access log .* cannot be written/) });
  });
});

describe("https", () => {
  const cert = () => join(folder, "cert.pem");
  const key = () => join(folder, "key.pem");
  const make = (certPath: string, keyPath: string) =>
    execFileSync(
      "openssl",
      [
        ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"],
        ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyPath, "-out", certPath],
      ],
      { stdio: "ignore" },
    );

  test("is served with the certificate that is given, to an SDK and to curl", async () => {
    make(cert(), key());
    const dataDir = join(folder, "tls");
    const server = await startServer({
      dataDir,
      args: ["--processes", "1", "--tls-cert", cert(), "--tls-key", key()],
      probe: false,
    });
    servers.push(server);
    expect(server.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const ca = await readFile(cert());
    const status = await new Promise((resolve, reject) => {
      const call = request(`${server.endpoint}/-/health`, { ca }, (response) => resolve(response.resume().statusCode));
      call.on("error", reject).end();
    });
    expect(status).toBe(200);
    const { accessKeyId, secretAccessKey } = server;
    const curl = await new Promise<string>((resolve, reject) => {
      const user = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", `${accessKeyId}:${secretAccessKey}`];
      const hash = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
      const args = ["--silent", "--show-error", "--cacert", cert(), ...user, ...hash, server.endpoint];
      execFile("curl", args, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
    expect(curl).toContain("<ListAllMyBucketsResult");
    const sdk = new S3Client({
      endpoint: server.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      requestHandler: { httpsAgent: { ca } },
    });
    expect((await sdk.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    sdk.destroy();
    await expect(fetch(server.endpoint.replace("https", "http"))).rejects.toThrow();
  });

  test("is refused in one line where the files are no certificate and its key", async () => {
    const [otherCert, otherKey] = [join(folder, "other.pem"), join(folder, "other-key.pem")];
    make(otherCert, otherKey);
    make(cert(), key());
    const refused = async (certPath: string, keyPath: string) => {
      const args = ["--port", "0", "--data", join(folder, "no-tls"), "--tls-cert", certPath, "--tls-key", keyPath];
      const { code, output } = await runLauncher(args);
      expect(code).toBe(1);
      return output;
    };
    expect(await refused(cert(), otherKey)).toMatch(/^sherd: .*other-key\.pem is not the key of the certificate .*\n$/);
    expect(await refused(otherKey, key())).toMatch(/^sherd: --tls-cert: .* is no certificate in PEM\n$/);
    expect(await refused(cert(), cert())).toMatch(
      /^sherd: --tls-key: .* is no private key without a passphrase in PEM\n$/,
    );
    expect(await refused(join(folder, "none"), key())).toMatch(/^sherd: --tls-cert: cannot read .* \(ENOENT\)\n$/);
  });
});
