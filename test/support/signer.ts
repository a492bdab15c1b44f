/**
 * Signs any request by hand, also those that no SDK would send. Written from AWS's description and apart from
 * `src/sigv4` on purpose: it shares no line with what it tests.
 */
import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";

export type SignerPayload =
  /** x-amz-content-sha256 is the SHA-256 of the body. */
  | { mode: "hash" }
  | { mode: "unsigned" }
  /** x-amz-content-sha256 is this text; the body is sent as it is. */
  | { mode: "literal"; text: string }
  | { mode: "streaming-signed"; chunkSizes?: number[] }
  /** `trailers`: names and values as they are sent after the last chunk. */
  | { mode: "streaming-signed-trailer"; chunkSizes?: number[]; trailers: Record<string, string> }
  | { mode: "streaming-unsigned-trailer"; chunkSizes?: number[]; trailers: Record<string, string> };

/** Each hook is given what would be used and returns what is used instead. */
export interface SignerHooks {
  canonicalRequest?: (text: string) => string;
  stringToSign?: (text: string) => string;
  /** Of the head. The chunks are chained to what is returned. */
  signature?: (hex: string) => string;
  /** Of one chunk as it is sent: line, data and CRLF. `index` counts from 0; the empty last chunk is the last index. */
  chunk?: (bytes: Uint8Array, index: number) => Uint8Array;
  /** All that follows the line of the empty last chunk. */
  afterLastChunk?: (text: string) => string;
  /** The body as it is sent. */
  body?: (bytes: Uint8Array) => Uint8Array;
}

export interface SignerInput {
  method: string;
  /** Absolute. Path and query are sent, and signed, exactly as they are written here. */
  url: string;
  /** Signed with the rest, unless their names are in `unsignedHeaders`. */
  headers?: Record<string, string>;
  unsignedHeaders?: string[];
  body?: Uint8Array | string;
  accessKeyId: string;
  secret: string;
  /** Default: us-east-1. */
  region?: string;
  service?: string;
  sessionToken?: string;
  nowMs: number;
  /** Default: hash in the header form, unsigned in the presigned form. */
  payload?: SignerPayload;
  /** Sign by query parameters instead of headers. */
  presign?: { expiresSeconds: number | string };
  hooks?: SignerHooks;
}

export interface SignedParts {
  method: string;
  url: string;
  /** Lower-case names; host is among them, content-length too if there is a body. */
  headers: Record<string, string>;
  body: Uint8Array;
  /** Of the head. */
  signature: string;
  canonicalRequest: string;
  stringToSign: string;
}

export function signRequest(input: SignerInput): SignedParts {
  const { origin, host, path, query } = splitUrl(input.url);
  const payload = input.payload ?? { mode: input.presign ? "unsigned" : "hash" };
  const data = typeof input.body === "string" ? Buffer.from(input.body) : Buffer.from(input.body ?? []);
  const amzDate = basicTime(input.nowMs);
  const scope = `${amzDate.slice(0, 8)}/${input.region ?? "us-east-1"}/${input.service ?? "s3"}/aws4_request`;
  const contentSha256 = payloadText(payload, data);

  const headers: Record<string, string> = { host };
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value;
  if (isStreaming(payload)) Object.assign(headers, streamingHeaders(payload, data, headers));
  if (!input.presign) {
    headers["x-amz-date"] ??= amzDate;
    headers["x-amz-content-sha256"] ??= contentSha256;
    if (input.sessionToken) headers["x-amz-security-token"] = input.sessionToken;
  } else if (payload.mode !== "unsigned") {
    headers["x-amz-content-sha256"] ??= contentSha256;
  }

  const left = new Set((input.unsignedHeaders ?? []).map((name) => name.toLowerCase()));
  const signedNames = Object.keys(headers)
    .filter((name) => !left.has(name))
    .sort();
  const extra: Record<string, string> = input.presign
    ? {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": `${input.accessKeyId}/${scope}`,
        "X-Amz-Date": amzDate,
        "X-Amz-Expires": `${input.presign.expiresSeconds}`,
        ...(input.sessionToken ? { "X-Amz-Security-Token": input.sessionToken } : {}),
        "X-Amz-SignedHeaders": signedNames.join(";"),
      }
    : {};
  const pieces = [
    ...query.split("&").filter(Boolean),
    ...Object.entries(extra).map(([name, value]) => `${awsEncode(name)}=${awsEncode(value)}`),
  ];

  const hooks = input.hooks ?? {};
  const canonicalRequest = (hooks.canonicalRequest ?? same)(
    [
      input.method,
      path,
      sortQuery(pieces),
      ...signedNames.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
      "",
      signedNames.join(";"),
      headers["x-amz-content-sha256"] ?? contentSha256,
    ].join("\n"),
  );
  const stringToSign = (hooks.stringToSign ?? same)(
    `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(Buffer.from(canonicalRequest))}`,
  );
  let key: string | Buffer = `AWS4${input.secret}`;
  for (const part of scope.split("/")) key = mac(key, part);
  const signature = (hooks.signature ?? same)(mac(key, stringToSign).toString("hex"));

  const sent = isStreaming(payload) ? encodeChunks(payload, data, { key, amzDate, scope, signature, hooks }) : data;
  const body = hooks.body ? hooks.body(sent) : sent;
  if (input.presign) {
    pieces.push(`X-Amz-Signature=${awsEncode(signature)}`);
  } else {
    headers.authorization =
      `AWS4-HMAC-SHA256 Credential=${input.accessKeyId}/${scope}, ` +
      `SignedHeaders=${signedNames.join(";")}, Signature=${signature}`;
  }
  if (body.length > 0) headers["content-length"] ??= `${body.length}`;
  const url = `${origin}${path}${pieces.length > 0 ? `?${pieces.join("&")}` : ""}`;
  return { method: input.method, url, headers, body, signature, canonicalRequest, stringToSign };
}

