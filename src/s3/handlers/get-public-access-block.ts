import { readBucketConfiguration } from "../../store/bucket-configuration.ts";
import { type PublicAccessBlock, publicAccessElements } from "../acl/public-access-block.ts";
import { S3Error } from "../error.ts";
import type { Handler } from "../handler.ts";
import { xmlDocument } from "../xml/write.ts";

/** GetPublicAccessBlock. */
export const getPublicAccessBlock: Handler = async ({ store, bucket }) => {
  const block = (await readBucketConfiguration(store, bucket, "publicAccessBlock")) as PublicAccessBlock | null;
  if (block === null) throw new S3Error("NoSuchPublicAccessBlockConfiguration", undefined, { BucketName: bucket });
  return { status: 200, body: xmlDocument("PublicAccessBlockConfiguration", ...publicAccessElements(block)) };
};
