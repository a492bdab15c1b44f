import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Content, PART_BYTES } from "../../bench/server/content.ts";
import type { Row } from "../../bench/server/measure.ts";
import { parseTarget } from "../../bench/server/target.ts";
import { takeTurn } from "../../bench/server/turn.ts";
import { ChunkedDecoder } from "../../bench/support/chunked-decoder.ts";
import { BenchClient } from "../../bench/support/http-client.ts";
import { processesServing } from "../../bench/support/listening-process.ts";
import { percentile } from "../../bench/support/statistics.ts";
import { formatMarkdown } from "../../bench/support/table.ts";
import { type Sherd, startSherd } from "../support/sherd.ts";

const root = join(import.meta.dirname, "../..");

test("a percentile is a value that was measured", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 0.5)).toBe(50);
  expect(percentile(values, 0.99)).toBe(99);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a table for documents", () => {
  expect(formatMarkdown(["name", "n"], [["a", "1"]])).toBe("| name | n |\n| --- | ---: |\n| a | 1 |");
});

describe("targets", () => {
  test("a target has a name, an address and keys; a secret may hold any sign", () => {
    expect(parseTarget("minio=http://127.0.0.1:9000,key,a=b,c/d+e")).toEqual({
      name: "minio",
      endpoint: "http://127.0.0.1:9000",
      accessKeyId: "key",
      secretAccessKey: "a=b,c/d+e",
    });
  });

  test.each(["minio", "minio=http://host", "minio=ftp://host,k,hush", "minio=http://host/path,k,hush", "m=,k,hush"])(
    "%s is refused, and the secret not repeated",
    (text) => {
      expect(() => parseTarget(text)).toThrow(/target/);
      expect(() => parseTarget(text)).not.toThrow(/hush/);
    },
  );
});

test("chunked bodies are read however they are cut", () => {
  const sent = Buffer.from("4\r\nWiki\r\n6;x=y\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nx-trailer: 1\r\n\r\n");
  for (let step = 1; step <= sent.length; step++) {
    let got = "";
    const decoder = new ChunkedDecoder((data) => {
      got += data.toString();
    });
    for (let at = 0; at < sent.length; at += step) decoder.take(sent.subarray(at, at + step));
    expect(got).toBe("Wikipedia in \r\n\r\nchunks.");
    expect(decoder.isDone).toBe(true);
    expect(() => decoder.take(Buffer.from("x"))).toThrow("behind the end");
  }
  const wrong = new ChunkedDecoder(() => {});
  expect(() => wrong.take(Buffer.from("2\r\nabc\r\n"))).toThrow("longer than its size");
  expect(() => new ChunkedDecoder(() => {}).take(Buffer.from("-1\r\n"))).toThrow("not a number");
});

describe("turns", () => {
  test("operations run in so many lines, each once, until they are used up", async () => {
    let [now, most, done] = [0, 0, 0];
    const operation = async () => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      done++;
    };
    const turn = await takeTurn(Array(20).fill(operation), 4, 60);
    expect({ most, done, measured: turn.ms.length }).toEqual({ most: 4, done: 20, measured: 20 });
  });

  test("without time each line does one", async () => {
    let done = 0;
    const operation = async () => {
      await new Promise(setImmediate);
      done++;
    };
    await takeTurn(Array(20).fill(operation), 4, 0);
    expect(done).toBe(4);
  });

  test("a failure ends the turn", async () => {
    const operations = [async () => {}, async () => Promise.reject(new Error("wrong bytes")), async () => {}];
    await expect(takeTurn(operations, 1, 60)).rejects.toThrow("wrong bytes");
  });
});

test("bodies differ, and an object in parts is told from one whose parts are swapped", () => {
  const content = new Content();
  expect(Buffer.compare(content.body(4096, 0), content.body(4096, 1))).not.toBe(0);
  const [first, second] = [Buffer.from(content.part(0)), Buffer.from(content.part(1))];
  const expected = content.parts(2 * PART_BYTES);
  expect(expected.holds(PART_BYTES - 5, Buffer.concat([first.subarray(-5), second.subarray(0, 5)]))).toBe(true);
  expect(expected.holds(0, second.subarray(0, 100))).toBe(false);
  expect(content.parts(PART_BYTES, 1).holds(0, second)).toBe(true);
});

