/**
 * Signs requests by hand with Signature Version 2. Written from AWS's page "Signing and authenticating REST requests" and
 * apart from `src/sigv4` on purpose: it shares no line with what it tests.
 */
import { createHmac } from "node:crypto";
import { awsEncode, type SignedParts, splitUrl } from "./signer.ts";

export interface SignerV2Input {
  method: string;
  /** Absolute. Path and query are sent, and signed, exactly as they are written here. */
  url: string;
  headers?: Record<string, string>;
  accessKeyId: string;
  secret: string;
  nowMs: number;
  /** The bucket, where the host names it. */
  bucketOfHost?: string;
  /** Sign by query parameters instead of headers; seconds since 1970. */
  presign?: { expires: number | string };
  /** Each is given what would be used and returns what is used instead. */
  hooks?: { stringToSign?: (text: string) => string; signature?: (base64: string) => string };
}

/** What the page, and S3's own answers, name as part of the resource, as far as tests ask for it. */
const inResource =
  /^(acl|cors|delete|lifecycle|location|logging|notification|partNumber|policy|requestPayment|restore|tagging|torrent|uploadId|uploads|versionId|versioning|versions|website|response-(content-(type|language|disposition|encoding)|expires|cache-control))$/;

export function signRequestV2(input: SignerV2Input): Omit<SignedParts, "body" | "canonicalRequest"> {
  const { origin, host, path, query } = splitUrl(input.url);
  const headers: Record<string, string> = { host };
  for (const [name, value] of Object.entries(input.headers ?? {})) headers[name.toLowerCase()] = value;
  const pieces = query.split("&").filter(Boolean);
  const pairs = pieces.map((piece): [string, string | undefined] => {
    const [name = "", ...rest] = piece.split("=");
    return [decodeURIComponent(name), rest.length === 0 ? undefined : decodeURIComponent(rest.join("="))];
  });

  if (!input.presign && headers["x-amz-date"] === undefined) headers.date ??= new Date(input.nowMs).toUTCString();
  const date = input.presign ? `${input.presign.expires}` : headers["x-amz-date"] === undefined ? headers.date : "";
  const amz = Object.entries(headers).filter(([name]) => name.startsWith("x-amz-"));
  if (input.presign) for (const [name, value] of pairs) if (/^x-amz-/.test(name)) amz.push([name, value ?? ""]);
  const resource = pairs
    .filter(([name]) => inResource.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (value === undefined ? name : `${name}=${value}`));

  const stringToSign = (input.hooks?.stringToSign ?? same)(
    [
      input.method,
      headers["content-md5"] ?? "",
      headers["content-type"] ?? "",
      date,
      ...amz.map(([name, value]) => `${name}:${value.trim()}`).sort(),
      (input.bucketOfHost ? `/${input.bucketOfHost}` : "") +
        path +
        (resource.length > 0 ? `?${resource.join("&")}` : ""),
    ].join("\n"),
  );
  const signature = (input.hooks?.signature ?? same)(
    createHmac("sha1", input.secret).update(stringToSign).digest("base64"),
  );
  if (input.presign) {
    const { expires } = input.presign;
    for (const [name, value] of Object.entries({
      AWSAccessKeyId: input.accessKeyId,
      Signature: signature,
      Expires: expires,
    })) {
      pieces.push(`${name}=${awsEncode(`${value}`)}`);
    }
  } else {
    headers.authorization = `AWS ${input.accessKeyId}:${signature}`;
  }
  const url = `${origin}${path}${pieces.length > 0 ? `?${pieces.join("&")}` : ""}`;
  return { method: input.method, url, headers, signature, stringToSign };
}

function same(text: string): string {
  return text;
}
