import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { setVersioning } from "../../../store/buckets/buckets.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/**
 * PutBucketVersioning. MFA Delete is refused: it would need a second device, and nobody has one
 * here.
 */
export const putBucketVersioning: Handler = async (call) => {
  const configuration = await readDocument(call, "VersioningConfiguration");
  refuseExclusions(configuration);
  requireShape(configuration, { Status: "text", MfaDelete: "text" });
  refuseMfaDelete(configuration);
  await setVersioning(call.store, call.bucket, parseStatus(configuration));
  return { status: 200 };
};

function parseStatus(configuration: XmlElement): "enabled" | "suspended" {
  switch (childText(configuration, "Status")?.trim()) {
    case "Enabled":
      return "enabled";
    case "Suspended":
      return "suspended";
    case undefined:
      throw new S3Error("IllegalVersioningConfigurationException", "The Versioning element must be specified");
    default:
      throw new S3Error("MalformedXML");
  }
}

/**
 * MinIO's: prefixes and folders without versions. If they were ignored, versions would be kept
 * against the request.
 */
function refuseExclusions(configuration: XmlElement): void {
  const found = configuration.children.find(({ name }) => name === "ExcludedPrefixes" || name === "ExcludeFolders");
  if (found) throw new S3Error("NotImplemented", `${found.name} is not implemented`);
}

function refuseMfaDelete(configuration: XmlElement): void {
  switch (childText(configuration, "MfaDelete")?.trim()) {
    case undefined:
    case "Disabled":
      return;
    case "Enabled":
      throw new S3Error("NotImplemented", "MfaDelete is not implemented");
    default:
      throw new S3Error("MalformedXML");
  }
}
