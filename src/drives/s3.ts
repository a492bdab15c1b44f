import { createHash } from "node:crypto";
import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "./drive.ts";
import { CALLS_AT_ONCE } from "./limits.ts";
import { contentLength, openRange, rangeHeader } from "./ranged-response.ts";
import { parseDeleteErrors, parseList, readXml } from "./s3-answer.ts";
import { type S3Bucket, type S3Parts, type S3Refusal, S3Requester } from "./s3-request.ts";
import { streamWriter } from "./stream-writer.ts";

/** A bucket at any S3 provider. */
export class S3Drive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  readonly draining: boolean;
  readonly settleMs = 0;
  readonly #prefix: string;
  readonly #requester: S3Requester;
  /** Some providers lack DeleteObjects. */
  #deletesMany = true;

  constructor(traits: DriveTraits, bucket: S3Bucket, parts: S3Parts) {
    this.name = traits.name;
    this.domain = traits.domain;
    this.shardBytesMax = traits.shardBytesMax;
    this.class = traits.class;
    this.draining = traits.draining ?? false;
    this.#prefix = bucket.prefix;
    this.#requester = new S3Requester(traits.name, bucket, parts);
  }

  put(key: string, sizeBytes: number): ShardWriter {
    return streamWriter({
      drive: this.name,
      sizeBytes,
      send: async (body, signal) => {
        const headers = { "content-type": "application/octet-stream" };
        const response = await this.#requester.send({ method: "PUT", key, headers, body, signal });
        if (response.status !== 200) throw this.#refused("put", await this.#requester.refusal(response));
        await response.body?.cancel();
      },
    });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const headers: Record<string, string> = range ? { range: rangeHeader(range) } : {};
    const response = await this.#requester.send({ method: "GET", key, headers });
    if (response.status === 200 || response.status === 206) return openRange(this.name, response, range);
    const refusal = await this.#requester.refusal(response);
    if (isAbsentKey(refusal)) return null;
    throw this.#refused("get", refusal);
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const response = await this.#requester.send({ method: "HEAD", key });
    const sizeBytes = contentLength(response);
    if (response.status === 200 && sizeBytes !== null) return { sizeBytes };
    const refusal = await this.#requester.refusal(response);
    // An answer to HEAD has no body that could distinguish an absent bucket from an absent key: get
    // and list do.
    if (isAbsentKey(refusal)) return null;
    throw this.#refused("head", refusal);
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (this.#deletesMany && keys.length > 1) {
      if (await this.#deleteMany(keys)) return;
      this.#deletesMany = false;
    }
    for (let at = 0; at < keys.length; at += CALLS_AT_ONCE) {
      await Promise.all(keys.slice(at, at + CALLS_AT_ONCE).map((key) => this.#deleteOne(key)));
    }
  }

  async list({ cursor, limit, prefix: wanted = "" }: ListOptions): Promise<ShardPage> {
    const prefix = this.#prefix;
    const query: Record<string, string> = { "list-type": "2", "max-keys": String(limit), prefix: prefix + wanted };
    if (cursor !== undefined) query["start-after"] = prefix + cursor;
    for (;;) {
      const response = await this.#requester.send({ method: "GET", query });
      if (response.status !== 200) throw this.#refused("list", await this.#requester.refusal(response));
      const page = parseList(await this.#text("list", response));
      if (!page) throw new DriveError(this.name, "unknown", "list was answered by something else");
      const shards = page.objects
        .filter(({ key }) => key.startsWith(prefix + wanted))
        .map(({ key, sizeBytes }) => ({ key: key.slice(prefix.length), sizeBytes }));
      const last = shards.at(-1);
      if (!page.isTruncated) return { shards };
      // The cursor is a key: unlike the provider's token it does not expire.
      if (last) return { shards, cursor: last.key };
      if (!page.continuationToken) throw new DriveError(this.name, "unknown", "list was cut off without a token");
      query["continuation-token"] = page.continuationToken;
    }
  }

  /** By DeleteObjects. False if the provider does not have it. */
  async #deleteMany(keys: readonly string[]): Promise<boolean> {
    const objects = keys.map((key) => `<Object><Key>${this.#prefix}${key}</Key></Object>`).join("");
    const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects}</Delete>`;
    const headers = {
      // The only integrity header for this request that all providers know.
      "content-md5": createHash("md5").update(body).digest("base64"),
      "content-type": "application/xml",
    };
    const response = await this.#requester.send({ method: "POST", query: { delete: "" }, headers, body });
    if (response.status !== 200) {
      const refusal = await this.#requester.refusal(response);
      const isMissing = refusal.status === 405 || refusal.status === 501 || refusal.code === "NotImplemented";
      if (isMissing) return false;
      throw this.#refused("delete", refusal);
    }
    const errors = parseDeleteErrors(await this.#text("delete", response));
    if (!errors) throw new DriveError(this.name, "unknown", "delete was answered by something else");
    const [error] = errors.filter(({ code }) => code !== "NoSuchKey");
    if (error) {
      const fault = error.code === "AccessDenied" ? "refused" : "unknown";
      throw new DriveError(this.name, fault, `delete left ${errors.length} keys, the first for ${error.code}`);
    }
    return true;
  }

  async #deleteOne(key: string): Promise<void> {
    const response = await this.#requester.send({ method: "DELETE", key });
    if (response.status === 204 || response.status === 200) {
      await response.body?.cancel();
      return;
    }
    const refusal = await this.#requester.refusal(response);
    if (!isAbsentKey(refusal)) throw this.#refused("delete", refusal);
  }

  #refused(call: string, { status, code, fault }: S3Refusal): DriveError {
    const hint = status >= 300 && status < 400 ? ": endpoint or region do not fit the bucket" : "";
    return new DriveError(this.name, fault, `${call} was answered by ${status}${code ? ` ${code}` : ""}${hint}`);
  }

  async #text(call: string, response: Response): Promise<string> {
    try {
      return await readXml(response);
    } catch (cause) {
      throw new DriveError(this.name, "unreachable", `the answer to ${call} stopped coming`, { cause });
    }
  }
}

function isAbsentKey({ status, code }: S3Refusal): boolean {
  return status === 404 && code !== "NoSuchBucket";
}