describe("the client", () => {
  let server: Server;
  let endpoint: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === "/chunked") return void response.write("chu", () => response.end("nked"));
      if (request.url === "/close") response.setHeader("connection", "close");
      response.end("whole");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  test("reads bodies with a length and in chunks, and compares them", async () => {
    const client = new BenchClient();
    for (const [path, text] of Object.entries({ "/length": "whole", "/chunked": "chunked", "/close": "whole" })) {
      const request = { method: "GET", url: endpoint + path };
      expect((await client.expect(request)).text).toBe(text);
      expect((await client.expect(request, Buffer.from(text))).bodyBytes).toBe(text.length);
      await expect(client.expect(request, Buffer.from(text.toUpperCase()))).rejects.toThrow("wrong bytes");
      await expect(client.expect(request, Buffer.from(`${text}!`))).rejects.toThrow("bytes where");
      await expect(client.expect(request, Buffer.from(text.slice(0, -1)))).rejects.toThrow("more than");
    }
    client.close();
  });

  test("sends a request again that met a connection just closed", async () => {
    const client = new BenchClient();
    await client.expect({ method: "GET", url: `${endpoint}/length` });
    server.closeIdleConnections();
    expect((await client.expect({ method: "GET", url: `${endpoint}/length` })).text).toBe("whole");
    client.close();
  });

  test.runIf(process.platform === "linux")("the process that listens on a port is found", () => {
    expect(processesServing(endpoint)).toEqual([process.pid]);
    expect(processesServing("http://127.0.0.1:1")).toEqual([]);
    expect(processesServing("http://192.0.2.1:80")).toEqual([]);
  });
});

describe("bench:server", () => {
  let sherd: Sherd;
  beforeAll(async () => {
    sherd = await startSherd();
  });
  afterAll(() => sherd.stop());

  test("measures the same against each target, verifies, writes rows and a chart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
    const [json, svg] = [join(folder, "rows.json"), join(folder, "chart.svg")];
    const door = `${sherd.endpoint},${sherd.accessKeyId},${sherd.secretAccessKey}`;
    try {
      const load = ["--sizes", `4096,${80 * 1024 * 1024}`, "--clients", "1,2", "--seconds", "2"];
      const args = ["bench/server.ts", "--target", `one=${door}`, "--target", `two=${door}`, ...load];
      const output = ["--json", json, "--svg", svg, "--markdown"];
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [...args, ...output], { cwd: root });
      const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: Row[] };
      const measured = new Set(rows.map(({ op, sizeBytes, clients }) => `${op} ${sizeBytes} × ${clients}`));
      // What a slow machine has no time for is said. PUT and GET of two sizes, HEAD, DELETE and LIST, each with 1 and 2 clients.
      expect(measured.size + stderr.split("not run, for want of time").length - 1).toBe(14);
      expect(measured).toContain("PUT 4096 × 1");
      expect(rows.filter(({ target }) => target === "one").map(({ ratio }) => ratio)).toEqual(
        Array(measured.size).fill(1),
      );
      expect(rows).toHaveLength(2 * measured.size);
      for (const row of rows) expect(row.p50Ms).toBeLessThanOrEqual(row.p99Ms);
      for (const { cpuUserSecondsPerOp, cpuSecondsPerOp } of rows.filter((row) => row.cpuSecondsPerOp !== null)) {
        expect(cpuUserSecondsPerOp).toBeLessThanOrEqual(cpuSecondsPerOp ?? Number.NaN);
      }
      expect(stdout).toContain("| CPU | of it user |");
      expect(stdout).toContain("| PUT 4 KiB | 1 |");
      expect(readFileSync(svg, "utf8")).toContain("PUT 4 KiB, 1 client<");
      // Nothing is left behind.
      expect((await sherd.raw({ path: "/" })).text).not.toContain("<Bucket>");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
