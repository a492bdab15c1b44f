import { S3Error } from "../errors/error.ts";

/**
 * x-amz-* parameters of a presigned URL that belong to the signature, or describe bytes that did
 * not exist when it was made.
 */
const NOT_HEADERS: ReadonlySet<string> = new Set([
  "x-amz-algorithm",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-signedheaders",
  "x-amz-signature",
  "x-amz-security-token",
  "x-amz-content-sha256",
  "x-amz-decoded-content-length",
  "x-amz-trailer",
  "x-amz-user-agent",
  "x-amz-sdk-checksum-algorithm",
]);
/**
 * S3 ignores checksums in the query. The SDK for JavaScript writes that of an empty body into every
 * presigned PUT.
 */
const CHECKSUM_VALUE = /^x-amz-checksum-(?!algorithm$|type$|mode$)/;

/**
 * The headers of a request, with those that a presigned URL carries as parameters. SDKs move
 * x-amz-* headers there (metadata, storage class, ACL …), so that the URL's user need not send
 * them. A header that is also sent wins. A repeated parameter is a list, like a repeated header.
 * Throws InvalidArgument for a value that no header can hold.
 */
export function withHoistedHeaders(headers: Headers, query: URLSearchParams): Headers {
  if (!query.has("X-Amz-Signature") && !query.has("Signature")) return headers;
  let merged: Headers | null = null;
  for (const [parameter, value] of query) {
    const name = parameter.toLowerCase();
    if (!name.startsWith("x-amz-") || NOT_HEADERS.has(name) || CHECKSUM_VALUE.test(name)) continue;
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) || /[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) {
      throw new S3Error("InvalidArgument", "A parameter stands for a header that cannot be.", {
        ArgumentName: parameter,
        ArgumentValue: value,
      });
    }
    if (headers.has(name)) continue;
    merged ??= new Headers(headers);
    const before = merged.get(name);
    merged.set(name, before === null ? value : `${before},${value}`);
  }
  return merged ?? headers;
}
