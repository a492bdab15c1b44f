import { firstAccount } from "../../../auth/principal.ts";
import type { Bucket } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";
import type { Asking } from "./ask.ts";

/**
 * Throws AccessDenied if the request expects another account to own the bucket, and
 * InvalidBucketOwnerAWSAccountID if the expected value is no account id. The source bucket of a
 * copy has a header of its own.
 */
export function checkExpectedOwner({ bucket: addressed, headers }: Asking, { name, ownerAccount }: Bucket): void {
  const header = name === addressed ? "x-amz-expected-bucket-owner" : "x-amz-source-expected-bucket-owner";
  const names = name === addressed && headers.has("x-amz-copy-source") ? bothIfSame(headers, name, header) : [header];
  for (const each of names) {
    const expected = headers.get(each);
    if (expected === null) continue;
    if (!/^\d{12}$/.test(expected)) throw malformed(expected);
    if (expected !== (ownerAccount ?? firstAccount.accountId)) throw new S3Error("AccessDenied");
  }
}

/** A copy within one bucket: both headers apply to it. */
function bothIfSame(headers: Headers, name: string, header: string): string[] {
  const source = decodeURIComponent(headers.get("x-amz-copy-source") ?? "").replace(/^\//, "");
  return source.startsWith(`${name}/`) ? [header, "x-amz-source-expected-bucket-owner"] : [header];
}

function malformed(value: string): S3Error {
  return new S3Error(
    "InvalidBucketOwnerAWSAccountID",
    `The value of the expected bucket owner parameter must be an AWS Account ID... [${value.slice(0, 100)}]`,
  );
}
