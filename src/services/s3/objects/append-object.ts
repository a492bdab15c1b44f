import type { Answer } from "../../../edge/answer.ts";
import { type AppendTarget, appendObject as appendStored } from "../../../store/write/append.ts";
import { checksumAnswerHeaders, checksumHeader } from "../body/checksums.ts";
import { incomingAppend, incomingBody, releasing, type VerifiableBody } from "../body/request-body.ts";
import { customerKey } from "../encryption/customer-key.ts";
import { encryptionHeaders, requestedEncryption } from "../encryption/headers.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { parseWriteCondition } from "./conditions.ts";
import { quoteEtag } from "./etag.ts";
import { parseNewObject } from "./new-object.ts";

const OFFSET = "x-amz-write-offset-bytes";

/** Offset of an appending PutObject, in bytes; null: it does not append. Throws InvalidArgument. */
export function parseWriteOffset(headers: Headers): number | null {
  const text = headers.get(OFFSET);
  if (text === null) return null;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new S3Error("InvalidArgument", `The ${OFFSET} header must be a number of bytes, not negative.`, {
    ArgumentName: OFFSET,
    ArgumentValue: text,
  });
}

/**
 * PutObject with x-amz-write-offset-bytes, in any bucket without versions: at AWS it is for
 * directory buckets. Attributes in the request count only if it creates the object.
 */
export async function appendObject(call: Call, offset: number): Promise<Answer> {
  const { bucket, key, headers, store } = call;
  const condition = parseWriteCondition(headers);
  const created = { ...parseNewObject(headers, store), ...requestedEncryption(call) };
  let body: VerifiableBody | undefined;
  const appended = appendStored(store, {
    bucket,
    key,
    offset,
    created,
    customerKey: customerKey(call),
    body: (target) => {
      if (target) refuseAttributes(headers, target);
      body = target ? incomingAppend(call, target.algorithm) : incomingBody(call);
      if (body.sizeBytes > 0) return body;
      throw new S3Error("InvalidRequest", "Request body cannot be empty when 'write offset' is specified.");
    },
    ...(condition && { condition }),
  });
  const { etag, sizeBytes, checksum, part, encryption } = await releasing(() => body, appended);
  return {
    status: 200,
    headers: {
      ETag: quoteEtag(etag),
      "x-amz-object-size": `${sizeBytes}`,
      ...encryptionHeaders(encryption),
      // A checksum of parts' checksums is useless to a client that knows one part: it gets its own
      // part's.
      ...(checksum?.type === "composite" && part
        ? { [checksumHeader(part.algorithm)]: part.value }
        : checksumAnswerHeaders(checksum)),
    },
  };
}

/**
 * Headers that would have to be ignored, because an existing object keeps its attributes. SDKs
 * always send a Content-Type, so that one is allowed.
 */
function refuseAttributes(headers: Headers, target: AppendTarget): void {
  if (target.isForeign) throw new S3Error("AccessDenied");
  const names = [...headers.keys()];
  if (names.some((name) => name.startsWith("x-amz-meta-"))) {
    throw new S3Error(
      "InvalidRequest",
      "Cannot specify both a write offset value and user-defined object metadata for existing objects.",
    );
  }
  const storageClass = headers.get("x-amz-storage-class");
  const other = storageClass !== null && storageClass !== target.storageClass;
  if (other || headers.has("x-amz-tagging")) {
    const header = other ? "x-amz-storage-class" : "x-amz-tagging";
    throw new S3Error("InvalidRequest", `Cannot specify both a write offset value and ${header} for existing objects.`);
  }
}
