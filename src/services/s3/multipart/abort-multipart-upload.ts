import { abortUpload } from "../../../store/multipart/uploads.ts";
import type { Handler } from "../handler.ts";
import { uploadIdOf } from "./upload-id.ts";

/** AbortMultipartUpload: forgets the upload and all its parts. */
export const abortMultipartUpload: Handler = async (call) => {
  await abortUpload(call.store, { bucket: call.bucket, key: call.key, uploadId: uploadIdOf(call) });
  return { status: 204 };
};
