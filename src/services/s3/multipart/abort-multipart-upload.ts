import { abortUpload } from "../../../store/multipart/uploads.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { parseHttpDate } from "../objects/http-date.ts";
import { uploadIdOf } from "./upload-id.ts";

const INITIATED = "x-amz-if-match-initiated-time";

/**
 * AbortMultipartUpload: removes the upload and all its parts. If the request has an initiation
 * time, it must match.
 */
export const abortMultipartUpload: Handler = async (call) => {
  const initiatedSeconds = parseInitiated(call.headers);
  await abortUpload(call.store, {
    bucket: call.bucket,
    key: call.key,
    uploadId: uploadIdOf(call),
    ...(initiatedSeconds !== null && { initiatedSeconds }),
  });
  return { status: 204 };
};

/**
 * At AWS the condition is for directory buckets; here it works in any bucket. Throws
 * InvalidArgument.
 */
function parseInitiated(headers: Headers): number | null {
  const text = headers.get(INITIATED);
  if (text === null) return null;
  const ms = parseHttpDate(text.trim());
  if (ms !== null) return Math.floor(ms / 1000);
  throw new S3Error("InvalidArgument", "The time is no HTTP date.", { ArgumentName: INITIATED, ArgumentValue: text });
}
