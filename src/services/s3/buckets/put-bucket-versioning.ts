import { childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { setVersioning } from "../../../store/buckets/buckets.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";

/** PutBucketVersioning. MFA Delete would need a second device, which nobody has here. */
export const putBucketVersioning: Handler = async (call) => {
  const configuration = await readDocument(call, "VersioningConfiguration");
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
