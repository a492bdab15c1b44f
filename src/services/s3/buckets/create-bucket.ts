import { canonicalIdOf, firstAccount } from "../../../auth/principal.ts";
import type { Answer } from "../../../edge/answer.ts";
import { child, childText, readXml } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { createBucket as createStored } from "../../../store/buckets/buckets.ts";
import type { Tags } from "../../../store/types.ts";
import { type BucketNamespace, checkNewBucketName } from "../address/bucket-name.ts";
import { readBody } from "../body/request-body.ts";
import { S3Error } from "../errors/error.ts";
import type { Call } from "../handler.ts";
import { BUCKET_TAGS, parseTagList, TAG_LIST_SHAPE } from "../tagging/tags.ts";
import { newBucketTags } from "./asks.ts";
import { newBucketAccess } from "./new-bucket-access.ts";

const BODY_BYTES_MAX = 64 * 1024;
const regionName = /^[A-Za-z0-9-]{1,63}$/;
/** Elements of CreateBucketConfiguration for features that are not built: directory buckets. */
const notBuilt = ["Location", "Bucket"];
const OBJECT_LOCK = "x-amz-bucket-object-lock-enabled";
const NAMESPACE = "x-amz-bucket-namespace";

/**
 * PUT /bucket. The bucket's region is its LocationConstraint, whatever that is, or the server's.
 * This server is every region at once, and a client that names a region must find it again.
 */
export async function createBucket(call: Call): Promise<Answer> {
  const { bucket, principal, store, gate } = call;
  // The server reads no document of a caller who may not create buckets.
  if (!("accountId" in principal)) gate.account();
  const objectLock = parseObjectLock(call.headers);
  const { location, tags } = await readConfiguration(call);
  if (location !== "") gate.body.locationConstraint = location;
  if (tags.length > 0) gate.body.resourceTags = tags;
  await gate.accountSurely(tags.length > 0 ? newBucketTags(call) : []);
  const region = location || store.settings.region;
  if (!regionName.test(region)) {
    throw new S3Error("InvalidLocationConstraint", undefined, { LocationConstraint: region });
  }
  const ownerAccount = "accountId" in principal ? principal.accountId : firstAccount.accountId;
  checkNewBucketName(bucket, parseNamespace(call.headers, { accountId: ownerAccount, region }));
  const owner = canonicalIdOf(principal);
  const access = await newBucketAccess(call, owner);
  await createStored(store, { name: bucket, owner, ownerAccount, region, objectLock, tags, ...(access && { access }) });
  return { status: 200, headers: { Location: `/${bucket}` } };
}

function parseNamespace(headers: Headers, own: { accountId: string; region: string }): BucketNamespace {
  const text = headers.get(NAMESPACE) ?? "global";
  if (text === "global") return { kind: "global" };
  if (text === "account-regional") return { kind: "account-regional", ...own };
  const details = { ArgumentName: NAMESPACE, ArgumentValue: text };
  throw new S3Error("InvalidArgument", `The value of ${NAMESPACE} must be global or account-regional.`, details);
}

function parseObjectLock(headers: Headers): boolean {
  const text = headers.get(OBJECT_LOCK)?.toLowerCase() ?? "false";
  if (text === "true" || text === "false") return text === "true";
  const details = { ArgumentName: OBJECT_LOCK, ArgumentValue: text };
  throw new S3Error("InvalidArgument", `The value of ${OBJECT_LOCK} must be true or false.`, details);
}

async function readConfiguration(call: Call): Promise<{ location: string; tags: Tags }> {
  const bytes = await readBody(call, BODY_BYTES_MAX);
  if (bytes.length === 0) return { location: "", tags: [] };
  const root = readXml(bytes, "CreateBucketConfiguration");
  for (const { name } of root.children) {
    if (notBuilt.includes(name)) throw new S3Error("NotImplemented", `${name} of a new bucket is not implemented`);
  }
  requireShape(root, { LocationConstraint: "text", Tags: TAG_LIST_SHAPE });
  const tags = child(root, "Tags");
  const location = childText(root, "LocationConstraint") ?? "";
  return { location, tags: tags ? parseTagList(tags, BUCKET_TAGS) : [] };
}
