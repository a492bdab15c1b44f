import { strict as assert } from "node:assert";
import type { BenchClient } from "../support/http-client.ts";
import { type ObjectRequest, signedRequest, unsignedUpload } from "../support/signed-request.ts";
import { type Content, PART_BYTES, SINGLE_BYTES_MAX } from "./content.ts";
import type { Target } from "./target.ts";
import { type Operation, runAll } from "./turn.ts";

export const OPERATIONS = ["PUT", "GET", "HEAD", "DELETE", "LIST"] as const;
export type OperationName = (typeof OPERATIONS)[number];

export interface Case {
  op: OperationName;
  /** Of the object; of LIST: 0. */
  sizeBytes: number;
  /** Requests under way at once. Of an object in parts: of its parts, or of ranges of it. */
  clients: number;
}

/** Keys in the bucket that LIST lists, all on one page. */
const LISTED_KEYS = 1000;
const SMALL_BYTES = 4096;
/** Bytes of the objects of one size that are read in turn, at most; and how many objects, at most. */
const READ_BYTES_MAX = 256 * 1024 * 1024;
const READ_OBJECTS_MAX = 64;

/** How one target is asked. Everything is below one bucket, or two, that are made for the run. */
export class Load {
  readonly #client: BenchClient;
  readonly #target: Target;
  readonly #content: Content;
  readonly #bucket: string;
  readonly #made = new Set<string>();
  #written = 0;

  constructor(client: BenchClient, target: Target, content: Content) {
    this.#client = client;
    this.#target = target;
    this.#content = content;
    this.#bucket = `bench-${Date.now().toString(36)}`;
  }

  async prepare(): Promise<void> {
    await this.#send({ method: "PUT", bucket: this.#bucket });
  }

  /** Writes what operations of that kind read. Does nothing the second time. */
  async fill({ op, sizeBytes }: Case): Promise<void> {
    if (op === "LIST") {
      const keys = Array.from({ length: LISTED_KEYS }, (_, index) => `listed-${String(index).padStart(6, "0")}`);
      await this.#fill(keys, SMALL_BYTES);
    } else if (op === "GET" || op === "HEAD") await this.#fill(readKeys(sizeBytes), sizeBytes);
  }

