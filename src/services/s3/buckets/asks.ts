import { type Asks, aclAsks, ofAccount } from "../gate/ask.ts";

const OBJECT_LOCK = "x-amz-bucket-object-lock-enabled";

/** CreateBucket. Its body may have tags; `newBucketTags` asks for those when the body is read. */
export const createBucket: Asks = (asking) => [
  ...ofAccount("s3:CreateBucket")(asking),
  ...aclAsks("s3:PutBucketAcl", "account")(asking),
  ...(asking.headers.get(OBJECT_LOCK)?.toLowerCase() === "true"
    ? [...ofAccount("s3:PutBucketObjectLockConfiguration")(asking), ...ofAccount("s3:PutBucketVersioning")(asking)]
    : []),
  ...(asking.headers.has("x-amz-object-ownership") ? ofAccount("s3:PutBucketOwnershipControls")(asking) : []),
];

/** Further asks of CreateBucket if the new bucket is to have tags. */
export const newBucketTags: Asks = ofAccount("s3:TagResource");
