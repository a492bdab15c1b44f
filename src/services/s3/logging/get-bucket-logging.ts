import type { LoggingConfiguration } from "../../../logging/configuration.ts";
import { readLogging } from "../../../store/buckets/logging.ts";
import type { Handler } from "../handler.ts";
import { bucketLoggingDocument } from "./bucket-logging.ts";

/** GetBucketLogging: an empty document if logging is off. */
export const getBucketLogging: Handler = async ({ store, bucket }) => {
  // Only PutBucketLogging writes it.
  const configuration = (await readLogging(store, bucket)) as LoggingConfiguration | null;
  return { status: 200, body: bucketLoggingDocument(configuration) };
};
