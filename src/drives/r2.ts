import {
  type ByteRange,
  type Drive,
  type DriveClass,
  DriveError,
  type DriveFault,
  type DriveTraits,
  type ListOptions,
  type ShardPage,
  type ShardReader,
  type ShardWriter,
} from "./drive.ts";
import { streamReader } from "./stream-reader.ts";
import { streamWriter } from "./stream-writer.ts";

/** An R2 bucket by its binding. */
export class R2Drive implements Drive {
  readonly name: string;
  readonly domain: string;
  readonly shardBytesMax: number;
  readonly class: DriveClass;
  readonly draining: boolean;
  readonly settleMs = 0;
  readonly #bucket: R2Bucket;

  constructor(traits: DriveTraits, bucket: R2Bucket) {
    this.name = traits.name;
    this.domain = traits.domain;
    this.shardBytesMax = traits.shardBytesMax;
    this.class = traits.class;
    this.draining = traits.draining ?? false;
    this.#bucket = bucket;
  }

  put(key: string, sizeBytes: number): ShardWriter {
    return streamWriter({
      drive: this.name,
      sizeBytes,
      // The binding accepts no signal: the aborted stream ends the put.
      send: async (body) => {
        const stored = await this.#call("put", () => this.#bucket.put(key, body));
        if (stored?.size !== sizeBytes) {
          throw new DriveError(this.name, "unknown", `put stored ${stored?.size} of ${sizeBytes} bytes`);
        }
      },
    });
  }

  async get(key: string, range?: ByteRange): Promise<ShardReader | null> {
    const object = await this.#open(key, range);
    if (object === null) return null;
    const got = gotRange(object);
    const asked = range ?? { offset: 0, length: object.size };
    if (got.offset === asked.offset && got.length === asked.length) {
      return streamReader({ drive: this.name, stream: object.body, lengthBytes: asked.length });
    }
    await object.body.cancel();
    const fault = asked.offset + asked.length > object.size ? "short" : "refused";
    throw new DriveError(
      this.name,
      fault,
      `get of bytes ${asked.offset}+${asked.length} brought ${got.offset}+${got.length}`,
    );
  }

  async #open(key: string, range?: ByteRange): Promise<R2ObjectBody | null> {
    try {
      return await this.#call("get", () => this.#bucket.get(key, range ? { range } : {}));
    } catch (error) {
      // The simulated R2 answers a range at or beyond the object's end with an internal error.
      const head = range && error instanceof DriveError && error.fault === "unknown" ? await this.head(key) : null;
      if (!head || range!.offset < head.sizeBytes) throw error;
      throw new DriveError(this.name, "short", `get of bytes from ${range!.offset} of ${head.sizeBytes}`, {
        cause: error,
      });
    }
  }

  async head(key: string): Promise<{ sizeBytes: number } | null> {
    const object = await this.#call("head", () => this.#bucket.head(key));
    return object && { sizeBytes: object.size };
  }

  async delete(keys: readonly string[]): Promise<void> {
    if (keys.length > 0) await this.#call("delete", () => this.#bucket.delete([...keys]));
  }

  async list({ cursor: startAfter, ...asked }: ListOptions): Promise<ShardPage> {
    let options: R2ListOptions = startAfter === undefined ? asked : { ...asked, startAfter };
    for (;;) {
      const page = await this.#call("list", () => this.#bucket.list(options));
      const shards = page.objects.map((object) => ({ key: object.key, sizeBytes: object.size }));
      const last = shards.at(-1);
      if (!page.truncated) return { shards };
      // The cursor is a key: unlike R2's own it surely stays valid for days.
      if (last) return { shards, cursor: last.key };
      options = { ...asked, cursor: page.cursor };
    }
  }

  async #call<T>(call: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw new DriveError(this.name, faultOf(cause), `${call} failed: ${String(cause)}`, { cause });
    }
  }
}

function gotRange(object: R2ObjectBody): ByteRange {
  const { range, size } = object;
  if (!range) return { offset: 0, length: size };
  // The runtime sets every field of the union; those that do not apply are undefined.
  const { offset, length, suffix } = range as { offset?: number; length?: number; suffix?: number };
  if (suffix !== undefined) return { offset: size - suffix, length: suffix };
  return { offset: offset ?? 0, length: length ?? size - (offset ?? 0) };
}

/** R2's errors carry their code at the end of the message: "get: The requested range is not satisfiable (10039)". */
function faultOf(cause: unknown): DriveFault {
  const code = /\((\d{5})\)\s*$/.exec(cause instanceof Error ? cause.message : "")?.[1];
  return (code && FAULT_BY_CODE[code]) || "unknown";
}

const FAULT_BY_CODE: Record<string, DriveFault> = {
  10002: "refused", // unauthorised
  10003: "refused", // forbidden
  10006: "refused", // no such bucket
  10015: "refused", // not entitled
  10042: "refused", // R2 is not enabled for the account
  10020: "refused", // object name
  10039: "short", // range not satisfiable
  10043: "throttled", // service unavailable
  10058: "throttled", // too many requests
};