  /** `count` operations, signed; no two are the same where they write. For DELETE their objects are written first. */
  async operations({ op, sizeBytes, clients }: Case, count: number): Promise<Operation[]> {
    const numbers = Array.from({ length: count }, () => this.#written++);
    const isLarge = sizeBytes > SINGLE_BYTES_MAX;
    if (op === "PUT" && isLarge)
      return numbers.map((number) => () => this.#upload(writtenKey(number), sizeBytes, clients));
    if (op === "GET" && isLarge) return numbers.map(() => () => this.#download(sizeBytes, clients));
    if (op === "PUT") return numbers.map((number) => this.#put(writtenKey(number), sizeBytes, number));
    if (op === "LIST") return numbers.map(() => this.#list());
    if (op === "DELETE") {
      await runAll(
        numbers.map((number) => this.#put(writtenKey(number), sizeBytes, number)),
        clients,
      );
      return numbers.map((number) => this.#delete(writtenKey(number)));
    }
    const keys = readKeys(sizeBytes);
    return numbers.map((number) => {
      const index = number % keys.length;
      const request = signedRequest(this.#target, { method: op, bucket: this.#bucket, key: keys[index] as string });
      if (op === "GET") return () => this.#client.expect(request, this.#content.body(sizeBytes, index));
      return async () => {
        const { headers } = await this.#client.expect(request);
        assert.equal(headers.get("content-length"), `${sizeBytes}`);
      };
    });
  }

  /** Removes what the operations since the last call have written. Not measured. */
  async sweep(since: number): Promise<void> {
    const numbers = Array.from({ length: this.#written - since }, (_, index) => since + index);
    await runAll(
      numbers.map((number) => this.#delete(writtenKey(number))),
      16,
    );
  }

  /** How many keys have been given to writes so far, for `sweep`. */
  get written(): number {
    return this.#written;
  }

  /** Removes everything, as far as it can be removed. */
  async close(): Promise<void> {
    await runAll(
      [...this.#made].map((key) => this.#delete(key)),
      16,
    );
    await this.#send({ method: "DELETE", bucket: this.#bucket });
  }

  async #fill(keys: readonly string[], sizeBytes: number): Promise<void> {
    const missing = keys.map((key, index) => ({ key, index })).filter(({ key }) => !this.#made.has(key));
    for (const { key } of missing) this.#made.add(key);
    if (sizeBytes > SINGLE_BYTES_MAX) for (const { key } of missing) await this.#upload(key, sizeBytes, 4);
    else
      await runAll(
        missing.map(({ key, index }) => this.#put(key, sizeBytes, index)),
        16,
      );
  }

  #put(key: string, sizeBytes: number, number: number): Operation {
    const body = this.#content.body(sizeBytes, number);
    const request = unsignedUpload(this.#target, { method: "PUT", bucket: this.#bucket, key, body });
    return () => this.#client.expect(request);
  }

  #delete(key: string): Operation {
    const request = signedRequest(this.#target, { method: "DELETE", bucket: this.#bucket, key });
    return () => this.#client.expect(request);
  }

  #list(): Operation {
    const query = `list-type=2&max-keys=${LISTED_KEYS}&prefix=listed-`;
    const request = signedRequest(this.#target, { method: "GET", bucket: this.#bucket, query });
    return async () => {
      const { text } = await this.#client.expect(request);
      assert.equal(text.split("<Key>").length - 1, LISTED_KEYS, "keys listed");
    };
  }

  /** Signs as it goes: beside 16 MiB that is nothing. */
  async #upload(key: string, sizeBytes: number, clients: number): Promise<void> {
    const object = { bucket: this.#bucket, key };
    const { text } = await this.#send({ method: "POST", ...object, query: "uploads=" });
    const uploadId = encodeURIComponent(/<UploadId>([^<]+)</.exec(text)?.[1] ?? "");
    const tags: string[] = [];
    const part = (index: number) => async () => {
      const query = `partNumber=${index + 1}&uploadId=${uploadId}`;
      const body = this.#content.part(index);
      const request = unsignedUpload(this.#target, { method: "PUT", ...object, query, body });
      tags[index] = (await this.#client.expect(request)).headers.get("etag") ?? "";
    };
    await runAll(
      Array.from({ length: sizeBytes / PART_BYTES }, (_, index) => part(index)),
      clients,
    );
    const parts = tags.map((tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
    const done = await this.#send({ method: "POST", ...object, query: `uploadId=${uploadId}`, body });
    // A completion that fails late is answered 200 with an error inside.
    assert.match(done.text, /<CompleteMultipartUploadResult/);
  }

  /** One client asks for the whole object; several ask for a part each, as transfer managers do. */
  async #download(sizeBytes: number, clients: number): Promise<void> {
    const object = { method: "GET", bucket: this.#bucket, key: readKeys(sizeBytes)[0] as string };
    if (clients === 1) {
      await this.#client.expect(signedRequest(this.#target, object), this.#content.parts(sizeBytes));
      return;
    }
    const range = (index: number) => async () => {
      const begin = index * PART_BYTES;
      const headers = { range: `bytes=${begin}-${begin + PART_BYTES - 1}` };
      const request = signedRequest(this.#target, { ...object, headers });
      await this.#client.expect(request, this.#content.parts(PART_BYTES, index));
    };
    await runAll(
      Array.from({ length: sizeBytes / PART_BYTES }, (_, index) => range(index)),
      clients,
    );
  }

  #send(request: ObjectRequest) {
    return this.#client.expect(signedRequest(this.#target, request));
  }
}

/** Without slashes: s3rver removes the folders of keys deleted side by side, and fails if another was faster. */
function writtenKey(number: number): string {
  return `written-${String(number).padStart(8, "0")}`;
}

function readKeys(sizeBytes: number): string[] {
  const count = Math.min(READ_OBJECTS_MAX, Math.max(1, Math.floor(READ_BYTES_MAX / sizeBytes)));
  return Array.from({ length: count }, (_, index) => `read-${sizeBytes}-${String(index).padStart(2, "0")}`);
}
