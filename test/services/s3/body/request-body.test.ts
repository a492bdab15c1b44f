import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/base/clock.ts";
import { streamPieces } from "../../../../src/base/stream-pieces.ts";
import { CLIENT_PATIENCE } from "../../../../src/edge/client-patience.ts";
import type { ErasureEngine } from "../../../../src/erasure/engine.ts";
import { hasBodyDigest, incomingBody, incomingPart, readBody } from "../../../../src/services/s3/body/request-body.ts";
import type { Call } from "../../../../src/services/s3/handler.ts";
import type { IncomingBody, ObjectChecksum } from "../../../../src/store/types.ts";
import { DigestSet } from "../../../../src/store/write/digests.ts";
import { accepted, authenticate, headOf, signExample } from "../../../auth/sigv4/support/request.ts";
import { createEngine } from "../../../support/kernel.ts";
import type { SignedParts, SignerInput } from "../../../support/signer.ts";
import { pattern } from "../../../support/store.ts";
import { failing, failingAsync } from "../failing.ts";

let engine: ErasureEngine;
beforeAll(async () => {
  engine = await createEngine();
});

const data = pattern(300_000);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("base64");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("base64");
const crc = (bytes: Uint8Array) => {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return base64(value);
};

interface Sent {
  headers?: Record<string, string>;
  body?: Uint8Array;
  payload?: SignerInput["payload"];
  hooks?: SignerInput["hooks"];
  /** How the bytes arrive. */
  stream?: (bytes: Uint8Array) => ReadableStream<Uint8Array> | null;
  /** Instead of the length that the signer states. */
  contentLengthBytes?: number | null;
}

function inPieces(pieceBytes: number): (bytes: Uint8Array) => ReadableStream<Uint8Array> {
  return (bytes) => {
    let at = 0;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at < bytes.length) controller.enqueue(bytes.slice(at, at + pieceBytes));
        else controller.close();
        at += pieceBytes;
      },
    });
  };
}

function asBytes(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller: ReadableByteStreamController) {
      if (at < bytes.length) {
        // A copy of its own: the stream takes the buffer away.
        controller.enqueue(new Uint8Array(bytes.subarray(at, at + 10_000)));
        at += 10_000;
        return;
      }
      controller.close();
      controller.byobRequest?.respond(0);
    },
  } as unknown as UnderlyingSource) as ReadableStream<Uint8Array>;
}

function callOf(sent: Sent): Call {
  const parts: SignedParts = signExample({
    method: "PUT",
    body: sent.body ?? data,
    headers: sent.headers ?? {},
    payload: sent.payload ?? { mode: "unsigned" },
    hooks: sent.hooks ?? {},
  });
  const { signed, verified } = accepted(authenticate(headOf(parts)));
  const length = parts.headers["content-length"];
  const { host: _host, ...headers } = parts.headers;
  const stream = (sent.stream ?? inPieces(65_536))(parts.body);
  return {
    headers: new Headers(headers),
    payload: {
      mode: signed.payload,
      verified,
      pieces: stream && streamPieces(stream, null, { ...CLIENT_PATIENCE, clock: systemClock }),
      contentLengthBytes: sent.contentLengthBytes !== undefined ? sent.contentLengthBytes : Number(length ?? 0),
    },
    store: { engine },
  } as unknown as Call;
}

/** Does with a body what the store does. */
async function receive(body: IncomingBody): Promise<{ bytes: Uint8Array; checksum: ObjectChecksum | null }> {
  const digests = new DigestSet(["md5", ...body.digests], engine);
  const pieces: Uint8Array[] = [];
  for (let piece = await body.next(); piece !== null; piece = await body.next()) {
    digests.update(piece);
    pieces.push(piece.slice());
  }
  expect(await body.next()).toBeNull();
  const bytes = new Uint8Array(Buffer.concat(pieces));
  expect(bytes.length).toBe(body.sizeBytes);
  return { bytes, checksum: body.verify(digests.finish()) };
}

const put = (sent: Sent) => receive(incomingBody(callOf(sent)));

