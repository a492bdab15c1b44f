import { xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { readBucketConfiguration } from "../../../store/buckets/bucket-configuration.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { type PublicAccessBlock, publicAccessElements } from "./public-access-block.ts";

/** GetPublicAccessBlock. */
export const getPublicAccessBlock: Handler = async ({ store, bucket }) => {
  const block = (await readBucketConfiguration(store, bucket, "publicAccessBlock")) as PublicAccessBlock | null;
  if (block === null) throw new S3Error("NoSuchPublicAccessBlockConfiguration", undefined, { BucketName: bucket });
  return { status: 200, body: xmlDocument("PublicAccessBlockConfiguration", ...publicAccessElements(block)) };
};
