/** What is logged of one request to a bucket. Null: there is nothing to say. */
export interface AccessRecord {
  readonly bucket: string;
  readonly atMs: number;
  readonly clientAddress: string | null;
  /** Canonical id of a root, ARN of a user or session. */
  readonly requester: string | null;
  readonly requestId: string;
  /** `REST.GET.OBJECT` */
  readonly operation: string;
  readonly key: string | null;
  /** `GET /bucket/key HTTP/1.1` */
  readonly requestLine: string;
  readonly status: number;
  readonly error: string | null;
  readonly sentBytes: number | null;
  readonly objectBytes: number | null;
  readonly totalMs: number;
  readonly turnaroundMs: number | null;
  readonly referer: string | null;
  readonly userAgent: string | null;
  readonly versionId: string | null;
  readonly hostId: string;
  readonly signature: "SigV2" | "SigV4" | null;
  readonly cipher: string | null;
  readonly authentication: "AuthHeader" | "QueryString" | null;
  readonly host: string | null;
  readonly tls: string | null;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** Of a client's text: what stands behind is not logged. */
export const TEXT_CHARACTERS_MAX = 8_192;

/**
 * The line of a request, with its line break. `owner`: canonical id of the bucket's. The last two fields, of access points and of whether an
 * ACL was needed, are never known here.
 *
 * Follows "Amazon S3 server access log format" in the Amazon S3 User Guide.
 */
export function accessLine(record: AccessRecord, owner: string): string {
  const { sentBytes, objectBytes, turnaroundMs } = record;
  const fields = [
    ...[owner, record.bucket, timeOf(record.atMs), record.clientAddress, record.requester, record.requestId],
    ...[
      record.operation,
      record.key === null ? null : keyText(record.key),
      quoted(record.requestLine),
      `${record.status}`,
    ],
    ...[record.error, sentBytes ? `${sentBytes}` : null, objectBytes === null ? null : `${objectBytes}`],
    ...[`${record.totalMs}`, turnaroundMs === null ? null : `${turnaroundMs}`],
    ...[quoted(record.referer), quoted(record.userAgent), record.versionId, record.hostId, record.signature],
    ...[record.cipher, record.authentication, record.host, record.tls, null, null],
  ];
  return `${fields.map((field) => (field === null || field === "" ? "-" : field)).join(" ")}\n`;
}

/** The day of a request in UTC: `2026-11-29`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function timeOf(ms: number): string {
  const at = new Date(ms);
  const two = (number: number) => `${number}`.padStart(2, "0");
  const day = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}`;
  return `[${day}:${[at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()].map(two).join(":")} +0000]`;
}

/** Percent-encoded twice, as AWS does it, so that no key breaks a line or a field. */
function keyText(key: string): string {
  const once = encodeURIComponent(key.toWellFormed()).replaceAll("%2F", "/");
  return once.replaceAll("%", "%25");
}

/** A client's text in quotes: what could end the quotes or the line is escaped. */
function quoted(text: string | null): string {
  if (text === null || text === "") return '"-"';
  const safe = text
    .slice(0, TEXT_CHARACTERS_MAX)
    .replace(/["\\\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (one) =>
      one === '"' || one === "\\" ? `\\${one}` : `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`,
    );
  return `"${safe}"`;
}
