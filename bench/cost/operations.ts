import { createHash, randomBytes } from "node:crypto";
import type { BenchClient, PreparedRequest } from "../support/http-client.ts";
import { type Door, type ObjectRequest, signedRequest, unsignedUpload } from "../support/signed-request.ts";

/**
 * Price classes of a request at R2 and AWS: class A, and PUT, COPY, POST, LIST; class B, and GET
 * and all others; free.
 */
export type Charge = "put" | "get" | "free";

/** One measured request, on a server of its own. */
export interface CostCase {
  op: string;
  sizeBytes: number;
  charge: Charge;
  /** Bytes that an answer brings. */
  sentBytes: number;
  /** Prepares the request, and returns what builds it: a new one for each `number`. */
  prepare(session: Session): Promise<(number: number) => PreparedRequest>;
}

const KIB = 1024;
const MIB = 1024 * KIB;
/** Inline, the largest inline, three copies, 4+2 of one stripe and of many. */
const SIZES = [4 * KIB, 32 * KIB, 128 * KIB, 8 * MIB, 64 * MIB] as const;
const PART_BYTES = 8 * MIB;
const PARTS = 8;
const LISTED_KEYS = 1000;
const DELETED_KEYS = 100;
const bucket = "cost";
/** Bodies are noise; how they differ does not matter. */
const noise = randomBytes(64 * MIB);

/** One server and its bucket. */
export class Session {
  readonly #client: BenchClient;
  readonly #door: Door;

  constructor(client: BenchClient, door: Door) {
    this.#client = client;
    this.#door = door;
  }

  request(method: string, more: Omit<ObjectRequest, "method" | "bucket"> = {}): PreparedRequest {
    return signedRequest(this.#door, { method, bucket, ...more });
  }

  put(key: string, sizeBytes: number, query?: string): PreparedRequest {
    const body = noise.subarray(0, sizeBytes);
    return unsignedUpload(this.#door, { method: "PUT", bucket, key, body, ...(query === undefined ? {} : { query }) });
  }

  send(request: PreparedRequest) {
    return this.#client.expect(request);
  }

  /** Begins an upload and returns its id, ready for a query. */
  async createUpload(key: string): Promise<string> {
    const { text } = await this.send(this.request("POST", { key, query: "uploads=" }));
    return encodeURIComponent(/<UploadId>([^<]+)</.exec(text)?.[1] ?? "");
  }
}

const puts = SIZES.map(
  (sizeBytes): CostCase => ({
    op: "PutObject",
    sizeBytes,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => (number) => session.put(`put-${number}`, sizeBytes),
  }),
);

const gets = SIZES.map(
  (sizeBytes): CostCase => ({
    op: "GetObject",
    sizeBytes,
    charge: "get",
    sentBytes: sizeBytes,
    prepare: async (session) => {
      await session.send(session.put("got", sizeBytes));
      return () => session.request("GET", { key: "got" });
    },
  }),
);

const deletes = [SIZES[0], SIZES[3]].map(
  (sizeBytes): CostCase => ({
    op: "DeleteObject",
    sizeBytes,
    charge: "free",
    sentBytes: 0,
    prepare: async (session) => {
      for (let number = 0; number < 4; number++) await session.send(session.put(`deleted-${number}`, sizeBytes));
      return (number) => session.request("DELETE", { key: `deleted-${number}` });
    },
  }),
);

const [small, , , large, largest] = SIZES;
const other: CostCase[] = [
  {
    op: "HeadObject",
    sizeBytes: large,
    charge: "get",
    sentBytes: 0,
    prepare: async (session) => {
      await session.send(session.put("asked", large));
      return () => session.request("HEAD", { key: "asked" });
    },
  },
  {
    op: "GetObject, 1 MiB range of",
    sizeBytes: largest,
    charge: "get",
    sentBytes: MIB,
    prepare: async (session) => {
      await session.send(session.put("got", largest));
      const headers = { range: `bytes=${20 * MIB}-${21 * MIB - 1}` };
      return () => session.request("GET", { key: "got", headers });
    },
  },
  {
    op: "CopyObject",
    sizeBytes: largest,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => {
      await session.send(session.put("source", largest));
      const headers = { "x-amz-copy-source": `/${bucket}/source` };
      return (number) => session.request("PUT", { key: `copy-${number}`, headers });
    },
  },
  {
    op: `DeleteObjects, ${DELETED_KEYS} keys`,
    sizeBytes: small,
    charge: "free",
    sentBytes: 0,
    prepare: async (session) => {
      const keys = (number: number) => Array.from({ length: DELETED_KEYS }, (_, index) => `many-${number}-${index}`);
      for (let number = 0; number < 4; number++) {
        for (const key of keys(number)) await session.send(session.put(key, small));
      }
      return (number) => {
        const objects = keys(number).map((key) => `<Object><Key>${key}</Key></Object>`);
        const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects.join("")}</Delete>`);
        const headers = { "content-md5": md5(body) };
        return session.request("POST", { query: "delete=", body, headers });
      };
    },
  },
  {
    op: `ListObjectsV2, ${LISTED_KEYS} keys`,
    sizeBytes: 0,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => {
      for (let index = 0; index < LISTED_KEYS; index++) await session.send(session.put(`listed-${index}`, 100));
      return () => session.request("GET", { query: "list-type=2" });
    },
  },
  {
    op: "CreateMultipartUpload",
    sizeBytes: 0,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => (number) => session.request("POST", { key: `upload-${number}`, query: "uploads=" }),
  },
  {
    op: "UploadPart",
    sizeBytes: PART_BYTES,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => {
      const uploadId = await session.createUpload("upload");
      return (number) => session.put("upload", PART_BYTES, `partNumber=${number + 1}&uploadId=${uploadId}`);
    },
  },
  {
    op: `CompleteMultipartUpload, ${PARTS} parts`,
    sizeBytes: PARTS * PART_BYTES,
    charge: "put",
    sentBytes: 0,
    prepare: async (session) => {
      const built: PreparedRequest[] = [];
      for (let number = 0; number < 3; number++) built.push(await uploadedParts(session, `upload-${number}`));
      return (number) => built[number % built.length] as PreparedRequest;
    },
  },
];

async function uploadedParts(session: Session, key: string): Promise<PreparedRequest> {
  const uploadId = await session.createUpload(key);
  const parts: string[] = [];
  for (let part = 1; part <= PARTS; part++) {
    const put = session.put(key, PART_BYTES, `partNumber=${part}&uploadId=${uploadId}`);
    const { headers } = await session.send(put);
    parts.push(`<Part><PartNumber>${part}</PartNumber><ETag>${headers.get("etag")}</ETag></Part>`);
  }
  const body = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
  return session.request("POST", { key, query: `uploadId=${uploadId}`, body });
}

export const COST_CASES: readonly CostCase[] = [...puts, ...gets, ...other.slice(0, 3), ...deletes, ...other.slice(3)];

function md5(body: Buffer): string {
  return createHash("md5").update(body).digest("base64");
}
