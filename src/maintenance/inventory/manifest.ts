import type { InventoryConfiguration } from "../../store/buckets/inventory-configuration.ts";
import type { Column } from "./columns.ts";
import { schemaText } from "./parquet-file.ts";

/** A data file as the manifest lists it. */
export interface ListedFile {
  key: string;
  size: number;
  MD5checksum: string;
}

/** Prefix of the keys of a configuration's reports. */
export function prefixOf(source: string, { id, destination }: InventoryConfiguration): string {
  const { prefix } = destination;
  return `${prefix === null || prefix === "" ? "" : `${prefix}/`}${source}/${id}/`;
}

/** Beginning of a report, in the form for keys. */
export function timeName(ms: number): { folder: string; hive: string } {
  const [day = "", time = ""] = new Date(ms).toISOString().split("T");
  const minutes = time.slice(0, 5).replace(":", "-");
  return { folder: `${day}T${minutes}Z`, hive: `${day}-${minutes}` };
}

/** Follows "Inventory manifest" in the Amazon S3 User Guide. */
export function manifestOf(about: {
  source: string;
  of: InventoryConfiguration;
  columns: readonly Column[];
  files: readonly ListedFile[];
  beganMs: number;
}): string {
  const { source, of, columns, files, beganMs } = about;
  const { format, bucket } = of.destination;
  const fileSchema = format === "CSV" ? columns.map(({ title }) => title).join(", ") : schemaText(columns);
  return JSON.stringify({
    sourceBucket: source,
    destinationBucket: `arn:aws:s3:::${bucket}`,
    version: "2016-11-30",
    creationTimestamp: String(beganMs),
    fileFormat: format,
    fileSchema,
    files,
  });
}

/** Hive's list of the files. */
export function symlinksOf({ destination }: InventoryConfiguration, files: readonly ListedFile[]): Uint8Array {
  return new TextEncoder().encode(files.map(({ key }) => `s3://${destination.bucket}/${key}\n`).join(""));
}
