import { checkContentSha256 } from "../../../auth/sigv4/content-sha256.ts";
import { concat, equalBytes, fromBase64, toBase64, toHex } from "../../../base/bytes.ts";
import type {
  ChecksumAlgorithm,
  ChecksumType,
  DigestName,
  Digests,
  IncomingBody,
  ObjectChecksum,
} from "../../../store/types.ts";
import { DigestSet } from "../../../store/write/digests.ts";
import { S3Error } from "../errors/error.ts";
import { signatureError } from "../gate/signature-error.ts";
import type { Call, Payload } from "../handler.ts";
import { checksumHeader, type DeclaredChecksum, parseChecksumValue, parseDeclaredChecksum } from "./checksums.ts";
import { openPayload } from "./payload-bytes.ts";
import type { PayloadBytes } from "./payload-pieces.ts";

/** A request body for the store, with the digests that were declared and verified. */
export interface VerifiableBody extends IncomingBody {
  /** Null if the client declared no checksum, and before `verify`. */
  readonly verified: ObjectChecksum | null;
  /** Call it if the request is refused: the rest of the body can then be discarded. */
  release(): void;
}

type UploadChecksum = { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };

/**
 * The body of a PutObject. Reads nothing yet, but throws errors that its headers alone show:
 * MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest for checksums.
 *
 * `verify` throws BadDigest or XAmzContentSHA256Mismatch; it keeps the checksum that the client
 * declared.
 */
export function incomingBody(call: Call): VerifiableBody {
  return new RequestBody(call, parseDeclaredChecksum(call.headers), null);
}

/**
 * The body of an UploadPart. If the upload has a composite checksum, the part must have one,
 * because the object's is made of the parts'. If it has a full-object checksum, that of the part is
 * computed. Throws InvalidRequest and the errors of `incomingBody`.
 */
export function incomingPart(call: Call, upload: UploadChecksum | null): VerifiableBody {
  const declared = parseDeclaredChecksum(call.headers);
  if (upload !== null) {
    const given = declared?.algorithm ?? null;
    if (given !== upload.algorithm && (given !== null || upload.type === "composite")) {
      throw new S3Error(
        "InvalidRequest",
        `Checksum Type mismatch occurred, expected checksum Type: ${upload.algorithm}, actual checksum Type: ${given}`,
      );
    }
  }
  return new RequestBody(call, declared, upload?.algorithm ?? "none");
}

/**
 * The body of a PutObject that appends to an object whose checksum is of `algorithm` (null: it has
 * none). The client may declare no other. Throws InvalidRequest, also for an empty body, and the
 * errors of `incomingBody`.
 */
export function incomingAppend(call: Call, algorithm: ChecksumAlgorithm | null): VerifiableBody {
  const declared = parseDeclaredChecksum(call.headers);
  if (declared !== null && algorithm !== null && declared.algorithm !== algorithm) {
    throw new S3Error(
      "InvalidRequest",
      `Checksum Type mismatch occurred, expected checksum Type: ${algorithm}, actual checksum Type: ${declared.algorithm}`,
    );
  }
  return new RequestBody(call, declared, algorithm ?? "none");
}

/** Waits for the user of a body; if that fails, the body (if there is one yet) is released. */
export async function releasing<T>(body: () => VerifiableBody | undefined, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    body()?.release();
    throw error;
  }
}

class RequestBody implements VerifiableBody {
  readonly sizeBytes: number;
  readonly sizeIsBound: boolean;
  readonly digests: readonly DigestName[];
  verified: ObjectChecksum | null = null;
  readonly #payload: PayloadBytes;
  readonly #expected: ExpectedDigests;
  /** The checksum to keep: this algorithm, none, or (null) the one that the client declared. */
  readonly #keep: ChecksumAlgorithm | "none" | null;

