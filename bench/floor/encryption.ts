import type { BenchClient } from "../support/http-client.ts";
import { warmPageCache } from "../support/page-cache.ts";
import { prepare } from "../support/sherd-server.ts";
import { formatTable } from "../support/table.ts";
import { type Bodies, LARGE_BYTES, SMALL_BYTES } from "./bodies.ts";
import { type Contender, type Contest, type Row, runContest } from "./contest.ts";
import type { Located, SherdEndpoint } from "./contests.ts";
import { sizeName } from "./report.ts";

export interface EncryptionRow extends Row {
  clients: number;
  /** CPU without encryption divided by CPU with it; null if the system does not report it. */
  cpuRatio: number | null;
}

/** How many clients at once, by the names of `--only`. */
export const ENCRYPTION_CLIENTS = { encryption: 1, "encryption-16": 16 } as const;

interface Options {
  clients: number;
  rounds: number;
  /** Beside the drives. */
  folder: string;
}

/** How fast encrypted objects must be beside plain ones. */
const TARGETS = { "PUT large": 0.92, "GET large": 0.85, "PUT small": 0.9, "GET small": 0.9 } as const;
const SMALL_REQUESTS_PER_CLIENT = 25;
/** Bytes that large PUTs write at most in a turn: more does not stay warm anyway. */
const WARM_BYTES_MAX = 2 * 1024 ** 3;
const SSE_S3 = { "x-amz-server-side-encryption": "AES256" };
const bucket = "encryption";

/** Puts what the contests read. */
export async function prepareEncryption(client: BenchClient, { endpoint }: Located, bodies: Bodies): Promise<void> {
  await client.expect(prepare(endpoint, { method: "PUT", bucket }));
  for (const size of ["large", "small"] as const) {
    const put = { method: "PUT", bucket, body: bodies[size] };
    await client.expect(prepare(endpoint, { ...put, key: `${size}-plain` }));
    await client.expect(prepare(endpoint, { ...put, key: `${size}-sealed`, headers: SSE_S3 }));
  }
}

/**
 * One server that encrypts only on request: the same requests without and with SSE-S3, in turn.
 * Objects have names of their own, so that no contender meets another's leftovers.
 */
export async function measureEncryption(
  client: BenchClient,
  { sherd, bodies }: { sherd: SherdEndpoint; bodies: Bodies },
  options: Options,
): Promise<EncryptionRow[]> {
  const rows: EncryptionRow[] = [];
  for (const contest of contests(sherd, bodies, options)) {
    const found = await runContest(client, contest);
    const plain = found[0]?.cpuMsPerRequest ?? null;
    for (const row of found) {
      const cpuRatio = plain === null || row.cpuMsPerRequest === null ? null : plain / row.cpuMsPerRequest;
      rows.push({ ...row, clients: options.clients, cpuRatio });
    }
  }
  return rows;
}

function contests(sherd: SherdEndpoint, bodies: Bodies, { clients, rounds, folder }: Options): Contest[] {
  const large = { bytes: LARGE_BYTES, rounds, clients, requestsPerRound: clients };
  const small = { bytes: SMALL_BYTES, rounds, clients, requestsPerRound: SMALL_REQUESTS_PER_CLIENT * clients };
  const before = () => warmPageCache(folder, Math.min(1.5 * LARGE_BYTES * clients, WARM_BYTES_MAX));
  return [
    { op: "GET", ...large, contenders: gets(sherd, "large", bodies.large) },
    { op: "PUT", ...large, contenders: puts(sherd, { size: "large", body: bodies.large, clients }), before },
    { op: "GET", ...small, contenders: gets(sherd, "small", bodies.small) },
    { op: "PUT", ...small, contenders: puts(sherd, { size: "small", body: bodies.small, clients }) },
  ];
}

type Size = "large" | "small";

function gets({ endpoint, pids }: SherdEndpoint, size: Size, expectedBody: Uint8Array): Contender[] {
  const get = (key: string) => () => prepare(endpoint, { method: "GET", bucket, key });
  return [
    { name: "plain", pids, prepare: get(`${size}-plain`), expectedBody },
    {
      name: "SSE-S3",
      pids,
      prepare: get(`${size}-sealed`),
      expectedBody,
      target: { speedMin: TARGETS[`GET ${size}`] },
    },
  ];
}

function puts(
  { endpoint, pids, sweep }: SherdEndpoint,
  { size, body, clients }: { size: Size; body: Uint8Array; clients: number },
): Contender[] {
  let count = 0;
  // The body's SHA-256 is not requested: beside the rest of the work, encryption then counts most.
  const put = (form: string, headers: Record<string, string>) => () => {
    const key = `put-${size}-${form}-${count++ % clients}`;
    return prepare(endpoint, { method: "PUT", bucket, key, body, headers, payload: { mode: "unsigned" } });
  };
  // Small bodies lie in rows.
  const after = async () => {
    if (size === "large") sweep();
  };
  return [
    { name: "plain", pids, prepare: put("plain", {}), after },
    { name: "SSE-S3", pids, prepare: put("sealed", SSE_S3), after, target: { speedMin: TARGETS[`PUT ${size}`] } },
  ];
}

export function encryptionTable(rows: readonly EncryptionRow[]): string {
  const head = [
    "operation",
    "clients",
    "by",
    "ms",
    "MB/s",
    "CPU ms",
    "of it user",
    "speed : plain",
    "CPU : plain",
    "target",
    "",
  ];
  const digits = (value: number | null) => value?.toFixed(value < 10 ? 2 : 0) ?? "?";
  const cells = rows.map((row) => [
    `${row.op} ${sizeName(row.bytes)}`,
    `${row.clients}`,
    row.implementation,
    digits(row.p50Ms),
    row.bytes < 1e6 ? "" : row.mbPerSecond.toFixed(0),
    digits(row.cpuMsPerRequest),
    digits(row.cpuUserMsPerRequest),
    row.ratioToFloor.toFixed(2),
    row.cpuRatio?.toFixed(2) ?? "?",
    row.target ?? "",
    row.met === null ? "" : row.met ? "met" : "missed",
  ]);
  return formatTable(head, cells);
}
