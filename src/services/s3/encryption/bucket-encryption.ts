import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import type { XmlShape } from "../../../protocols/rest-xml/shape.ts";
import { element, optional, xmlDocument } from "../../../protocols/rest-xml/write.ts";
import type { BucketEncryption } from "../../../store/types.ts";
import { S3Error } from "../errors/error.ts";

/** ServerSideEncryptionConfiguration in S3's schema. */
export const BUCKET_ENCRYPTION_SHAPE: XmlShape = {
  Rule: {
    ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "text", KMSMasterKeyID: "text" },
    BucketKeyEnabled: "text",
    BlockedEncryptionTypes: { EncryptionType: "text" },
  },
};

/**
 * Reads a ServerSideEncryptionConfiguration with one rule, as in S3's API reference. `before`: the
 * bucket's present settings, which are kept if the document does not mention them. Throws
 * MalformedXML, InvalidArgument.
 */
export function parseBucketEncryption(root: XmlElement, before: BucketEncryption): BucketEncryption {
  const rules = childrenOf(root, "Rule");
  const [rule] = rules;
  if (!rule || rules.length !== 1) throw new S3Error("MalformedXML");
  const applied = child(rule, "ApplyServerSideEncryptionByDefault");
  const blocked = child(rule, "BlockedEncryptionTypes");
  if (!applied && !blocked && childText(rule, "BucketKeyEnabled") === undefined) throw new S3Error("MalformedXML");
  const defaults = applied ? { rule: parseDefault(applied, rule) } : before.rule && { rule: before.rule };
  const blocks = blocked ? { blocksCustomerKeys: parseBlocked(blocked) } : keptBlock(before);
  return { ...defaults, ...blocks };
}

function keptBlock({ blocksCustomerKeys }: BucketEncryption) {
  return blocksCustomerKeys === undefined ? {} : { blocksCustomerKeys };
}

function parseDefault(applied: XmlElement, rule: XmlElement): NonNullable<BucketEncryption["rule"]> {
  const form = childText(applied, "SSEAlgorithm")?.trim();
  const keyId = childText(applied, "KMSMasterKeyID")?.trim() ?? null;
  const bucketKey = parseFlag(childText(rule, "BucketKeyEnabled"));
  switch (form) {
    case "AES256":
      if (keyId !== null) {
        const message =
          "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        throw new S3Error("InvalidArgument", message, { ArgumentName: "KMSMasterKeyID" });
      }
      return { form, keyId, bucketKey };
    case "aws:kms":
    case "aws:kms:dsse":
      if (bucketKey && form === "aws:kms:dsse") {
        throw new S3Error("InvalidArgument", "S3 Bucket Keys are not supported with DSSE-KMS.");
      }
      if (keyId !== null && !/^[\x21-\x7e]{1,2048}$/.test(keyId))
        throw new S3Error("InvalidArgument", "Invalid KMS key id.");
      return { form, keyId, bucketKey };
    default:
      throw new S3Error("MalformedXML");
  }
}

function parseBlocked(blocked: XmlElement): boolean {
  const types = childrenOf(blocked, "EncryptionType").map(({ text }) => text.trim());
  if (types.length === 1 && types[0] === "NONE") return false;
  if (types.length === 1 && types[0] === "SSE-C") return true;
  throw new S3Error("MalformedXML");
}

function parseFlag(text = "false"): boolean {
  const flag = text.trim().toLowerCase();
  if (flag === "true" || flag === "false") return flag === "true";
  throw new S3Error("MalformedXML");
}

export function bucketEncryptionDocument(rule: BucketEncryption["rule"], blocksCustomerKeys: boolean): string {
  const applied =
    rule &&
    element(
      "ApplyServerSideEncryptionByDefault",
      element("SSEAlgorithm", rule.form),
      optional("KMSMasterKeyID", rule.keyId ?? undefined),
    );
  return xmlDocument(
    "ServerSideEncryptionConfiguration",
    element(
      "Rule",
      ...(applied ? [applied] : []),
      element("BucketKeyEnabled", rule?.bucketKey ?? false),
      element("BlockedEncryptionTypes", element("EncryptionType", blocksCustomerKeys ? "SSE-C" : "NONE")),
    ),
  );
}
