import { fromBase64 } from "../../../base/bytes.ts";
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/** Length of each checksum in bytes, before base64. */
const LENGTH_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  crc32: 4,
  crc32c: 4,
  crc64nvme: 8,
  sha1: 20,
  sha256: 32,
  sha512: 64,
  md5: 16,
  xxhash64: 8,
  xxhash3: 8,
  xxhash128: 16,
};

export const CHECKSUM_ALGORITHMS = Object.keys(LENGTH_BYTES) as readonly ChecksumAlgorithm[];

const HEADER_PREFIX = "x-amz-checksum-";
/** Headers with the prefix that carry no checksum. */
const SETTINGS: ReadonlySet<string> = new Set(["algorithm", "type", "mode"]);

const SEVERAL = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
const UNKNOWN = "The algorithm type you specified in x-amz-checksum- header is invalid.";
const WITHOUT_VALUE =
  "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.";
const UNSUPPORTED =
  "Checksum algorithm provided is unsupported. Please try again with any of the valid types: " +
  "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256, SHA512, MD5, XXHASH64, XXHASH3, XXHASH128]";

/** `x-amz-checksum-crc32`, the header and the trailer that carry a checksum. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return HEADER_PREFIX + algorithm;
}

/** `ChecksumCRC32`, the XML element that carries a checksum. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm.toUpperCase()}`;
}

/** `FULL_OBJECT` or `COMPOSITE`, as headers and XML name the type of a checksum. */
export function checksumTypeName(type: ChecksumType): string {
  return type === "full-object" ? "FULL_OBJECT" : "COMPOSITE";
}

/** The bytes of a checksum in base64, or null if it is not one of `algorithm`. */
export function parseChecksumValue(algorithm: ChecksumAlgorithm, value: string): Uint8Array | null {
  const bytes = fromBase64(value);
  return bytes?.length === LENGTH_BYTES[algorithm] ? bytes : null;
}

/** A checksum of the body of a request, which the body must match. */
export type DeclaredChecksum =
  | { readonly algorithm: ChecksumAlgorithm; readonly from: "header"; readonly value: Uint8Array }
  /** Its value follows the body. */
  | { readonly algorithm: ChecksumAlgorithm; readonly from: "trailer" };

/**
 * The checksum that a request declares for its body, in x-amz-checksum-* or by announcing a
 * trailer. Throws InvalidRequest if it is malformed, if there are several, or if
 * x-amz-sdk-checksum-algorithm names another.
 */
