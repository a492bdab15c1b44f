import type { Checked } from "./failures.ts";
import { refused } from "./failures.ts";
import { collectOnce } from "./parse-presigned-query.ts";
import { parseUnchainedPayloadMode } from "./payload.ts";
import type { QueryParameter } from "./percent-encoding.ts";
import type { RequestHead, SignedV2Request } from "./request-head.ts";
import { amzHeaders } from "./string-to-sign-v2.ts";
import { parseBasicTime, parseHttpTime } from "./timestamp.ts";

const headerForm = /^AWS ([^ :]+):([^ :]+)$/;
const expiresForm = /^-?\d{1,18}$/;

/**
 * Reads a request whose Authorization header is `AWS <key id>:<signature>`. Its time is x-amz-date where that is there,
 * which then is signed as a header, otherwise Date.
 */
export function parseHeaderV2(head: RequestHead, authorization: string): Checked<SignedV2Request> {
  const parts = headerForm.exec(authorization);
  if (parts === null) return refused({ kind: "malformedV2Authorization" });
  const [, accessKeyId, signature] = parts as unknown as [string, string, string];
  const amzDate = head.headers.get("x-amz-date");
  const date = head.headers.get("date") ?? "";
  const timestampText = amzDate ?? date;
  const timestampMs = parseBasicTime(timestampText) ?? parseHttpTime(timestampText);
  if (timestampMs === null) return refused({ kind: "missingDate" });
  const dateText = amzDate === undefined ? date : "";
  return claim(head, { via: "header", accessKeyId, signature, dateText, timestampMs, timestampText });
}

/** Reads a request signed by the parameters AWSAccessKeyId, Signature and Expires (seconds since 1970). */
export function parseQueryV2(head: RequestHead, query: readonly QueryParameter[]): Checked<SignedV2Request> {
  const found = collectOnce(query, ["AWSAccessKeyId", "Signature", "Expires"]);
  if (!found.ok) return found;
  const { AWSAccessKeyId: accessKeyId, Signature: signature, Expires: dateText } = found.value;
  if (accessKeyId === undefined || signature === undefined || dateText === undefined) {
    return refused({ kind: "missingV2Parameters" });
  }
  const expiresAtSeconds = expiresForm.test(dateText) ? Number(dateText) : Number.NaN;
  if (!(Math.abs(expiresAtSeconds) < 2 ** 31)) return refused({ kind: "malformedV2Expires", value: dateText });
  return claim(head, { via: "query", accessKeyId, signature, dateText, expiresAtMs: expiresAtSeconds * 1000 });
}

type DistributiveOmit<T, Keys extends string> = T extends unknown ? Omit<T, Keys> : never;

/** Adds what both forms have: the token of temporary credentials, and what binds the body. The signature itself does not. */
function claim(
  head: RequestHead,
  read: DistributiveOmit<SignedV2Request, "kind" | "sessionToken" | "payload">,
): Checked<SignedV2Request> {
  const payload = parseUnchainedPayloadMode(head.headers.get("x-amz-content-sha256"));
  if (!payload.ok) return payload;
  const sessionToken = amzHeaders(head, read.via).get("x-amz-security-token");
  const optional = sessionToken === undefined ? {} : { sessionToken };
  return { ok: true, value: { kind: "signed-v2", ...read, ...optional, payload: payload.value } };
}
