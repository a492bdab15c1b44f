import type { SignerPayload } from "../../test/support/signer.ts";
import type { BenchClient } from "../support/http-client.ts";
import { warmPageCache } from "../support/page-cache.ts";
import { prepare } from "../support/sherd-server.ts";
import type { ObjectRequest } from "../support/signed-request.ts";
import { type Bodies, LARGE_BYTES, SMALL_BYTES } from "./bodies.ts";
import type { Contender, Contest } from "./contest.ts";

export interface Endpoint {
  name: string;
  endpoint: string;
  /** Process ids of its workerd. */
  pids: readonly number[];
}

/** The servers side by side. */
export interface Rivals {
  bare: Endpoint;
  /** This checkout's Sherd, and others that it is compared with. */
  sherds: readonly SherdEndpoint[];
}

export interface SherdEndpoint extends Endpoint {
  /** Removes the shards that a PUT has left behind, which the collector would otherwise do in the middle of a run. */
  sweep(): void;
}

export interface ContestOptions {
  /** Of large bodies, one request each. */
  largeRounds: number;
  /** Of small bodies, 25 requests each. */
  smallRounds: number;
  /** Beside the drives. */
  folder: string;
}

const SMALL_REQUESTS_PER_ROUND = 25;
/** What a large PUT writes at most: 4+2. */
const WRITTEN_BYTES = 1.5 * LARGE_BYTES;
const bucket = "floor";

export type Located = Pick<Endpoint, "endpoint">;

/** Puts what the contests read. */
export async function prepareFloor(client: BenchClient, { endpoint }: Located, bodies: Bodies): Promise<void> {
  await client.expect(barePut(endpoint, "object", bodies.large));
}

/** The same for a Sherd. */
export async function prepareBucket(client: BenchClient, { endpoint }: Located, bodies: Bodies): Promise<void> {
  await client.expect(prepare(endpoint, { method: "PUT", bucket }));
  await client.expect(prepare(endpoint, { method: "PUT", bucket, key: "large", body: bodies.large }));
  await client.expect(prepare(endpoint, { method: "PUT", bucket, key: "small", body: bodies.small }));
}

/** All contests, in the order of the table. */
export function contests(rivals: Rivals, bodies: Bodies, options: ContestOptions): Contest[] {
  const large = { bytes: LARGE_BYTES, rounds: options.largeRounds, requestsPerRound: 1 };
  const small = { bytes: SMALL_BYTES, rounds: options.smallRounds, requestsPerRound: SMALL_REQUESTS_PER_ROUND };
  // Otherwise a contender that writes more than the one before finds less of the memory that was
  // freed after that one.
  const before = () => warmPageCache(options.folder, WRITTEN_BYTES);
  return [
    { op: "GET", ...large, contenders: largeGet(rivals, bodies) },
    { op: "PUT", ...large, contenders: largePut(rivals, bodies), before },
    { op: "GET", ...small, contenders: smallRead(rivals, "GET", bodies.small) },
    { op: "HEAD", ...small, contenders: smallRead(rivals, "HEAD") },
    { op: "PUT", ...small, contenders: smallPut(rivals, bodies.small) },
  ];
}

function largeGet({ sherds, bare }: Rivals, { large: expectedBody }: Bodies): Contender[] {
  const url = `${bare.endpoint}/object`;
  const bareGet = () => ({ method: "GET", url, headers: { "x-size": `${expectedBody.length}` } });
  const gets = sherds.map((sherd) => sherdDoes(sherd, { method: "GET", key: "large" }));
  return [
    { name: `${bare.name}, six drives`, pids: bare.pids, prepare: bareGet, expectedBody },
    ...gets.map((get) => ({ ...get, expectedBody, target: { speedMin: 0.8 } })),
  ];
}

function largePut({ sherds, bare }: Rivals, { large: body, ...sums }: Bodies): Contender[] {
  const trailer = (algorithm: string, value: string): SignerPayload => ({
    mode: "streaming-unsigned-trailer",
    chunkSizes: [1024 * 1024],
    trailers: { [`x-amz-checksum-${algorithm}`]: value },
  });
  const puts = (what: string, payload: SignerPayload): Contender[] =>
    sherds.map((sherd) => ({
      ...sherdDoes(sherd, { method: "PUT", key: "put", body, payload }, what),
      after: async () => sherd.sweep(),
    }));
  const clear = async () => {
    await fetch(`${bare.endpoint}/put`, { method: "DELETE" });
  };
  const bareDigests = { "x-digests": "1" };
  const barePuts = (what: string, headers: Record<string, string>): Contender => {
    const prepared = () => barePut(bare.endpoint, "put", body, headers);
    return { name: `${bare.name}, ${what}`, pids: bare.pids, prepare: prepared, after: clear };
  };
  // The signer would hash the body before each request: it gets the SHA-256 instead.
  const hashed = puts("MD5 + SHA-256", { mode: "literal", text: sums.sha256Hex });
  return [
    barePuts("six drives", {}),
    // Lower bounds for any S3 server on this runtime, and for any that codes 4+2: they show how far
    // away the target is.
    barePuts("MD5 + SHA-256", bareDigests),
    barePuts("MD5 + SHA-256, half the bytes twice", { ...bareDigests, "x-parity": "1" }),
    ...hashed.map((put) => ({ ...put, target: { speedMin: 0.5 } })),
    ...puts("MD5", { mode: "unsigned" }),
    ...puts("MD5 + trailer CRC-32", trailer("crc32", sums.crc32)),
    ...puts("MD5 + trailer CRC-64", trailer("crc64nvme", sums.crc64nvme)),
  ];
}

function smallRead({ sherds, bare }: Rivals, method: "GET" | "HEAD", expectedBody?: Uint8Array): Contender[] {
  const body = expectedBody ? { expectedBody } : {};
  const reads = sherds.map((sherd) => sherdDoes(sherd, { method, key: "small" }));
  return [
    bareDoes(bare, "one D1 read", "d1-read"),
    bareDoes(bare, "nothing", "empty"),
    ...reads.map((read) => ({ ...read, ...body, target: { timeMax: 2.5 } })),
  ];
}

function smallPut({ sherds, bare }: Rivals, body: Uint8Array): Contender[] {
  const puts = sherds.map((sherd) => sherdDoes(sherd, { method: "PUT", key: "small-put", body }, "MD5 + SHA-256"));
  return [
    bareDoes(bare, "D1 read and write", "d1-write"),
    ...puts.map((put) => ({ ...put, target: { timeMax: 2.5 } })),
  ];
}

function sherdDoes({ name, endpoint, pids }: Endpoint, asked: Omit<ObjectRequest, "bucket">, what?: string): Contender {
  const prepared = () => prepare(endpoint, { bucket, ...asked });
  return { name: what ? `${name}, ${what}` : name, pids, prepare: prepared };
}

function bareDoes({ name, endpoint, pids }: Endpoint, what: string, path: string): Contender {
  return { name: `${name}, ${what}`, pids, prepare: () => ({ method: "GET", url: `${endpoint}/${path}` }) };
}

function barePut(endpoint: string, path: string, body: Uint8Array, headers: Record<string, string> = {}) {
  return {
    method: "PUT",
    url: `${endpoint}/${path}`,
    headers: { ...headers, "content-length": `${body.length}` },
    body,
  };
}
