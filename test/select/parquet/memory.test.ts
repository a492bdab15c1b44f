import { parquetMetadata, parquetSchema } from "hyparquet";
import { getTreePath } from "hyparquet/src/schema.js";
import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
import { ColumnPages } from "../../../src/select/parquet/column-pages.ts";
import { jsonOut, refusal, selected, sourceOf } from "../support.ts";

const select = (bytes: Uint8Array, sql: string) =>
  selected(sourceOf(bytes, 64 * 1024), sql, { input: { kind: "parquet" }, output: jsonOut });

test("columns are counted by the values that they decode to, not by their bytes", async () => {
  const data = new Array(800_000).fill(null);
  const columnData = Array.from({ length: 6 }, (_, index) => ({ name: `c${index}`, data, type: "INT32" as const }));
  const file = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: data.length, statistics: false }));
  expect(file.length).toBeLessThan(2_000);
  expect(await select(file, "SELECT COUNT(*) AS n, COUNT(c0) AS c FROM S3Object")).toBe('{"n":800000,"c":0}\n');
  expect(await refusal(select(file, "SELECT * FROM S3Object LIMIT 1"))).toBe("OverMaxParquetBlockSize");
});

test("a page is refused before it is read", async () => {
  const data = Array.from({ length: 30_000 }, (_, index) => Math.sin(index));
  const columnData = [{ name: "n", data, type: "DOUBLE" as const, encoding: "PLAIN" as const }];
  const buffer = parquetWriteBuffer({ columnData, codec: "UNCOMPRESSED", rowGroupSize: data.length, pageSize: 1e6 });
  const metadata = parquetMetadata(buffer);
  const path = getTreePath(parquetSchema(metadata), ["n"]);
  const chunk = { metadata: metadata.row_groups[0]?.columns[0]?.meta_data, path, fileBytes: buffer.byteLength };
  if (chunk.metadata === undefined) throw new Error("no column");
  let readBytes = 0;
  const read = async (offset: number, length: number) => {
    readBytes += length;
    return new Uint8Array(buffer.slice(offset, offset + length));
  };
  const pages = new ColumnPages({ ...chunk, metadata: chunk.metadata }, read, 16 * 1024);
  expect(await refusal(pages.next(400_000))).toBe("OverMaxParquetBlockSize");
  expect(readBytes).toBeLessThan(40_000);
});

test("the footer counts too", { tags: ["slow"] }, async () => {
  const data = new Array(800_000).fill(null);
  const columnData = [{ name: "n", data, type: "INT32" as const }];
  const withFooter = (bytes: number) => {
    const kvMetadata = [{ key: "about", value: "a".repeat(bytes) }];
    return new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: data.length, statistics: false, kvMetadata }));
  };
  const sql = "SELECT COUNT(*) AS n FROM S3Object";
  expect(await select(withFooter(500_000), sql)).toBe('{"n":800000}\n');
  expect(await refusal(select(withFooter(1_500_000), sql))).toBe("OverMaxParquetBlockSize");
  expect(await refusal(select(withFooter(2_100_000), sql))).toBe("OverMaxParquetBlockSize");
});
