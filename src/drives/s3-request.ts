import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../base/clock.ts";
import { DriveError, type DriveFault } from "./drive.ts";
import { faultOf, parseErrorCode, readXml } from "./s3-answer.ts";

/** A bucket at an S3 provider, with its keys. */
export interface S3Bucket {
  /** Scheme, host and path before the bucket, without a trailing slash. */
  endpoint: string;
  region: string;
  bucket: string;
  /** Prefix of the keys: empty, or ending in a slash. */
  prefix: string;
  accessKeyId: string;
  secretAccessKey: string;
}

export interface S3Parts {
  clock: Pick<Clock, "now">;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
}

export interface S3Request {
  method: "PUT" | "GET" | "HEAD" | "DELETE" | "POST";
  /** The shard's key; without one the request is for the bucket itself. */
  key?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | string;
  signal?: AbortSignal;
}

/** An unexpected answer. */
export interface S3Refusal {
  status: number;
  /** S3's error code, if the body had one. */
  code: string | null;
  fault: DriveFault;
}

/** Sends signed requests to one bucket, addressed by path. */
export class S3Requester {
  readonly #drive: string;
  readonly #bucket: S3Bucket;
  readonly #parts: S3Parts;
  /** Signing keys by day: aws4fetch fills it. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(drive: string, bucket: S3Bucket, parts: S3Parts) {
    this.#drive = drive;
    this.#bucket = bucket;
    this.#parts = parts;
  }

  /**
   * The payload is not hashed: https protects it on the way, and frames have their own checksums.
   * Accept-Encoding is not signed, because proxies rewrite it; it keeps them from compressing bytes
   * that must arrive as stored.
   */
  async send(request: S3Request): Promise<Response> {
    const { method, body, signal } = request;
    const init: RequestInit = { method, redirect: "manual" };
    if (body !== undefined) init.body = body;
    if (signal) init.signal = signal;
    try {
      const { url, headers } = await this.#signer(request).sign();
      headers.set("accept-encoding", "identity");
      return await this.#parts.fetch(url.href, { ...init, headers });
    } catch (cause) {
      throw new DriveError(this.#drive, "unreachable", `${method} got no answer: ${cause}`, { cause });
    }
  }

  /** The reason of a failed request, from its answer; reads the answer's body. */
  async refusal(response: Response): Promise<S3Refusal> {
    const code = parseErrorCode(await readXml(response).catch(() => ""));
    return { status: response.status, code, fault: faultOf(response.status, code) };
  }

  #signer({ method, key, query = {}, headers = {} }: S3Request): AwsV4Signer {
    const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = this.#bucket;
    const url = new URL(`${endpoint}/${bucket}${key === undefined ? "" : `/${prefix}${key}`}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      accessKeyId,
      secretAccessKey,
      service: "s3",
      region,
      cache: this.#signingKeys,
      datetime: new Date(this.#parts.clock.now()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    });
  }
}
