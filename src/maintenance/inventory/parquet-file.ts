import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { Column, InventoriedBucket } from "./columns.ts";
import type { DataFile } from "./data-file.ts";
import type { RankedVersion } from "./expiration.ts";

const ROWS_PER_GROUP = 10_000;

/** Parquet with S3's names and types of columns, compressed by Snappy. */
export class ParquetFile implements DataFile {
  readonly extension = "parquet";
  readonly #columns: readonly Column[];
  readonly #bucket: InventoriedBucket;
  readonly #bytes = new ByteWriter();
  readonly #writer: ParquetWriter;
  #waiting: RankedVersion[] = [];

  constructor(columns: readonly Column[], bucket: InventoriedBucket) {
    this.#columns = columns;
    this.#bucket = bucket;
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema: schemaOf(columns), createdBy: "sherd" });
  }

  get sizeBytes(): number {
    return this.#bytes.offset;
  }

  async add(versions: readonly RankedVersion[]): Promise<void> {
    this.#waiting.push(...versions);
    if (this.#waiting.length >= ROWS_PER_GROUP) await this.#writeGroup();
  }

  async finish(): Promise<Uint8Array> {
    if (this.#waiting.length > 0) await this.#writeGroup();
    await this.#writer.finish();
    return new Uint8Array(this.#bytes.getBuffer());
  }

  async #writeGroup(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    const columnData = this.#columns.map((column) => ({
      name: column.name,
      data: rows.map((version) => column.cell(version, this.#bucket)),
    }));
    await this.#writer.write({ columnData, rowGroupSize: ROWS_PER_GROUP });
  }
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [{ name: "s3.inventory", num_children: columns.length }, ...columns.map(elementOf)];
}

function elementOf({ name, type, isRequired }: Column): SchemaElement {
  const repetition_type = isRequired ? ("REQUIRED" as const) : ("OPTIONAL" as const);
  switch (type) {
    case "text":
      return { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type };
    case "time":
      return { name, type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type };
    case "int64":
      return { name, type: "INT64", repetition_type };
    case "boolean":
      return { name, type: "BOOLEAN", repetition_type };
  }
}

/** The schema as the manifest writes it. */
export function schemaText(columns: readonly Column[]): string {
  const types = { text: "binary", boolean: "boolean", int64: "int64", time: "int64" };
  const notes = { text: " (UTF8)", boolean: "", int64: "", time: " (TIMESTAMP_MILLIS)" };
  const lines = columns.map(
    ({ name, type, isRequired }) => `${isRequired ? "required" : "optional"} ${types[type]} ${name}${notes[type]};`,
  );
  return `message s3.inventory { ${lines.join(" ")} }`;
}
