import type { SignerPayload } from "../../test/support/signer.ts";
import type { BenchClient } from "../support/http-client.ts";
import { type ObjectRequest, prepare } from "../support/sherd-server.ts";
import { type Bodies, LARGE_BYTES, SMALL_BYTES } from "./bodies.ts";
import type { Contender, Contest } from "./contest.ts";

/** The two servers side by side. */
export interface Rivals {
  sherd: { endpoint: string; pid: number };
  bare: { endpoint: string; pid: number };
}

export interface ContestOptions {
  /** Of large bodies, one request each. */
  largeRounds: number;
  /** Of small bodies, 25 requests each. */
  smallRounds: number;
  /** Removes the shards that a PUT has left behind, which the collector would otherwise do in the middle of a run. */
  sweep: () => void;
}

const SMALL_REQUESTS_PER_ROUND = 25;
const bucket = "floor";

/** Puts what the contests read. */
export async function prepareObjects(client: BenchClient, { sherd, bare }: Rivals, bodies: Bodies): Promise<void> {
  await client.expect(prepare(sherd.endpoint, { method: "PUT", bucket }));
  await client.expect(prepare(sherd.endpoint, { method: "PUT", bucket, key: "large", body: bodies.large }));
  await client.expect(prepare(sherd.endpoint, { method: "PUT", bucket, key: "small", body: bodies.small }));
  await client.expect(barePut(bare.endpoint, "object", bodies.large));
}

/** All contests, in the order of the table. */
export function contests(rivals: Rivals, bodies: Bodies, options: ContestOptions): Contest[] {
  const large = { bytes: LARGE_BYTES, rounds: options.largeRounds, requestsPerRound: 1 };
  const small = { bytes: SMALL_BYTES, rounds: options.smallRounds, requestsPerRound: SMALL_REQUESTS_PER_ROUND };
  return [
    { op: "GET", ...large, contenders: largeGet(rivals, bodies) },
    { op: "PUT", ...large, contenders: largePut(rivals, bodies, options.sweep) },
    { op: "GET", ...small, contenders: smallRead(rivals, "GET", bodies.small) },
    { op: "HEAD", ...small, contenders: smallRead(rivals, "HEAD") },
    { op: "PUT", ...small, contenders: smallPut(rivals, bodies.small) },
  ];
}

function largeGet({ sherd, bare }: Rivals, { large: expectedBody }: Bodies): Contender[] {
  const url = `${bare.endpoint}/object`;
  const bareGet = () => ({ method: "GET", url, headers: { "x-size": `${expectedBody.length}` } });
  return [
    { name: "bare Worker, six drives", pid: bare.pid, prepare: bareGet, expectedBody },
    { ...sherdDoes(sherd, "Sherd", { method: "GET", key: "large" }), expectedBody, target: { speedMin: 0.8 } },
  ];
}

function largePut({ sherd, bare }: Rivals, { large: body, ...sums }: Bodies, sweep: () => void): Contender[] {
  const trailer = (algorithm: string, value: string): SignerPayload => ({
    mode: "streaming-unsigned-trailer",
    chunkSizes: [1024 * 1024],
    trailers: { [`x-amz-checksum-${algorithm}`]: value },
  });
  const after = async () => sweep();
  const put = (name: string, payload: SignerPayload): Contender => ({
    ...sherdDoes(sherd, name, { method: "PUT", key: "put", body, payload }),
    after,
  });
  const clear = async () => {
    await fetch(`${bare.endpoint}/put`, { method: "DELETE" });
  };
  return [
    {
      name: "bare Worker, six drives",
      pid: bare.pid,
      prepare: () => barePut(bare.endpoint, "put", body),
      after: clear,
    },
    // The signer would hash the body before each request: its SHA-256 is given instead.
    { ...put("Sherd, MD5 + SHA-256", { mode: "literal", text: sums.sha256Hex }), target: { speedMin: 0.45 } },
    put("Sherd, MD5", { mode: "unsigned" }),
    put("Sherd, MD5 + trailer CRC-32", trailer("crc32", sums.crc32)),
    put("Sherd, MD5 + trailer CRC-64", trailer("crc64nvme", sums.crc64nvme)),
  ];
}

function smallRead({ sherd, bare }: Rivals, method: "GET" | "HEAD", expectedBody?: Uint8Array): Contender[] {
  return [
    bareDoes(bare, "bare Worker, one D1 read", "d1-read"),
    bareDoes(bare, "bare Worker, nothing", "empty"),
    {
      ...sherdDoes(sherd, "Sherd", { method, key: "small" }),
      ...(expectedBody && { expectedBody }),
      target: { timeMax: 2.5 },
    },
  ];
}

function smallPut({ sherd, bare }: Rivals, body: Uint8Array): Contender[] {
  return [
    bareDoes(bare, "bare Worker, D1 read and write", "d1-write"),
    {
      ...sherdDoes(sherd, "Sherd, MD5 + SHA-256", { method: "PUT", key: "small-put", body }),
      target: { timeMax: 2.5 },
    },
  ];
}

function sherdDoes({ endpoint, pid }: Rivals["sherd"], name: string, asked: Omit<ObjectRequest, "bucket">): Contender {
  return { name, pid, prepare: () => prepare(endpoint, { bucket, ...asked }) };
}

function bareDoes({ endpoint, pid }: Rivals["bare"], name: string, path: string): Contender {
  return { name, pid, prepare: () => ({ method: "GET", url: `${endpoint}/${path}` }) };
}

function barePut(endpoint: string, path: string, body: Uint8Array) {
  return { method: "PUT", url: `${endpoint}/${path}`, headers: { "content-length": `${body.length}` }, body };
}