describe("a body", () => {
  const small = data.subarray(0, 30_000);
  const trailers = { "x-amz-checksum-crc32": crc(small) };
  const payloads: NonNullable<SignerInput["payload"]>[] = [
    { mode: "hash" },
    { mode: "unsigned" },
    { mode: "streaming-signed", chunkSizes: [8192, 65_536] },
    { mode: "streaming-signed-trailer", trailers },
    { mode: "streaming-unsigned-trailer", trailers },
  ];
  it.each(payloads)("arrives whole: $mode", async (payload) => {
    for (const stream of [inPieces(97), inPieces(65_536), asBytes]) {
      const { bytes } = await put({ payload, stream, body: small });
      expect(Buffer.compare(bytes, small)).toBe(0);
    }
  });

  it("may be empty", async () => {
    const empty = new Uint8Array(0);
    expect((await put({ body: empty, stream: () => null })).bytes).toHaveLength(0);
    expect((await put({ body: empty, payload: { mode: "streaming-signed" } })).bytes).toHaveLength(0);
  });

  it("arrives whole however it is cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 50, max: 9000 }), fc.nat(20_000), async (pieceBytes, sizeBytes) => {
        const body = data.subarray(0, sizeBytes);
        const payload = { mode: "streaming-signed", chunkSizes: [8192] } as const;
        const { bytes } = await put({
          body,
          payload: { ...payload, chunkSizes: [8192] },
          stream: inPieces(pieceBytes),
        });
        expect(Buffer.compare(bytes, body)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it("must have a length", () => {
    failing(() => incomingBody(callOf({ contentLengthBytes: null })), "NotImplemented");
    const chunked = { mode: "streaming-signed" } as const;
    failing(
      () => incomingBody(callOf({ payload: chunked, headers: { "x-amz-decoded-content-length": "" } })),
      "MissingContentLength",
    );
  });

  it("needs no Content-Length where it is aws-chunked", async () => {
    expect((await put({ payload: { mode: "streaming-signed" }, contentLengthBytes: null })).bytes).toHaveLength(
      300_000,
    );
  });

  it("has at most 5 GiB", () => {
    const error = failing(() => incomingBody(callOf({ contentLengthBytes: 5 * 1024 ** 3 + 1 })), "EntityTooLarge");
    expect(error.details).toEqual({ ProposedSize: "5368709121", MaxSizeAllowed: "5368709120" });
    expect(incomingBody(callOf({ contentLengthBytes: 5 * 1024 ** 3 })).sizeBytes).toBe(5 * 1024 ** 3);
    const headers = { "x-amz-decoded-content-length": "5368709121" };
    failing(() => incomingBody(callOf({ payload: { mode: "streaming-signed" }, headers })), "EntityTooLarge");
  });

  it("that ends early or goes on is refused", async () => {
    const short = await failingAsync(() => put({ contentLengthBytes: data.length + 1 }), "IncompleteBody");
    expect(short.details).toEqual({ NumberBytesExpected: "300001", NumberBytesProvided: "300000" });
    await failingAsync(() => put({ contentLengthBytes: data.length - 1 }), "IncompleteBody");
    await failingAsync(() => put({ contentLengthBytes: 1, stream: () => null }), "IncompleteBody");
  });

  it.each([{ mode: "unsigned" }, { mode: "streaming-signed" }] as const)(
    "that is cut off is refused: $mode",
    async (payload) => {
      const cut = (bytes: Uint8Array) => {
        let sent = false;
        return new ReadableStream<Uint8Array>({
          pull(controller) {
            if (sent) controller.error(new Error("Network connection lost."));
            else controller.enqueue(bytes.slice(0, 100_000));
            sent = true;
          },
        });
      };
      const error = await failingAsync(() => put({ payload, stream: cut }), "IncompleteBody");
      expect(error.cause).toMatchObject({ message: "Network connection lost." });
    },
  );

  it("whose chunks are cut, forged or of another length is refused", async () => {
    const payload = { mode: "streaming-signed" } as const;
    await failingAsync(() => put({ payload, hooks: { body: (bytes) => bytes.subarray(0, -1) } }), "IncompleteBody");
    await failingAsync(
      () => put({ payload, hooks: { body: (bytes) => bytes.subarray(0, 200_000) } }),
      "IncompleteBody",
    );
    const forge = (bytes: Uint8Array, index: number) => {
      const chunk = bytes.slice();
      if (index === 1) chunk[1000] = ~(chunk[1000] ?? 0);
      return chunk;
    };
    await failingAsync(() => put({ payload, hooks: { chunk: forge } }), "SignatureDoesNotMatch");
    for (const length of ["299999", "300001"]) {
      await failingAsync(() => put({ payload, headers: { "x-amz-decoded-content-length": length } }), "IncompleteBody");
    }
  });
});

describe("a body is verified", () => {
  it("against x-amz-content-sha256", async () => {
    const error = await failingAsync(
      () => put({ payload: { mode: "literal", text: "0".repeat(64) } }),
      "XAmzContentSHA256Mismatch",
    );
    expect(error.details.ClientComputedContentSHA256).toBe("0".repeat(64));
    expect(error.details.S3ComputedContentSHA256).toBe(createHash("sha256").update(data).digest("hex"));
  });

  it("against Content-MD5", async () => {
    expect((await put({ headers: { "content-md5": md5(data) } })).checksum).toBeNull();
    const wrong = md5(new Uint8Array(1));
    const error = await failingAsync(() => put({ headers: { "content-md5": wrong } }), "BadDigest");
    expect(error.details).toEqual({ ExpectedDigest: wrong, CalculatedDigest: md5(data) });
  });

  it.each(["", "x", "AAAA", `${md5(data)}=`, sha256(data)])("and %j is no Content-MD5", (value) => {
    failing(() => incomingBody(callOf({ headers: { "content-md5": value } })), "InvalidDigest");
  });

  it.each([
    ["crc32", crc(data)],
    ["sha256", sha256(data)],
    ["sha1", createHash("sha1").update(data).digest("base64")],
  ] as const)("against x-amz-checksum-%s, which is kept", async (algorithm, value) => {
    const kept = { algorithm, type: "full-object", value };
    expect((await put({ headers: { [`x-amz-checksum-${algorithm}`]: value } })).checksum).toEqual(kept);
    const other = base64(new Uint8Array([...Buffer.from(value, "base64")].map((byte) => byte ^ 1)));
    const error = await failingAsync(() => put({ headers: { [`x-amz-checksum-${algorithm}`]: other } }), "BadDigest");
    expect(error.message).toBe(`The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
  });

  it.each(["streaming-signed-trailer", "streaming-unsigned-trailer"] as const)(
    "against the trailer: %s",
    async (mode) => {
      const send = (value: string, headers = {}) =>
        put({ payload: { mode, trailers: { "x-amz-checksum-crc32": value } }, headers });
      expect((await send(crc(data))).checksum).toEqual({ algorithm: "crc32", type: "full-object", value: crc(data) });
      await failingAsync(() => send("AAAAAA=="), "BadDigest");
      const error = await failingAsync(() => send("AAAA"), "InvalidRequest");
      expect(error.message).toBe("Value for x-amz-checksum-crc32 trailing header is invalid.");
      await failingAsync(() => send(crc(data), { "x-amz-checksum-crc32": crc(data) }), "InvalidRequest");
    },
  );

  it("once a digest, even if it is asked for twice", () => {
    const headers = { "x-amz-checksum-sha256": sha256(data), "content-md5": md5(data) };
    expect(incomingBody(callOf({ payload: { mode: "hash" }, headers })).digests).toEqual(["sha256", "md5"]);
    expect(incomingBody(callOf({})).digests).toEqual([]);
  });

  it("and a trailer that cannot come is no checksum", () => {
    failing(() => incomingBody(callOf({ headers: { "x-amz-trailer": "x-amz-checksum-crc32" } })), "InvalidRequest");
  });

  it("and its chunks must not be taken for it", () => {
    failing(() => incomingBody(callOf({ headers: { "content-encoding": "gzip, aws-chunked" } })), "InvalidArgument");
  });
});

describe("a part", () => {
  const part = (upload: Parameters<typeof incomingPart>[1], headers: Record<string, string> = {}) =>
    incomingPart(callOf({ headers }), upload);
  const crc32Header = { "x-amz-checksum-crc32": crc(data) };

  it("keeps the checksum of its upload", async () => {
    const kept = { algorithm: "crc32", type: "full-object", value: crc(data) };
    for (const type of ["full-object", "composite"] as const) {
      expect((await receive(part({ algorithm: "crc32", type }, crc32Header))).checksum).toEqual(kept);
    }
    expect((await receive(part({ algorithm: "crc32", type: "full-object" }))).checksum).toEqual(kept);
  });

  it("must bring the checksum that a composite one is made of", () => {
    const error = failing(() => part({ algorithm: "crc32", type: "composite" }), "InvalidRequest");
    expect(error.message).toBe(
      "Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: null",
    );
  });

  it("may bring no other", () => {
    const error = failing(() => part({ algorithm: "sha1", type: "composite" }, crc32Header), "InvalidRequest");
    expect(error.message).toBe(
      "Checksum Type mismatch occurred, expected checksum Type: sha1, actual checksum Type: crc32",
    );
    failing(() => part({ algorithm: "crc32c", type: "full-object" }, crc32Header), "InvalidRequest");
  });

  it("is verified where the upload keeps none", async () => {
    const body = part(null, crc32Header);
    expect((await receive(body)).checksum).toBeNull();
    expect(body.verified?.value).toBe(crc(data));
    await failingAsync(() => receive(part(null, { "x-amz-checksum-crc32": "AAAAAA==" })), "BadDigest");
  });
});

describe("a document", () => {
  const document = new TextEncoder().encode("<Delete/>");
  const read = (sent: Sent, sizeMaxBytes = 100) => readBody(callOf({ body: document, ...sent }), sizeMaxBytes);

  it("is read whole", async () => {
    for (const payload of [{ mode: "hash" }, { mode: "unsigned" }, { mode: "streaming-signed" }] as const) {
      expect(await read({ payload, stream: inPieces(2) })).toEqual(document);
    }
    expect(await read({ stream: () => null, contentLengthBytes: null })).toHaveLength(0);
  });

  it("is bounded before it is read", async () => {
    let pulled = false;
    const stream = () =>
      new ReadableStream<Uint8Array>(
        {
          pull() {
            pulled = true;
          },
        },
        { highWaterMark: 0 },
      );
    await failingAsync(() => read({ stream, contentLengthBytes: 101 }), "MaxMessageLengthExceeded");
    expect(pulled).toBe(false);
  });

  it("is verified", async () => {
    const crc64 = base64(Buffer.from(engine.crc64nvme(document).toString(16).padStart(16, "0"), "hex"));
    expect(await read({ headers: { "x-amz-checksum-crc64nvme": crc64, "content-md5": md5(document) } })).toEqual(
      document,
    );
    await failingAsync(() => read({ headers: { "x-amz-checksum-crc32c": "AAAAAA==" } }), "BadDigest");
    await failingAsync(() => read({ headers: { "content-md5": md5(data) } }), "BadDigest");
    await failingAsync(() => read({ payload: { mode: "literal", text: "0".repeat(64) } }), "XAmzContentSHA256Mismatch");
  });

  it("that breaks off holds nothing of the engine", async () => {
    engine = await createEngine();
    const idle = engine.idleMd5s;
    const stream = () => new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) });
    await expect(read({ headers: { "content-md5": md5(document) }, stream })).rejects.toThrow();
    expect(engine.idleMd5s).toEqual(idle);
  });

  it("may be sent with a checksum of something else", async () => {
    const call = callOf({ body: document, headers: { "x-amz-checksum-crc32": "AAAAAA==-2" } });
    expect(await readBody(call, 100, { checksumHeaders: "of-object" })).toEqual(document);
  });

  it("tells whether it has a digest", () => {
    expect(hasBodyDigest(new Headers())).toBe(false);
    expect(hasBodyDigest(new Headers({ "content-md5": "x" }))).toBe(true);
    expect(hasBodyDigest(new Headers({ "x-amz-checksum-crc32": "AAAAAA==" }))).toBe(true);
    expect(hasBodyDigest(new Headers({ "x-amz-trailer": "x-amz-checksum-crc32" }))).toBe(true);
  });
});