/** AWS's UriEncode: everything but A–Z a–z 0–9 - . _ ~ becomes %XX. */
export function awsEncode(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return out;
}

/** The path of an object, as an SDK writes it: the slashes of the key stay. */
export function objectPath(bucket: string, key: string): string {
  return `/${bucket}/${key.split("/").map(awsEncode).join("/")}`;
}

/** `YYYYMMDDTHHMMSSZ` */
export function basicTime(ms: number): string {
  const [day, time] = new Date(ms).toISOString().split("T") as [string, string];
  return `${day.replaceAll("-", "")}T${time.slice(0, 8).replaceAll(":", "")}Z`;
}

/** Splits without the URL parser, which would resolve dots and rewrite escapes. */
export function splitUrl(url: string): { origin: string; host: string; path: string; query: string } {
  const parts = /^([a-z]+:\/\/([^/?]+))([^?]*)(?:\?(.*))?$/s.exec(url);
  if (parts === null) throw new Error(`not an absolute URL: ${url}`);
  return { origin: parts[1] as string, host: parts[2] as string, path: parts[3] || "/", query: parts[4] ?? "" };
}

type Streaming = Extract<SignerPayload, { mode: `streaming-${string}` }>;

function isStreaming(payload: SignerPayload): payload is Streaming {
  return payload.mode.startsWith("streaming-");
}

function payloadText(payload: SignerPayload, data: Uint8Array): string {
  switch (payload.mode) {
    case "hash":
      return sha256(data);
    case "unsigned":
      return "UNSIGNED-PAYLOAD";
    case "literal":
      return payload.text;
    case "streaming-signed":
      return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    case "streaming-signed-trailer":
      return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    case "streaming-unsigned-trailer":
      return "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  }
}

function streamingHeaders(payload: Streaming, data: Uint8Array, given: Record<string, string>): Record<string, string> {
  const added: Record<string, string> = {
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": `${data.length}`,
  };
  if ("trailers" in payload) added["x-amz-trailer"] = Object.keys(payload.trailers).join(",");
  return Object.fromEntries(Object.entries(added).filter(([name]) => given[name] === undefined));
}

interface Chain {
  key: string | Buffer;
  amzDate: string;
  scope: string;
  signature: string;
  hooks: SignerHooks;
}

/** Without `chunkSizes`, chunks of 64 KiB. The last size given repeats until the data ends. */
function encodeChunks(payload: Streaming, data: Uint8Array, chain: Chain): Uint8Array {
  const signed = payload.mode !== "streaming-unsigned-trailer";
  const sizes = payload.chunkSizes ?? [65_536];
  const out: Uint8Array[] = [];
  let previous = chain.signature;
  for (let at = 0, index = 0; ; index += 1) {
    const size = Math.min(sizes[Math.min(index, sizes.length - 1)] as number, data.length - at);
    const piece = data.subarray(at, at + size);
    at += size;
    const prefix = `AWS4-HMAC-SHA256-PAYLOAD\n${chain.amzDate}\n${chain.scope}\n${previous}`;
    previous = mac(chain.key, `${prefix}\n${sha256(new Uint8Array(0))}\n${sha256(piece)}`).toString("hex");
    const line = `${size.toString(16)}${signed ? `;chunk-signature=${previous}` : ""}\r\n`;
    const chunk = Buffer.concat([Buffer.from(line), piece, Buffer.from(size > 0 ? "\r\n" : "")]);
    out.push(chain.hooks.chunk ? chain.hooks.chunk(chunk, index) : chunk);
    if (size === 0) break;
  }
  const lines = Object.entries("trailers" in payload ? payload.trailers : {});
  let after = lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
  if (payload.mode === "streaming-signed-trailer") {
    const digest = sha256(Buffer.from(lines.map(([name, value]) => `${name}:${value}\n`).join("")));
    const text = `AWS4-HMAC-SHA256-TRAILER\n${chain.amzDate}\n${chain.scope}\n${previous}\n${digest}`;
    after += `x-amz-trailer-signature:${mac(chain.key, text).toString("hex")}\r\n`;
  }
  out.push(Buffer.from((chain.hooks.afterLastChunk ?? same)(`${after}\r\n`)));
  return Buffer.concat(out);
}

/** Canonical form of query pieces: `+` and %20 are the same space, a bare name has an empty value. */
function sortQuery(pieces: string[]): string {
  const decode = (text: string) => awsEncode(decodeURIComponent(text.replaceAll("+", " ")));
  const pairs = pieces.map((piece) => {
    const [name = "", ...value] = piece.split("=");
    return [decode(name), decode(value.join("="))] as const;
  });
  pairs.sort(([nameA, valueA], [nameB, valueB]) =>
    nameA === nameB ? Number(valueA > valueB) - Number(valueA < valueB) : nameA < nameB ? -1 : 1,
  );
  return pairs.map((pair) => pair.join("=")).join("&");
}

function same(text: string): string {
  return text;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function mac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
