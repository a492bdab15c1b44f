import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CsvFormat } from "../../../src/select/formats/csv-scanner.ts";
import { csvIn, csvOut, jsonOut, refusal, selected, sourceOf } from "../support.ts";

const all = "SELECT * FROM S3Object";
const many = (options: Parameters<typeof csvIn>[0]) => ({
  input: csvIn({ allowsQuotedRecordDelimiters: true, ...options }),
});

describe("fields", () => {
  const field = fc.string({
    unit: fc.constantFrom("a", "é", '"', ",", ";", "\n", "\r", "|", "#", "\\", " "),
    maxLength: 6,
  });
  const records = fc.array(fc.array(field, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 6 });
  const formats = fc.record({
    recordDelimiter: fc.constantFrom("\n", "\r\n", "|", "||", "é;"),
    fieldDelimiter: fc.constantFrom(",", ";;", "\t"),
    quoteEscape: fc.constantFrom('"', "\\"),
  });

  test("come out as they were written, however the input is cut", async () => {
    const property = fc.asyncProperty(
      records,
      formats,
      fc.integer({ min: 1, max: 40 }),
      async (rows, format, piece) => {
        const { recordDelimiter, fieldDelimiter, quoteEscape } = format as CsvFormat;
        const quoted = (text: string) =>
          `"${(quoteEscape === '"' ? text : text.replaceAll("\\", "\\\\")).replaceAll('"', `${quoteEscape}"`)}"`;
        const csv = rows.map((row) => row.map(quoted).join(fieldDelimiter) + recordDelimiter).join("");
        const output = { ...csvOut, ...format, quoteFields: "ALWAYS" } as const;
        const options = { ...many({ ...format, comments: null }), output };
        expect(await selected(sourceOf(csv, piece), all, options)).toBe(csv);
        // One column alone: the scanner stops looking at fields behind it.
        const first = rows.map((row) => quoted(row[0] as string) + recordDelimiter).join("");
        expect(await selected(sourceOf(csv, piece), "SELECT _1 FROM S3Object", options)).toBe(first);
        expect(
          await selected(sourceOf(csv, piece), "SELECT COUNT(*) FROM S3Object", many({ ...format, comments: null })),
        ).toBe(`${rows.length}\n`);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test.each([
    ["the last record may lack its delimiter", "1,2\n3,4", {}, "1,2\n3,4\n"],
    ["\\r\\n", "1,2\r\n3,4\r\n", {}, "1,2\n3,4\n"],
    ["\\r\\n after a quote, and at the end of all", '1,"2"\r\n3,"4"\r', {}, "1,2\n3,4\n"],
    ["empty records are left out", "\n1\n\r\n2\n\n", {}, "1\n2\n"],
    ["empty fields are not", ",\n1,,2\n", {}, ",\n1,,2\n"],
    ["comments", "#1\n2\n#3", {}, "2\n"],
    ["no comments", "#1\n2\n", { comments: null }, "#1\n2\n"],
    ["another comment", ";1\n#2\n", { comments: ";" }, "#2\n"],
    ["no quotes", '"1,2"\n', { quote: null }, '"""1","2"""\n'],
    ["a quote within a field is one of its characters", '1"x,2\n', {}, '"1""x",2\n'],
    ["a byte order mark", "\ufeff1,2\n", {}, "1,2\n"],
    ["other quotes", "'a,b';c\n", { quote: "'", quoteEscape: "'", fieldDelimiter: ";" }, '"a,b",c\n'],
  ])("%s", async (_, csv, options, expected) => {
    expect(await selected(csv, all, { input: csvIn(options) })).toBe(expected);
  });

  test.each([
    ["a quoted record delimiter that is not allowed", '1,"a\nb"\n', "CSVEscapingRecordDelimiter"],
    ["a quote that does not end", '1,"a', "CSVUnescapedQuote"],
    ["a quote that goes on", '"a"b,1\n', "CSVUnescapedQuote"],
    ["bytes that are no UTF-8", Uint8Array.of(0x61, 0xff, 0x0a), "InvalidTextEncoding"],
    ["too many columns", `${",".repeat(20_000)}\n`, "OverMaxColumn"],
  ])("%s is refused", async (_, csv, code) => {
    expect(await refusal(selected(csv, all))).toBe(code);
  });
});

describe("columns", () => {
  const csv = "Name,age,AGE\nAnn,1,2\n";
  const use = { input: csvIn({ fileHeaderInfo: "USE" }) };
  test.each([
    ["name, _2", "Ann,1\n"],
    ['"Name", s."AGE"', "Ann,2\n"],
    ["_9", "\n"],
  ])("%s", async (list, expected) => {
    expect(await selected(csv, `SELECT ${list} FROM S3Object s`, use)).toBe(expected);
  });

  test.each([
    ["age", "AmbiguousFieldName"],
    ['"name"', "MissingHeaderName"],
    ["_0", "InvalidColumnIndex"],
    ["t.name", "InvalidTableAlias"],
    ["s.name.x", "InvalidKeyPath"],
    ["s.name[0]", "InvalidKeyPath"],
  ])("%s is refused with %s", async (list, code) => {
    expect(await refusal(selected(csv, `SELECT ${list} FROM S3Object s`, use))).toBe(code);
  });

  test("IGNORE leaves the header out, and its names too", async () => {
    expect(await selected(csv, all, { input: csvIn({ fileHeaderInfo: "IGNORE" }) })).toBe("Ann,1,2\n");
    const named = selected(csv, "SELECT name FROM S3Object", { input: csvIn({ fileHeaderInfo: "IGNORE" }) });
    expect(await refusal(named)).toBe("MissingHeaderName");
  });

  test("become members of JSON, by header or number", async () => {
    expect(await selected("a,b\n1,x\n", all, { ...{ input: csvIn({ fileHeaderInfo: "USE" }) }, output: jsonOut })).toBe(
      '{"a":"1","b":"x"}\n',
    );
    expect(await selected("1,x\n", "SELECT *, 1 FROM S3Object".replace(", 1", ""), { output: jsonOut })).toBe(
      '{"_1":"1","_2":"x"}\n',
    );
  });
});

describe("comparisons on bytes", () => {
  const values = [
    "5",
    "05",
    "+5",
    "5.0",
    "-5",
    "5e0",
    " 5",
    "",
    "x",
    "-",
    ".",
    "1234567890123456",
    "0.1",
    "-0",
    '"5"',
    '"a""b"',
  ];
  const csv = values.map((value) => `${value},end\n`).join("");
  test.each([
    ["= 5", ["5", "05", "+5", "5.0", "5e0", " 5", '"5"']],
    ["< 1", ["-5", "0.1", "-0"]],
    [">= 1234567890123456", ["1234567890123456"]],
    ["<> 5", ["-5", "1234567890123456", "0.1", "-0"]],
    ["= 'a\"b'", ['"a""b"']],
    ["= '5'", ["5", '"5"']],
    ["<> '5'", values.filter((value) => value !== "5" && value !== '"5"')],
  ])("_1 %s", async (condition, expected) => {
    const found = await selected(csv, `SELECT _1 FROM S3Object WHERE _1 ${condition}`);
    const written = expected.map((value) => `${value === '"5"' ? "5" : value}\n`);
    expect(found).toBe(written.join(""));
    const turned = condition.replace(/^(\S+) (.*)$/, (_, op: string, constant: string) => {
      const mirrored: Record<string, string> = { "<": ">", ">=": "<=" };
      return `${constant} ${mirrored[op] ?? op} _1`;
    });
    expect(await selected(csv, `SELECT _1 FROM S3Object WHERE ${turned}`)).toBe(found);
  });
});

describe("scan ranges", () => {
  const csv = "A,B\nC,D\nD,E\nE,F\nG,H\nI,J\n";
  test("hold the records that begin in them", async () => {
    expect(await selected(csv, all, { scanRange: { start: 1, end: 4 } })).toBe("C,D\n");
    expect(await selected(csv, all, { scanRange: { start: 4, end: 4 } })).toBe("C,D\n");
    expect(await selected(csv, all, { scanRange: { start: 1, end: 3 } })).toBe("");
    expect(await selected(csv, all, { scanRange: { suffix: 5 } })).toBe("I,J\n");
    expect(await selected(csv, all, { scanRange: { start: 17, end: null } })).toBe("I,J\n");
  });

  test("side by side make the whole, wherever they are cut", async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `${index},${"x".repeat(index % 5)}\n`).join("");
    const whole = `id,x\n${rows}`;
    const use = { input: csvIn({ fileHeaderInfo: "USE" }) };
    for (let cut = 1; cut < whole.length; cut += 1) {
      const parts = await Promise.all(
        [
          { start: 0, end: cut - 1 },
          { start: cut, end: null },
        ].map((scanRange) => selected(whole, "SELECT id FROM S3Object", { ...use, scanRange })),
      );
      expect(parts.join("")).toBe(Array.from({ length: 30 }, (_, index) => `${index}\n`).join(""));
    }
  });

  test("are not for quoted record delimiters, nor for what is compressed", async () => {
    const scanRange = { start: 0, end: 5 };
    expect(await refusal(selected(csv, all, { ...many({}), scanRange }))).toBe("UnsupportedScanRangeInput");
    const input = { ...csvIn(), compression: "GZIP" } as ReturnType<typeof csvIn>;
    expect(await refusal(selected(csv, all, { input, scanRange }))).toBe("UnsupportedScanRangeInput");
  });
});

describe("bounds", () => {
  const MIB = 1024 * 1024;

  /** An endless object of one byte, of which only what is read is made. */
  const endless = (byte: string) => {
    const piece = new TextEncoder().encode(byte.repeat(256 * 1024));
    const source = { sizeBytes: 1024 ** 3, taken: 0, read: async () => ({ next, cancel: async () => {} }) };
    const next = async () => {
      source.taken += piece.length;
      return source.taken > source.sizeBytes ? null : piece;
    };
    return source;
  };

  test.each([
    ["a line of 1 GiB", "x", all],
    ["a line of 1 GiB that nothing is selected of", "x", "SELECT COUNT(*) FROM S3Object"],
    ["a field of 1 GiB", '"', "SELECT _1 FROM S3Object"],
    ["a comment of 1 GiB", "#", all],
  ])("%s is given up after a few pieces", async (_, byte, sql) => {
    const source = endless(byte);
    expect(await refusal(selected(source, sql))).toBe("OverMaxRecordSize");
    expect(source.taken).toBeLessThan(6 * MIB);
  });

  test("LIMIT stops the reading", async () => {
    const source = endless("1\n");
    expect(await selected(source, "SELECT * FROM S3Object LIMIT 3")).toBe("1\n1\n1\n");
    expect(source.taken).toBeLessThan(3 * MIB);
    expect(await selected(source, "SELECT * FROM S3Object LIMIT 0")).toBe("");
  });

  test("a record of 1 MB is read, a longer one is not", async () => {
    const record = (length: number) => sourceOf(`${"x".repeat(length)}\n1\n`, 65_536);
    expect((await selected(record(MIB - 1), all)).length).toBe(MIB + 2);
    expect(await refusal(selected(record(MIB + 1), all))).toBe("OverMaxRecordSize");
  });
});

describe("output", () => {
  test.each([
    [{ quoteFields: "ALWAYS" }, '"1","a""b",""\n'],
    [{ fieldDelimiter: "\t", recordDelimiter: "\r\n" }, '1\t"a""b"\t\r\n'],
    [{ quote: "'", quoteEscape: "\\" }, '1,a"b,\n'],
  ] as const)("%j", async (format, expected) => {
    expect(await selected('1,"a""b",\n', all, { output: { ...csvOut, ...format } as typeof csvOut })).toBe(expected);
  });
});
