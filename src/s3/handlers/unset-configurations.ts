import { headBucket } from "../../store/buckets.ts";
import { headObject } from "../../store/objects.ts";
import { S3Error, type S3ErrorCode } from "../error.ts";
import type { Call, Handler } from "../handler.ts";
import { ownerElement } from "../listing/owner.ts";
import { versionOf } from "../objects/version-id.ts";
import { element, elementWith, type XmlContent, xmlDocument } from "../xml/write.ts";

/*
 * Reads of configurations that cannot be set here. That none is set is the truth, and clients ask before they work
 * (s3cmd info, Terraform, copies of the AWS CLI): so each answers what AWS answers for a bucket that has none.
 */

/** The configuration's own error, once it is known that the bucket exists. */
export function notSet(code: S3ErrorCode): Handler {
  return async ({ store, bucket }) => {
    await headBucket(store, bucket);
    throw new S3Error(code, undefined, { BucketName: bucket });
  };
}

/** A document without a setting in it, or with the one that is always so. */
export function fixedDocument(root: string, ...content: XmlContent[]): Handler {
  return async ({ store, bucket }) => {
    await headBucket(store, bucket);
    return { status: 200, body: xmlDocument(root, ...content) };
  };
}

export const getBucketAcl: Handler = async (call) => {
  await headBucket(call.store, call.bucket);
  return { status: 200, body: ownerHasFullControl(call) };
};

export const getObjectAcl: Handler = async (call) => {
  await existingObject(call);
  return { status: 200, body: ownerHasFullControl(call) };
};

async function existingObject({ store, bucket, key, query }: Call): Promise<void> {
  await headObject(store, { bucket, key, ...versionOf(query) });
}

function ownerHasFullControl({ principal }: Call): string {
  const owner = ownerElement("Owner", principal);
  if (principal.kind === "anonymous") throw new Error("anonymous owns nothing");
  const grantee = elementWith(
    "Grantee",
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"',
    element("ID", principal.ownerId),
    element("DisplayName", principal.displayName),
  );
  const grant = element("Grant", grantee, element("Permission", "FULL_CONTROL"));
  return xmlDocument("AccessControlPolicy", owner, element("AccessControlList", grant));
}
