import { child, childrenOf, childText, type XmlElement } from "../../../protocols/rest-xml/read.ts";
import { element, optional, type Xml } from "../../../protocols/rest-xml/write.ts";
import {
  INVENTORY_FIELDS,
  type InventoryConfiguration,
  type InventoryField,
} from "../../../store/buckets/inventory-configuration.ts";
import { parseKmsKeyArn } from "../encryption/kms-key-arn.ts";
import { S3Error } from "../errors/error.ts";
import { invalidArgument } from "../listing/parameters.ts";
import {
  checkPrefix,
  type NamedDocument,
  namedOperations,
  parseConfigurationId,
} from "../named/named-configuration.ts";

/** With the rest of it, the key of a report is not longer than a key can be. */
const DESTINATION_PREFIX_BYTES_MAX = 768;
const BUCKET_ARN = /^arn:aws:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])$/;

const inventoryDocument: NamedDocument<InventoryConfiguration> = {
  kind: "inventory",
  root: "InventoryConfiguration",
  listRoot: "ListInventoryConfigurationsResult",
  scope: "ListInventory",
  shape: {
    Id: "text",
    IsEnabled: "text",
    IncludedObjectVersions: "text",
    Filter: { Prefix: "text" },
    Schedule: { Frequency: "text" },
    OptionalFields: { Field: "text" },
    Destination: {
      S3BucketDestination: {
        AccountId: "text",
        Bucket: "text",
        Format: "text",
        Prefix: "text",
        Encryption: { "SSE-S3": {}, "SSE-KMS": { KeyId: "text" } },
      },
    },
  },
  parse: parseInventoryConfiguration,
  write: writeInventoryConfiguration,
};

/**
 * Put, Get, List and DeleteBucketInventoryConfiguration. As at AWS, only a delivery finds out
 * whether the destination accepts the reports and whether the KMS key allows S3. The format ORC is
 * answered 501.
 */
export const inventoryOperations = namedOperations(inventoryDocument);

/** Reads an InventoryConfiguration. Throws MalformedXML, InvalidArgument, NotImplemented. */
function parseInventoryConfiguration(root: XmlElement): InventoryConfiguration {
  const id = parseConfigurationId(root);
  const filter = child(root, "Filter");
  const prefix = filter ? requirePrefix(filter) : null;
  return {
    id,
    isEnabled: oneOf(root, "IsEnabled", ["true", "false"]) === "true",
    prefix,
    versions: oneOf(root, "IncludedObjectVersions", ["All", "Current"]),
    frequency: oneOf(required(root, "Schedule"), "Frequency", ["Daily", "Weekly"]),
    fields: parseFields(child(root, "OptionalFields")),
    destination: parseDestination(required(required(root, "Destination"), "S3BucketDestination")),
  };
}

function parseDestination(written: XmlElement): InventoryConfiguration["destination"] {
  const format = oneOf(written, "Format", ["CSV", "Parquet", "ORC"]);
  if (format === "ORC") throw notBuilt("Inventories in the format ORC are not implemented: use CSV or Parquet");
  const arn = childText(written, "Bucket")?.trim();
  if (arn === undefined) throw new S3Error("MalformedXML");
  const [, bucket] = BUCKET_ARN.exec(arn) ?? [];
  if (bucket === undefined) throw invalidArgument("Bucket", arn, "Invalid bucket ARN.");
  const accountId = childText(written, "AccountId")?.trim() ?? null;
  if (accountId !== null && !/^\d{12}$/.test(accountId)) {
    throw invalidArgument("AccountId", accountId, "The account ID is not valid");
  }
  const prefix = childText(written, "Prefix") ?? null;
  checkPrefix(prefix ?? "", DESTINATION_PREFIX_BYTES_MAX);
  return { bucket, accountId, prefix, format, ...parseEncryption(child(written, "Encryption")) };
}

function parseEncryption(
  written: XmlElement | undefined,
): Pick<InventoryConfiguration["destination"], "isEncrypted" | "kmsKeyArn"> {
  if (!written) return { isEncrypted: false };
  const [byKms, byS3] = [child(written, "SSE-KMS"), child(written, "SSE-S3")];
  if ((byKms && byS3) || (!byKms && !byS3)) throw new S3Error("MalformedXML");
  if (!byKms) return { isEncrypted: true };
  return { isEncrypted: false, kmsKeyArn: parseKmsKeyArn(childText(byKms, "KeyId")?.trim() ?? "", "KeyId") };
}

function parseFields(written: XmlElement | undefined): InventoryField[] {
  const names = written ? childrenOf(written, "Field").map(({ text }) => text.trim()) : [];
  if (written && names.length === 0) throw new S3Error("MalformedXML");
  if (new Set(names).size < names.length) throw new S3Error("InvalidArgument", "A field can be specified only once");
  return names.map((name) => {
    const field = INVENTORY_FIELDS.find((one) => one === name);
    if (field) return field;
    throw new S3Error("MalformedXML");
  });
}

function requirePrefix(filter: XmlElement): string {
  const prefix = childText(filter, "Prefix");
  if (prefix === undefined) throw new S3Error("MalformedXML");
  checkPrefix(prefix);
  return prefix;
}

function required(parent: XmlElement, name: string): XmlElement {
  const found = child(parent, name);
  if (found) return found;
  throw new S3Error("MalformedXML");
}

function oneOf<T extends string>(parent: XmlElement, name: string, values: readonly T[]): T {
  const text = childText(parent, name)?.trim();
  const value = values.find((one) => one === text);
  if (value !== undefined) return value;
  throw new S3Error("MalformedXML");
}

function notBuilt(message: string): S3Error {
  return new S3Error("NotImplemented", message);
}

function writeInventoryConfiguration({ destination, ...of }: InventoryConfiguration): Xml[] {
  const { accountId, bucket, format, prefix, isEncrypted, kmsKeyArn } = destination;
  const byS3 = isEncrypted ? element("SSE-S3") : undefined;
  const encryption = kmsKeyArn ? element("SSE-KMS", element("KeyId", kmsKeyArn)) : byS3;
  return [
    element("Id", of.id),
    element("IsEnabled", of.isEnabled),
    ...(of.prefix === null ? [] : [element("Filter", element("Prefix", of.prefix))]),
    element(
      "Destination",
      element(
        "S3BucketDestination",
        optional("AccountId", accountId ?? undefined),
        element("Bucket", `arn:aws:s3:::${bucket}`),
        element("Format", format),
        optional("Prefix", prefix ?? undefined),
        encryption && element("Encryption", encryption),
      ),
    ),
    element("Schedule", element("Frequency", of.frequency)),
    element("IncludedObjectVersions", of.versions),
    ...(of.fields.length > 0
      ? [
          element(
            "OptionalFields",
            of.fields.map((field) => element("Field", field)),
          ),
        ]
      : []),
  ];
}
