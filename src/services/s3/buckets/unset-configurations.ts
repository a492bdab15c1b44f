import { type XmlContent, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { headBucket } from "../../../store/buckets/buckets.ts";
import { S3Error, type S3ErrorCode } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/*
 * Reads of configurations that cannot be set here. That none is set is the truth, and clients ask before they work
 * (s3cmd info, Terraform, copies of the AWS CLI): so each answers what AWS answers for a bucket that has none.
 */

/** The configuration's own error, after a check that the bucket exists. */
export function notSet(code: S3ErrorCode): Handler {
  return async ({ store, bucket }) => {
    await headBucket(store, bucket);
    throw new S3Error(code, undefined, { BucketName: bucket });
  };
}

/** A document without settings, or with the only possible value. */
export function fixedDocument(root: string, ...content: XmlContent[]): Handler {
  return async ({ store, bucket }) => {
    await headBucket(store, bucket);
    return { status: 200, body: xmlDocument(root, ...content) };
  };
}
