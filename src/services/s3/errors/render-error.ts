import { AccessRefused } from "../../../auth/access.ts";
import { AuthenticationError } from "../../../auth/authentication-error.ts";
import { RateExceeded } from "../../../edge/rate-limiter.ts";
import { MalformedXml } from "../../../protocols/rest-xml/read.ts";
import { element, plainDocument } from "../../../protocols/rest-xml/write.ts";
import { DataKeyRefused } from "../../../sealing/data-keys.ts";
import { SelectFailure } from "../../../select/failure.ts";
import { StoreError } from "../../../store/failure.ts";
import { BUCKET_REGION, RefusedInBucket } from "../gate/bucket-region.ts";
import { S3Error } from "./error.ts";
import { translateAuthenticationFailure } from "./translate-authentication.ts";
import { translateKmsFailure } from "./translate-kms.ts";
import { translateStoreFailure } from "./translate-store.ts";

/**
 * An error in S3's form. Anything that is neither S3's nor the store's error is a bug:
 * InternalError. `method` is the request's, for errors that repeat it.
 */
export function toS3Error(thrown: unknown, method = "GET"): S3Error {
  if (thrown instanceof S3Error) return thrown;
  if (thrown instanceof AuthenticationError) return translateAuthenticationFailure(thrown.failure);
  if (thrown instanceof AccessRefused) {
    const headers: Record<string, string> = thrown instanceof RefusedInBucket ? { [BUCKET_REGION]: thrown.region } : {};
    return new S3Error("AccessDenied", undefined, {}, { headers, cause: thrown });
  }
  if (thrown instanceof RateExceeded) {
    const headers = { "Retry-After": String(thrown.retryAfterSeconds) };
    return new S3Error("SlowDown", undefined, {}, { headers });
  }
  if (thrown instanceof DataKeyRefused) return translateKmsFailure(thrown.failure);
  if (thrown instanceof SelectFailure) return new S3Error(thrown.code, thrown.message);
  if (thrown instanceof MalformedXml) return new S3Error("MalformedXML");
  if (thrown instanceof StoreError) {
    const { code, message, details, headers } = translateStoreFailure(thrown.failure, method);
    return new S3Error(code, message, details, { headers, cause: thrown });
  }
  return new S3Error("InternalError", undefined, {}, { cause: thrown });
}

/** The body of an error's answer. `resource` is the path as it arrived. */
export function errorDocument(error: S3Error, ids: { resource: string; requestId: string; hostId: string }): string {
  return plainDocument(
    "Error",
    element("Code", error.code),
    element("Message", error.message),
    ...Object.entries(error.details).map(([name, value]) => element(name, value)),
    element("Resource", ids.resource),
    element("RequestId", ids.requestId),
    element("HostId", ids.hostId),
  );
}
