import { child, childText } from "../../../protocols/rest-xml/read.ts";
import { changeBucketAccess } from "../../../store/buckets/bucket-configuration.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { isObjectOwnership, requireNoGrants } from "./ownership.ts";

const SHAPE = { Rule: { ObjectOwnership: "text" } } as const;

/**
 * PutBucketOwnershipControls. BucketOwnerEnforced is refused while the bucket's ACL grants anything
 * to others.
 */
export const putBucketOwnershipControls: Handler = async (call) => {
  const rule = child(await readDocument(call, "OwnershipControls", SHAPE), "Rule");
  const ownership = (rule && childText(rule, "ObjectOwnership"))?.trim();
  if (ownership === undefined || !isObjectOwnership(ownership)) throw new S3Error("MalformedXML");
  call.gate.body.objectOwnership = ownership;
  await changeBucketAccess(call.store, call.bucket, (bucket) => {
    if (ownership === "BucketOwnerEnforced") requireNoGrants(bucket);
    return { part: "ownership", value: ownership };
  });
  return { status: 200 };
};
