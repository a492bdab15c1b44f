import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";
import { csvOut, jsonOut, refusal, selected, sourceOf } from "../support.ts";

const ROWS = 2_000;
const numbers = Array.from({ length: ROWS }, (_, index) => index);
const filler = (index: number) => [1, 2, 3, 4, 5].map((factor) => Math.sin(index * factor)).join(" ");
const columnData: ColumnSource[] = [
  { name: "id", data: numbers, type: "INT32" },
  { name: "big", data: numbers.map((index) => BigInt(index) * 10_000_000_000_000n), type: "INT64" },
  { name: "name", data: numbers.map((index) => `name ${index % 7}`), type: "STRING" },
  { name: "price", data: numbers.map((index) => (index % 10 === 0 ? null : index / 4)), type: "DOUBLE" },
  { name: "ok", data: numbers.map((index) => index % 3 === 0), type: "BOOLEAN" },
  { name: "at", data: numbers.map((index) => new Date(Date.UTC(2026, 0, 1) + index * 1000)), type: "TIMESTAMP" },
  { name: "filler", data: numbers.map(filler), type: "STRING" },
];
const file = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 500 }));
const input = { kind: "parquet" } as const;
const select = (sql: string, bytes = file, more = {}) =>
  selected(sourceOf(bytes, 4_096), sql, { input, output: jsonOut, ...more });

describe("values", () => {
  test.each([
    [
      "SELECT * FROM S3Object s WHERE s.id = 1001",
      `{"id":1001,"big":10010000000000000,"name":"name 0","price":250.25,"ok":false,"at":"2026-01-01T00:16:41.000Z",` +
        `"filler":"${filler(1001)}"}\n`,
    ],
    [
      "SELECT COUNT(*) AS n, COUNT(price) AS p, SUM(id) AS s, MAX(name) AS m FROM S3Object",
      '{"n":2000,"p":1800,"s":1999000,"m":"name 6"}\n',
    ],
    ["SELECT id FROM S3Object WHERE price IS NULL LIMIT 2", '{"id":0}\n{"id":10}\n'],
    ["SELECT price / 2 AS h FROM S3Object WHERE id = 8", '{"h":1}\n'],
    ['SELECT _1 AS i FROM S3Object s WHERE s."at" > `2026-01-01T00:33:18Z`', '{"i":1999}\n'],
    ["SELECT COUNT(*) AS n FROM S3Object WHERE ok AND big > 5000000000000", '{"n":666}\n'],
  ])("%s", async (sql, expected) => {
    expect(await select(sql)).toBe(expected);
  });

  test.each(["UNCOMPRESSED", "SNAPPY"] as const)("%s", async (codec) => {
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, codec }));
    expect(await select("SELECT SUM(id) AS s, COUNT(*) AS n FROM S3Object WHERE name = 'name 1'", bytes)).toBe(
      '{"s":285571,"n":286}\n',
    );
  });

  test("as CSV", async () => {
    expect(await select("SELECT id, ok, price FROM S3Object LIMIT 2", file, { output: csvOut })).toBe(
      "0,true,\n1,false,0.25\n",
    );
  });
});

describe("what is read", () => {
  const taken = async (sql: string, more = {}) => {
    const source = sourceOf(file, 4_096);
    await selected(source, sql, { input, output: jsonOut, ...more });
    return source.takenBytes;
  };
  /** The footer is read first, as the tail of the file. */
  const tail = 64 * 1024;

  test("columns that the query names, and no others", async () => {
    expect(file.length).toBeGreaterThan(2 * tail);
    expect(await taken("SELECT SUM(id) FROM S3Object")).toBeLessThan(tail + 10_000);
    expect(await taken("SELECT COUNT(*) FROM S3Object")).toBeLessThan(tail + 1_500);
    expect(await taken("SELECT * FROM S3Object")).toBeGreaterThan(file.length - 10_000);
  });

  test.each([
    ["id = 1700", 1],
    ["1700 < id", 1],
    ["id BETWEEN 600 AND 1200", 2],
    ['id >= 0 AND "at" < `2026-01-01T00:01:00Z`', 1],
    ["id > 5000", 0],
    ["id = 1700 OR TRUE", 4],
    ["name = 'zzz'", 0],
  ])("of row groups those whose statistics do not rule them out: WHERE %s", async (condition, groups) => {
    const all = (await taken("SELECT filler FROM S3Object WHERE id >= 0")) - tail;
    const read = (await taken(`SELECT filler FROM S3Object WHERE ${condition}`)) - tail;
    expect(Math.round((read * 4) / all)).toBe(groups);
  });

  test("row groups that begin in the scan range", async () => {
    const counted = async (scanRange: object) =>
      (await select("SELECT COUNT(*) AS n FROM S3Object", file, { scanRange })).trim();
    expect(await counted({ start: 0, end: 100 })).toBe('{"n":500}');
    expect(await counted({ start: 5, end: null })).toBe('{"n":1500}');
  });
});

describe("refused", () => {
  test("names that are not there", async () => {
    expect(await refusal(select("SELECT nothing FROM S3Object"))).toBe("MissingHeaderName");
    expect(await refusal(select("SELECT * FROM S3Object[*].id"))).toBe("InvalidKeyPath");
  });

  test("a file that is cut, or none", async () => {
    for (const bytes of [file.slice(0, 100), file.slice(0, -1), new Uint8Array(20), new Uint8Array(0)]) {
      expect(await refusal(select("SELECT COUNT(*) FROM S3Object", bytes))).toBe("ParquetParsingError");
    }
  });

  test("lengths that cannot be", async () => {
    const lying = file.slice();
    new DataView(lying.buffer).setUint32(lying.length - 8, 0x7fffffff, true);
    expect(await refusal(select("SELECT COUNT(*) FROM S3Object", lying))).toBe("ParquetParsingError");
  });

  test("whatever a damaged file says, it is an answer or a refusal, within bounds", { tags: ["slow"] }, async () => {
    const known = [
      "ParquetParsingError",
      "OverMaxParquetBlockSize",
      "ParquetUnsupportedCompressionCodec",
      "UnsupportedParquetType",
    ];
    const others = ["IntegerOverflow", "MissingHeaderName", "IncorrectSqlFunctionArgumentType", "OverMaxRecordSize"];
    const small = new Uint8Array(
      parquetWriteBuffer({
        columnData: columnData.map((column) => ({ ...column, data: Array.from(column.data).slice(0, 40) })),
      }),
    );
    let seed = 20_261_129;
    for (let run = 0; run < 1_500; run += 1) {
      const damaged = small.slice();
      for (let change = 0; change < 3; change += 1) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
        damaged[seed % damaged.length] = seed >>> 24;
      }
      const outcome = await refusal(select("SELECT * FROM S3Object", damaged));
      expect([...known, ...others, "nothing was refused"]).toContain(outcome);
    }
  });
});