  constructor(call: Call, declared: DeclaredChecksum | null, keep: ChecksumAlgorithm | "none" | null) {
    this.#expected = expectedDigests(call.payload, call.headers, declared);
    this.#payload = openPayload(call.payload, call.headers);
    this.#keep = keep;
    this.sizeBytes = this.#payload.sizeBytes;
    this.sizeIsBound = this.#payload.sizeIsBound ?? false;
    const kept: DigestName[] = keep === null || keep === "none" ? [] : [keep];
    this.digests = [...new Set([...neededDigests(this.#expected), ...kept])];
  }

  next(): Promise<Uint8Array | null> {
    return this.#payload.next();
  }

  release(): void {
    this.#payload.release();
  }

  verify(digests: Digests): ObjectChecksum | null {
    checkDigests(this.#expected, digests, this.#payload.trailers);
    const { declared } = this.#expected;
    if (declared !== null) this.verified = fullObject(declared.algorithm, digests);
    if (this.#keep === null) return this.verified;
    return this.#keep === "none" ? null : fullObject(this.#keep, digests);
  }
}

function fullObject(algorithm: ChecksumAlgorithm, digests: Digests): ObjectChecksum {
  return { algorithm, type: "full-object", value: toBase64(digestNamed(algorithm, digests)) };
}

/** Digests of the body according to the request's headers. */
interface ExpectedDigests {
  /** From x-amz-content-sha256; lower-case hexadecimal. */
  readonly sha256Hex: string | null;
  /** From Content-MD5. */
  readonly md5: Uint8Array | null;
  readonly declared: DeclaredChecksum | null;
}

function expectedDigests(payload: Payload, headers: Headers, declared: DeclaredChecksum | null): ExpectedDigests {
  const contentMd5 = headers.get("Content-MD5");
  const md5 = contentMd5 === null ? null : fromBase64(contentMd5);
  if (contentMd5 !== null && md5?.length !== 16) {
    throw new S3Error("InvalidDigest", undefined, { "Content-MD5": contentMd5 });
  }
  return { sha256Hex: payload.mode.kind === "hash" ? payload.mode.sha256Hex : null, md5, declared };
}

function neededDigests({ sha256Hex, md5, declared }: ExpectedDigests): DigestName[] {
  const needed = new Set<DigestName>();
  if (sha256Hex !== null) needed.add("sha256");
  if (md5 !== null) needed.add("md5");
  if (declared !== null) needed.add(declared.algorithm);
  return [...needed];
}

/** Throws for the first digest that does not match. */
function checkDigests(expected: ExpectedDigests, digests: Digests, trailers: ReadonlyMap<string, string>): void {
  const { sha256Hex, md5, declared } = expected;
  if (sha256Hex !== null) {
    const checked = checkContentSha256(sha256Hex, toHex(digestNamed("sha256", digests)));
    if (!checked.ok) throw signatureError(checked.failure);
  }
  if (md5 !== null) {
    const computed = digestNamed("md5", digests);
    if (!equalBytes(md5, computed)) {
      throw new S3Error("BadDigest", undefined, {
        ExpectedDigest: toBase64(md5),
        CalculatedDigest: toBase64(computed),
      });
    }
  }
  if (declared !== null && !equalBytes(declaredValue(declared, trailers), digestNamed(declared.algorithm, digests))) {
    throw new S3Error(
      "BadDigest",
      `The ${declared.algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  }
}

function declaredValue(declared: DeclaredChecksum, trailers: ReadonlyMap<string, string>): Uint8Array {
  if (declared.from === "header") return declared.value;
  const name = checksumHeader(declared.algorithm);
  const value = parseChecksumValue(declared.algorithm, trailers.get(name) ?? "");
  if (value === null) throw new S3Error("InvalidRequest", `Value for ${name} trailing header is invalid.`);
  return value;
}

function digestNamed(name: DigestName, digests: Digests): Uint8Array {
  const digest = digests.get(name);
  if (digest === undefined) throw new Error(`the store did not compute the digest ${name} that the body asked for`);
  return digest;
}

/**
 * All of a small body, an XML document, after the checks that every body undergoes. Over
 * `sizeMaxBytes` it throws MaxMessageLengthExceeded before anything is read.
 *
 * With `checksumHeaders: "of-object"` x-amz-checksum-* headers do not describe this body
 * (CompleteMultipartUpload).
 */
export async function readBody(
  call: Pick<Call, "payload" | "headers" | "store">,
  sizeMaxBytes: number,
  options: { checksumHeaders: "of-body" | "of-object" } = { checksumHeaders: "of-body" },
): Promise<Uint8Array> {
  const { payload, headers, store } = call;
  const declared = options.checksumHeaders === "of-body" ? parseDeclaredChecksum(headers) : null;
  const expected = expectedDigests(payload, headers, declared);
  const noBody = payload.pieces === null && payload.contentLengthBytes === null;
  const source = openPayload(noBody ? { ...payload, contentLengthBytes: 0 } : payload, headers);
  if (source.sizeBytes > sizeMaxBytes) {
    throw new S3Error("MaxMessageLengthExceeded", undefined, { MaxMessageLengthBytes: String(sizeMaxBytes) });
  }
  const pieces: Uint8Array[] = [];
  const digests = new DigestSet(neededDigests(expected), store.engine);
  try {
    for (let piece = await source.next(); piece !== null; piece = await source.next()) {
      pieces.push(piece.slice());
      digests.update(piece);
    }
    checkDigests(expected, digests.finish(), source.trailers);
    return concat(pieces);
  } finally {
    digests.release();
    source.release();
  }
}

/**
 * True if the request has a digest of its body: S3 requires one for operations that delete by list.
 */
export function hasBodyDigest(headers: Headers): boolean {
  return headers.has("Content-MD5") || parseDeclaredChecksum(headers) !== null;
}