export function parseDeclaredChecksum(headers: Headers): DeclaredChecksum | null {
  const inHeader = checksumHeaders(headers);
  const inTrailer = (headers.get("x-amz-trailer") ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  if (inHeader.length + inTrailer.length > 1) throw new S3Error("InvalidRequest", SEVERAL);
  const sdkAlgorithm = headers.get("x-amz-sdk-checksum-algorithm");
  const declared = fromHeader(inHeader[0]) ?? fromTrailer(inTrailer[0]);
  if (sdkAlgorithm !== null) {
    if (declared === null) throw new S3Error("InvalidRequest", WITHOUT_VALUE);
    if (sdkAlgorithm.toLowerCase() !== declared.algorithm) throw invalidValue("x-amz-sdk-checksum-algorithm");
  }
  return declared;
}

/**
 * The same headers if they describe an object that is being completed from parts, not the body: a
 * composite value may end with `-<parts>`. Throws as `parseDeclaredChecksum` does.
 */
export function parseObjectChecksum(headers: Headers): { algorithm: ChecksumAlgorithm; value: string } | null {
  const found = checksumHeaders(headers);
  if (found.length > 1) throw new S3Error("InvalidRequest", SEVERAL);
  const [header] = found;
  if (header === undefined) return null;
  const algorithm = algorithmOf(header.name);
  const value = header.value.replace(/-\d{1,5}$/, "");
  if (parseChecksumValue(algorithm, value) === null) throw invalidValue(checksumHeader(algorithm));
  return { algorithm, value: header.value };
}

interface FoundHeader {
  /** Without the prefix. */
  readonly name: string;
  readonly value: string;
}

function checksumHeaders(headers: Headers): FoundHeader[] {
  const found: FoundHeader[] = [];
  for (const [header, value] of headers) {
    if (!header.startsWith(HEADER_PREFIX)) continue;
    const name = header.slice(HEADER_PREFIX.length);
    if (!SETTINGS.has(name)) found.push({ name, value });
  }
  return found;
}

function fromHeader(found: FoundHeader | undefined): DeclaredChecksum | null {
  if (found === undefined) return null;
  const algorithm = algorithmOf(found.name);
  const value = parseChecksumValue(algorithm, found.value);
  if (value === null) throw invalidValue(checksumHeader(algorithm));
  return { algorithm, from: "header", value };
}

function fromTrailer(name: string | undefined): DeclaredChecksum | null {
  if (name === undefined) return null;
  if (!name.startsWith(HEADER_PREFIX)) {
    throw new S3Error("InvalidRequest", "The value specified in the x-amz-trailer header is not supported");
  }
  return { algorithm: algorithmOf(name.slice(HEADER_PREFIX.length)), from: "trailer" };
}

function algorithmOf(name: string): ChecksumAlgorithm {
  if (Object.hasOwn(LENGTH_BYTES, name)) return name as ChecksumAlgorithm;
  throw new S3Error("InvalidRequest", UNKNOWN);
}

function invalidValue(header: string): S3Error {
  return new S3Error("InvalidRequest", `Value for ${header} header is invalid.`);
}

/**
 * Reads x-amz-checksum-algorithm: the checksum that CreateMultipartUpload or CopyObject computes.
 * Throws InvalidRequest.
 */
export function parseChecksumAlgorithm(headers: Headers): ChecksumAlgorithm | null {
  const text = headers.get("x-amz-checksum-algorithm");
  if (text === null) return null;
  const name = text.toLowerCase();
  if (Object.hasOwn(LENGTH_BYTES, name)) return name as ChecksumAlgorithm;
  throw new S3Error("InvalidRequest", UNSUPPORTED);
}

/** Reads x-amz-checksum-type. Throws InvalidRequest. */
export function parseChecksumType(headers: Headers): ChecksumType | null {
  const text = headers.get("x-amz-checksum-type");
  if (text === null) return null;
  switch (text.toUpperCase()) {
    case "FULL_OBJECT":
      return "full-object";
    case "COMPOSITE":
      return "composite";
    default:
      throw invalidValue("x-amz-checksum-type");
  }
}

/** The checksum of a new upload, or null if the client asks for none. Throws InvalidRequest. */
export function parseUploadChecksum(headers: Headers): { algorithm: ChecksumAlgorithm; type: ChecksumType } | null {
  const type = parseChecksumType(headers);
  const algorithm = parseChecksumAlgorithm(headers);
  if (algorithm === null) {
    if (type === null) return null;
    throw new S3Error(
      "InvalidRequest",
      "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    );
  }
  const onlyType = onlyTypeOf(algorithm);
  if (type !== null && onlyType !== null && type !== onlyType) {
    throw new S3Error(
      "InvalidRequest",
      `The ${checksumTypeName(type)} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return { algorithm, type: type ?? onlyType ?? "composite" };
}

/**
 * The only type of an algorithm in multipart uploads, or null: both. Only CRCs combine, so digests
 * and hashes are composite.
 */
function onlyTypeOf(algorithm: ChecksumAlgorithm): ChecksumType | null {
  switch (algorithm) {
    case "crc64nvme":
      return "full-object";
    case "crc32":
    case "crc32c":
      return null;
    default:
      return "composite";
  }
}

/** The checksum headers of an object. */
export function checksumAnswerHeaders(checksum: ObjectChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return {
    [checksumHeader(checksum.algorithm)]: checksum.value,
    "x-amz-checksum-type": checksumTypeName(checksum.type),
  };
}

/** True if a GET or HEAD asks for the checksum. */
export function wantsChecksum(headers: Headers): boolean {
  return headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED";
}
