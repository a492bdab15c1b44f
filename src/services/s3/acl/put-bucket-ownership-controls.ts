import { child, childText } from "../../../protocols/rest-xml/read.ts";
import { setBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/** Settings under which ACLs would count. */
const WITH_ACLS = ["BucketOwnerPreferred", "ObjectWriter"];

/** PutBucketOwnershipControls: only BucketOwnerEnforced, which is what is done. Another one throws NotImplemented. */
export const putBucketOwnershipControls: Handler = async (call) => {
  const rule = child(await readDocument(call, "OwnershipControls"), "Rule");
  const ownership = rule && childText(rule, "ObjectOwnership");
  if (ownership !== undefined && WITH_ACLS.includes(ownership)) {
    throw new S3Error("NotImplemented", `ObjectOwnership ${ownership} is not implemented: there are no ACLs`);
  }
  if (ownership !== "BucketOwnerEnforced") throw new S3Error("MalformedXML");
  await setBucketConfiguration(call.store, call.bucket, { kind: "ownershipControlsRemoved", value: null });
  return { status: 200 };
};
