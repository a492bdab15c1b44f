import type { LoggingConfiguration } from "../../../logging/configuration.ts";
import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { element, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import { GRANT_SHAPE, type GrantRules, grantElements, type NamedGrant, parseGrants } from "../acl/grants-document.ts";
import { S3Error } from "../errors/error.ts";

const PREFIX_CHARACTERS_MAX = 900;

/** Schema of a BucketLoggingStatus. */
export const LOGGING_SHAPE: XmlShape = {
  LoggingEnabled: {
    TargetBucket: "text",
    TargetPrefix: "text",
    TargetGrants: { Grant: GRANT_SHAPE },
    TargetObjectKeyFormat: { SimplePrefix: {}, PartitionedPrefix: { PartitionDateSource: "text" } },
  },
};

/** "TargetGrant" in the Amazon S3 API Reference. */
const GRANT_RULES: GrantRules = { permissions: new Set(["FULL_CONTROL", "READ", "WRITE"]), malformed: "MalformedXML" };

/** A configuration, and its grants on the log objects. */
export interface ParsedLogging {
  readonly configuration: Omit<LoggingConfiguration, "grants">;
  readonly grants: readonly NamedGrant[];
}

/** Reads a BucketLoggingStatus; null: logging is off. Throws MalformedXML, InvalidArgument and MalformedACLError. */
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
  return {
    configuration: { targetBucket, targetPrefix, keys: keysOf(child(enabled, "TargetObjectKeyFormat")) },
    grants: grants === undefined ? [] : parseGrants(grants, GRANT_RULES),
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

/** The document of GetBucketLogging; empty if logging is off. */
export function bucketLoggingDocument(configuration: LoggingConfiguration | null): string {
  if (configuration === null) return xmlDocument("BucketLoggingStatus");
  const { targetBucket, targetPrefix, keys, grants = [] } = configuration;
  const format =
    keys === "simple" ? element("SimplePrefix") : element("PartitionedPrefix", element("PartitionDateSource", keys));
  return xmlDocument(
    "BucketLoggingStatus",
    element(
      "LoggingEnabled",
      element("TargetBucket", targetBucket),
      element("TargetPrefix", targetPrefix),
      grants.length === 0 ? [] : element("TargetGrants", grantElements(grants)),
      element("TargetObjectKeyFormat", format),
    ),
  );
}
