import { child, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { requireShape } from "../../../protocols/rest-xml/shape.ts";
import { headObject } from "../../../store/read/objects.ts";
import { readDocument } from "../body/document.ts";
import { S3Error } from "../errors/error.ts";
import type { Handler } from "../handler.ts";
import { invalidArgument } from "../listing/parameters.ts";
import { versionOf } from "./version-id.ts";

const TIERS: ReadonlySet<string> = new Set(["Standard", "Bulk", "Expedited"]);
const DAYS_MAX = 2 ** 31 - 1;

const SHAPE = {
  Days: "text",
  Tier: "text",
  Type: "text",
  Description: "text",
  GlacierJobParameters: { Tier: "text" },
} as const;

/**
 * RestoreObject. Objects of every storage class are always readable here, so there is nothing to
 * restore. For a valid document the answer is S3's for such an object, InvalidObjectState. The type
 * SELECT is not built. Throws MalformedXML, InvalidArgument.
 */
export const restoreObject: Handler = async (call) => {
  const root = await readDocument(call, "RestoreRequest");
  if (childText(root, "Type")?.trim() === "SELECT") {
    throw new S3Error("NotImplemented", "Restoring by a SELECT query is not implemented");
  }
  checkShape(root);
  const days = parseDays(root);
  const { bucket, key, query } = call;
  const head = await headObject(call.store, { bucket, key, ...versionOf(query), ignoresKey: true });
  // Only objects of this class are restored permanently.
  if (days === null && head.storageClass !== "INTELLIGENT_TIERING") throw new S3Error("MalformedXML");
  throw new S3Error("InvalidObjectState", "Restore is not allowed for the object's current storage class", {
    StorageClass: head.storageClass,
  });
};

function checkShape(root: XmlElement): void {
  requireShape(root, SHAPE);
  const type = childText(root, "Type");
  if (type !== undefined) throw new S3Error("MalformedXML");
  const parameters = child(root, "GlacierJobParameters");
  for (const tier of [childText(root, "Tier"), parameters && (childText(parameters, "Tier") ?? "")]) {
    if (tier !== undefined && !TIERS.has(tier.trim())) throw new S3Error("MalformedXML");
  }
}

function parseDays(root: XmlElement): number | null {
  const text = childText(root, "Days")?.trim();
  if (text === undefined) return null;
  if (!/^-?\d{1,10}$/.test(text) || Number(text) > DAYS_MAX) throw new S3Error("MalformedXML");
  if (Number(text) < 1) throw invalidArgument("Days", text, "restoration days should be at least 1");
  return Number(text);
}
