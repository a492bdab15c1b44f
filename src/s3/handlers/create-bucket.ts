import { createBucket as createStored } from "../../store/buckets.ts";
import { checkNewBucketName } from "../bucket-name.ts";
import { S3Error } from "../error.ts";
import type { Answer, Call } from "../handler.ts";
import { readBody } from "../objects/request-body.ts";
import { childText, readXml } from "../xml/read.ts";

const BODY_BYTES_MAX = 64 * 1024;
const regionName = /^[A-Za-z0-9-]{1,63}$/;
/** Elements of CreateBucketConfiguration that ask for what is not built: directory buckets, and tags. */
const notBuilt = ["Location", "Bucket", "Tags"];

/**
 * PUT /bucket. The bucket's region is its LocationConstraint, whatever that is, or the server's: this server is every
 * region at once, and a client that names one must find it again.
 */
export async function createBucket(call: Call): Promise<Answer> {
  const { bucket, principal, store } = call;
  if (principal.kind === "anonymous") throw new Error("anonymous creates no buckets: to be refused by authorisation");
  checkNewBucketName(bucket);
  const region = (await readLocationConstraint(call)) || store.settings.region;
  if (!regionName.test(region)) {
    throw new S3Error("InvalidLocationConstraint", undefined, { LocationConstraint: region });
  }
  await createStored(store, { name: bucket, owner: principal.ownerId, region });
  return { status: 200, headers: { Location: `/${bucket}` } };
}

async function readLocationConstraint(call: Call): Promise<string> {
  const bytes = await readBody(call, BODY_BYTES_MAX);
  if (bytes.length === 0) return "";
  const root = readXml(bytes, "CreateBucketConfiguration");
  for (const { name } of root.children) {
    if (notBuilt.includes(name)) throw new S3Error("NotImplemented", `${name} of a new bucket is not implemented`);
  }
  return childText(root, "LocationConstraint") ?? "";
}
