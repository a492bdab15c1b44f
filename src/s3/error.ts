/**
 * S3's errors as AWS spells them: code, status and default message. An `S3Error` is thrown anywhere in `src/s3` and
 * rendered in one place (`render-error.ts`). Source: AWS S3 API reference, "Error responses".
 */
const ERRORS = {
  AccessDenied: [403, "Access Denied"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  NotImplemented: [501, "A header you provided implies functionality that is not implemented"],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type S3ErrorCode = keyof typeof ERRORS;

/** An answer that is an error. `details` become elements of the XML (`Resource`, `BucketName`, …). */
export class S3Error extends Error {
  readonly code: S3ErrorCode;
  readonly details: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message?: string, details: Record<string, string> = {}) {
    super(message ?? ERRORS[code][1]);
    this.name = "S3Error";
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}
