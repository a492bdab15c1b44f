import type { LoggingConfiguration } from "../../../logging/configuration.ts";
import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { S3Error } from "../errors/error.ts";

const PREFIX_CHARACTERS_MAX = 900;

/** What a BucketLoggingStatus may hold. */
export const LOGGING_SHAPE: XmlShape = {
  LoggingEnabled: {
    TargetBucket: "text",
    TargetPrefix: "text",
    TargetGrants: {
      Grant: { Grantee: { ID: "text", URI: "text", EmailAddress: "text", DisplayName: "text" }, Permission: "text" },
    },
    TargetObjectKeyFormat: { SimplePrefix: {}, PartitionedPrefix: { PartitionDateSource: "text" } },
  },
};

/** A configuration, and whether it grants anything on the log objects. */
export interface ParsedLogging {
  readonly configuration: LoggingConfiguration;
  readonly hasGrants: boolean;
}

/** Reads a BucketLoggingStatus; null: logging is off. Throws MalformedXML and InvalidArgument. */
export function parseBucketLogging(root: XmlElement): ParsedLogging | null {
  const enabled = child(root, "LoggingEnabled");
  if (enabled === undefined) return null;
  const targetBucket = childText(enabled, "TargetBucket")?.trim() ?? "";
  const targetPrefix = childText(enabled, "TargetPrefix");
  if (targetBucket === "" || targetPrefix === undefined) throw new S3Error("MalformedXML");
  if (targetPrefix.length > PREFIX_CHARACTERS_MAX) {
    throw new S3Error("InvalidArgument", "The target prefix is too long", { ArgumentName: "TargetPrefix" });
  }
  const grants = child(enabled, "TargetGrants");
  const hasGrants = grants !== undefined && grants.children.length > 0;
  return {
    configuration: { targetBucket, targetPrefix, keys: keysOf(child(enabled, "TargetObjectKeyFormat")) },
    hasGrants,
  };
}

function keysOf(format: XmlElement | undefined): LoggingConfiguration["keys"] {
  if (format === undefined) return "simple";
  const partitioned = child(format, "PartitionedPrefix");
  const simple = child(format, "SimplePrefix");
  if ((partitioned === undefined) === (simple === undefined)) throw new S3Error("MalformedXML");
  if (partitioned === undefined) return "simple";
  const source = childText(partitioned, "PartitionDateSource") ?? "DeliveryTime";
  if (source === "EventTime" || source === "DeliveryTime") return source;
  throw new S3Error("MalformedXML");
}

/** The document that GetBucketLogging answers; an empty one if nothing is logged. */
export function bucketLoggingDocument(configuration: LoggingConfiguration | null): string {
  if (configuration === null) return xmlDocument("BucketLoggingStatus");
  const { targetBucket, targetPrefix, keys } = configuration;
  const format =
    keys === "simple" ? element("SimplePrefix") : element("PartitionedPrefix", element("PartitionDateSource", keys));
  return xmlDocument(
    "BucketLoggingStatus",
    element(
      "LoggingEnabled",
      element("TargetBucket", targetBucket),
      element("TargetPrefix", targetPrefix),
      element("TargetObjectKeyFormat", format),
    ),
  );
}
