import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formBody, signForm } from "../test/support/form.ts";
import { type SignerInput, signRequest } from "../test/support/signer.ts";
import { BenchClient } from "./support/http-client.ts";
import { benchCredentials, prepare, type SherdServer, startSherd } from "./support/sherd-server.ts";
import { percentile } from "./support/statistics.ts";
import { formatMarkdown, formatTable } from "./support/table.ts";
import { Undo } from "./support/undo.ts";
import { writeRows } from "./support/write-rows.ts";

const usage = `Usage: npm run bench:stalled -- [options]

Uploads and downloads of one client while others stall: uploads of 20 MB of each kind that send their head and 100 bytes, downloads
of 64 MiB of which nothing is taken. Also how long it takes until a stalled upload is answered.

  --clients N     clients that stall (default 100)
  --samples N     uploads of each size, before and meanwhile (default 9)
  --beside DIR    the Sherd of another checkout as well
  --json FILE     writes the rows
  --markdown      prints the table for a document`;

const { values: options } = parseArgs({
  options: {
    clients: { type: "string", default: "100" },
    samples: { type: "string", default: "9" },
    beside: { type: "string" },
    json: { type: "string" },
    markdown: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const bucket = "stalled";
const SIZES = { "PUT 100 KB": 100_000, "PUT 20 MB": 20_000_000 } as const;
const READ_BYTES = 64 * 1024 * 1024;
const STALLED_BYTES = 20_000_000;
/** Of an upload that others hold up. */
const GIVE_UP_MS = 15_000;

interface Row {
  server: string;
  stalled: string;
  operation: string;
  usualMs: number;
  /** Null: it did not end within 15 s. */
  meanwhileMs: number | null;
  ratio: number | null;
}

const undo = new Undo();
const client = new BenchClient();
const door = { accessKeyId: benchCredentials.accessKeyId, secret: benchCredentials.secretAccessKey };

async function main(): Promise<void> {
  undo.push(() => client.close());
  const rows = await measure("Sherd");
  if (options.beside) rows.push(...(await measure("beside", options.beside)));
  const cells = rows.map(({ server, stalled, operation, usualMs, meanwhileMs, ratio }) => [
    ...[server, stalled, operation, usualMs.toFixed(1)],
    ...(meanwhileMs === null ? [`> ${GIVE_UP_MS}`, "–"] : [meanwhileMs.toFixed(1), (ratio as number).toFixed(2)]),
  ]);
  const format = options.markdown ? formatMarkdown : formatTable;
  console.log(
    format(["server", `${options.clients} clients`, "operation", "usual ms", "meanwhile ms", "ratio"], cells),
  );
  if (options.json) await writeRows(options.json, rows);
}

async function measure(name: string, checkout?: string): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), "sherd-stalled-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startSherd(folder, checkout);
  undo.push(() => server.stop());
  await client.expect(prepare(server.endpoint, { method: "PUT", bucket }));
  await client.expect(upload(server, READ_BYTES, "read"));
  const rows: Row[] = [];
  await timed(server);
  for (const [stalled, stall] of Object.entries(STALLS)) {
    const usual = await timed(server);
    const sockets = await Promise.all(Array.from({ length: Number(options.clients) }, (_, i) => stall(server, i)));
    // Until then the server fills the sockets of clients that take nothing.
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const meanwhile = await timed(server);
    for (const socket of sockets) socket.destroy();
    for (const [operation, usualMs] of usual) {
      const meanwhileMs = meanwhile.get(operation) ?? null;
      const ratio = meanwhileMs === null ? null : meanwhileMs / (usualMs as number);
      rows.push({ server: name, stalled, operation, usualMs: usualMs as number, meanwhileMs, ratio });
    }
  }
  return rows;
}

/** Medians; null if one was given up. */
async function timed(server: SherdServer): Promise<Map<string, number | null>> {
  const medians = new Map<string, number | null>();
  for (const [name, sizeBytes] of Object.entries(SIZES)) {
    const times: number[] = [];
    for (let i = 0; i < Number(options.samples); i++) {
      const sending = client.expect(upload(server, sizeBytes, `own-${i}`)).then(({ ms }) => ms);
      const ms = await Promise.race([sending, new Promise<null>((resolve) => setTimeout(resolve, GIVE_UP_MS, null))]);
      if (ms === null) {
        sending.catch(() => {});
        break;
      }
      times.push(ms);
    }
    medians.set(name, times.length < Number(options.samples) ? null : percentile(times, 0.5));
  }
  return medians;
}

const noise = new Uint8Array(READ_BYTES).fill(0x5a);

function upload({ endpoint }: SherdServer, sizeBytes: number, key: string) {
  const headers = { "content-length": `${sizeBytes}` };
  const head = prepare(endpoint, { method: "PUT", bucket, key, headers, payload: { mode: "unsigned" } });
  return { ...head, body: noise.subarray(0, sizeBytes) };
}

type Stall = (server: SherdServer, index: number) => Promise<Socket>;

const file = noise.subarray(0, STALLED_BYTES);
const signed = new Map<string, { head: string; body: Uint8Array }>();

/** An upload that is signed once: all of its kind send the same bytes. */
function uploading(kind: string, more: Partial<SignerInput>): Stall {
  return ({ endpoint }) => {
    const known = signed.get(endpoint + kind);
    if (known) return begin(endpoint, known.head, known.body.subarray(0, 100));
    const url = `${endpoint}/${bucket}/${kind}`;
    const {
      headers,
      body,
      url: signedUrl,
    } = signRequest({
      ...{ method: "PUT", url, ...door, nowMs: Date.now(), body: file },
      ...more,
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `PUT ${signedUrl.slice(endpoint.length)} HTTP/1.1\r\n${lines.join("")}\r\n`;
    signed.set(endpoint + kind, { head, body });
    return begin(endpoint, head, body.subarray(0, 100));
  };
}

const form: Stall = ({ endpoint }) => {
  const fields = signForm({ ...door, nowMs: Date.now(), conditions: [{ bucket }, { key: "form" }] });
  const texts = Object.entries({ key: "form", ...fields }).map(([name, body]) => ({ name, body }));
  const body = formBody("b0undary", [...texts, { name: "file", filename: "f", body: "x".repeat(100) }]);
  const lines = [
    `POST /${bucket} HTTP/1.1`,
    `Host: ${endpoint.slice("http://".length)}`,
    "Content-Type: multipart/form-data; boundary=b0undary",
    `Content-Length: ${STALLED_BYTES}`,
  ];
  return begin(endpoint, `${lines.join("\r\n")}\r\n\r\n`, body.subarray(0, body.indexOf("xxxx") + 100));
};

const kinds: readonly Stall[] = [
  uploading("plain", { payload: { mode: "unsigned" } }),
  uploading("aws-chunked", { payload: { mode: "streaming-signed" } }),
  uploading("presigned", { presign: { expiresSeconds: 3600 } }),
  form,
];

const reading: Stall = ({ endpoint }) => {
  const { headers = {}, url } = prepare(endpoint, { method: "GET", bucket, key: "read" });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const host = "host" in headers ? "" : `Host: ${endpoint.slice("http://".length)}\r\n`;
  return begin(
    endpoint,
    `GET ${url.slice(endpoint.length)} HTTP/1.1\r\n${host}${lines.join("")}\r\n`,
    new Uint8Array(0),
  );
};

const STALLS: Readonly<Record<string, Stall>> = {
  "that stall uploads": (server, index) => (kinds[index % kinds.length] as Stall)(server, index),
  "that stall downloads": reading,
};

/** Sends this much, and takes nothing. */
function begin(endpoint: string, head: string, bytes: Uint8Array): Promise<Socket> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.pause();
      socket.write(head, "latin1");
      socket.write(bytes, () => resolve(socket));
    });
    socket.on("error", reject);
  });
}

if (options.help) console.log(usage);
else await undo.after(main);
