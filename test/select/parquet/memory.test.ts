import { parquetWriteBuffer } from "hyparquet-writer";
import { expect, test } from "vitest";
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
