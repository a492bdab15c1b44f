import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { csvOut, jsonIn, jsonOut, refusal, selected, sourceOf } from "../support.ts";

const select = (json: string | Uint8Array, sql: string, piece = 5) =>
  selected(sourceOf(json, piece), sql, { input: jsonIn("DOCUMENT"), output: jsonOut });

describe("rows of a FROM clause, as the S3 User Guide's examples have them", () => {
  const rules = `{ "Rules": [ {"id": "1"}, {"expr": "y > x"}, {"id": "2", "expr": "z = DEBUG"} ]}
{ "created": "June 27", "modified": "July 6" }`;
  const files = `{ "created": "936864000", "dir_name": "important_docs", "files": [ { "name": "." }, { "name": ".aws" } ], "owner": "AWS S3" }
{ "created": "936864000", "dir_name": "other_docs", "files": [ { "name": "my stuff" } ], "owner": "User" }`;
  test.each([
    [rules, "SELECT id FROM S3Object[*].Rules[*].id", '{"id":"1"}\n{}\n{"id":"2"}\n{}\n'],
    [rules, "SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING", '{"id":"1"}\n{"id":"2"}\n'],
    [
      files,
      "SELECT d.dir_name, d.files FROM S3Object[*] d LIMIT 1",
      '{"dir_name":"important_docs","files":[{"name":"."},{"name":".aws"}]}\n',
    ],
    [
      files,
      "SELECT _1.dir_name, _1.owner FROM S3Object[*] LIMIT 1",
      '{"dir_name":"important_docs","owner":"AWS S3"}\n',
    ],
    [files, "SELECT f.name FROM S3Object[*].files[*] f", '{"name":"."}\n{"name":".aws"}\n{"name":"my stuff"}\n'],
    [files, "SELECT COUNT(*), COUNT(name) FROM S3Object[*].files[1] f", '{"_1":2,"_2":1}\n'],
    ["[[1,2],[3]]", "SELECT _1 FROM S3Object[*][*][*]", '{"_1":1}\n{"_1":2}\n{"_1":3}\n'],
    ['{"a":{"x":1,"y":[2]},"b":3}', "SELECT * FROM S3Object[*].a.* v", '{"_1":1}\n{"_1":[2]}\n'],
    ['{"a":[]}{"a":{}}{}', "SELECT * FROM S3Object[*].a[*]", "{}\n{}\n{}\n"],
    ['{"A":1}', "SELECT * FROM S3Object[*]['A'] v", '{"_1":1}\n'],
    ['1 "two" null true', "SELECT _1 FROM S3Object", '{"_1":1}\n{"_1":"two"}\n{"_1":null}\n{"_1":true}\n'],
  ])("%s: %s", async (json, sql, expected) => {
    for (const piece of [1, 3, 1000]) expect(await select(json, sql, piece)).toBe(expected);
  });

  test("a document comes out as it is, however it is cut", async () => {
    const property = fc.asyncProperty(
      fc.array(fc.json({ maxDepth: 3 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (texts, piece) => {
        const found = await select(texts.join("\n"), "SELECT _1 AS v FROM S3Object", piece);
        const values = found
          .split("\n")
          .slice(0, -1)
          .map((line) => (JSON.parse(line) as { v: unknown }).v);
        expect(values).toEqual(texts.map((text) => JSON.parse(text) as unknown));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });

  test("a path finds what JavaScript finds", async () => {
    const items = fc.array(fc.record({ v: fc.jsonValue({ maxDepth: 1 }), w: fc.jsonValue({ maxDepth: 1 }) }), {
      minLength: 1,
      maxLength: 5,
    });
    const property = fc.asyncProperty(
      items,
      fc.jsonValue(),
      fc.integer({ min: 1, max: 9 }),
      async (list, beside, piece) => {
        const json = JSON.stringify({ before: beside, list, after: beside });
        const found = await select(json, "SELECT i.v FROM S3Object[*].list[*] i", piece);
        expect(found).toBe(list.map(({ v }) => `{"v":${JSON.stringify(v)}}\n`).join(""));
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});

describe("values", () => {
  test("are passed on as they are written if all of a record is selected", async () => {
    expect(await select('{"a":1.0,"b":1e400,"c":"\\u00e9"}', "SELECT * FROM S3Object")).toBe(
      '{"a":1.0,"b":1e400,"c":"\\u00e9"}\n',
    );
    expect(await select('{"a":\n1.0}', "SELECT * FROM S3Object")).toBe('{"a":1}\n');
  });

  test("integers keep 64 bits", async () => {
    const id = "9223372036854775807";
    expect(await select(`{"id":${id},"n":[${id}]}`, `SELECT id, n FROM S3Object WHERE id = ${id}`)).toBe(
      `{"id":${id},"n":[${id}]}\n`,
    );
  });

  test("names that JavaScript has for itself are names like others", async () => {
    expect(
      await select(
        '{"__proto__":{"x":1},"constructor":2}',
        'SELECT s."__proto__".x, s.constructor, s.toString FROM S3Object s',
      ),
    ).toBe('{"x":1,"constructor":2}\n');
  });

  test("lists and structs are JSON in CSV, MISSING and NULL are empty", async () => {
    const sql = "SELECT a, b, c, d FROM S3Object";
    const options = { input: jsonIn(), output: csvOut };
    expect(await selected('{"a":{"x":[1,2]},"b":null,"d":true}', sql, options)).toBe('"{""x"":[1,2]}",,,true\n');
  });

  test("an ambiguous name is refused", async () => {
    expect(await refusal(select('{"a":1,"A":2}', "SELECT a FROM S3Object"))).toBe("AmbiguousFieldName");
    expect(await refusal(select('{"a":1,"A":2}', "SELECT * FROM S3Object[*].a"))).toBe("AmbiguousFieldName");
    expect(await select('{"a":1,"A":2}', 'SELECT "a" FROM S3Object')).toBe('{"a":1}\n');
  });
});

describe("refused", () => {
  test.each([
    ['{"a":1', "SELECT * FROM S3Object"],
    ['{"a":1}}', "SELECT * FROM S3Object"],
    ["{a:1}", "SELECT * FROM S3Object"],
    ['{"a" 1}', "SELECT * FROM S3Object[*].a"],
    ['{"a":1 "b":2}', "SELECT * FROM S3Object[*].a"],
    ['{"a":1,}', "SELECT * FROM S3Object[*].a"],
    ["[1,]", "SELECT * FROM S3Object[*][*]"],
    ["[1", "SELECT * FROM S3Object[*][*]"],
    ["1,2", "SELECT * FROM S3Object"],
    ["nul", "SELECT _1 FROM S3Object"],
    [`${"[".repeat(600)}${"]".repeat(600)}`, "SELECT _1 FROM S3Object"],
  ])("%s", async (json, sql) => {
    for (const piece of [1, 1000]) expect(await refusal(select(json, sql, piece))).toBe("JSONParsingError");
  });

  test("bytes that are no UTF-8, and wildcards in the SELECT list", async () => {
    expect(await refusal(select(Uint8Array.of(0x22, 0xff, 0x22), "SELECT _1 FROM S3Object"))).toBe(
      "InvalidTextEncoding",
    );
    expect(await refusal(select("{}", "SELECT s.a[*] FROM S3Object s"))).toBe(
      "ParseInvalidContextForWildcardInSelectList",
    );
  });
});

describe("bounds", () => {
  test("a document of many megabytes is walked through, a row of more than 1 MB refused", async () => {
    const row = `{"pad":"${"x".repeat(60_000)}"}`;
    const json = `{"skipped":"${"y".repeat(3_000_000)}","rows":[${Array(40).fill(row).join(",")}]}`;
    const source = sourceOf(json, 65_536);
    const input = { input: jsonIn("DOCUMENT"), output: jsonOut };
    expect(await selected(source, "SELECT COUNT(*) AS n FROM S3Object[*].rows[*]", input)).toBe('{"n":40}\n');
    expect(await refusal(selected(sourceOf(json, 65_536), "SELECT COUNT(*) FROM S3Object", input))).toBe(
      "OverMaxRecordSize",
    );
  });

  test("scan ranges of lines make the whole together", async () => {
    const lines = Array.from({ length: 12 }, (_, index) => `{"i":${index}}\n`).join("");
    const input = { input: jsonIn(), output: csvOut };
    for (let cut = 1; cut < lines.length; cut += 1) {
      const ranges = [
        { start: 0, end: cut - 1 },
        { start: cut, end: null },
      ];
      const parts = await Promise.all(
        ranges.map((scanRange) => selected(lines, "SELECT i FROM S3Object", { ...input, scanRange })),
      );
      expect(parts.join("")).toBe(Array.from({ length: 12 }, (_, index) => `${index}\n`).join(""));
    }
    expect(
      await refusal(
        selected(lines, "SELECT i FROM S3Object", { input: jsonIn("DOCUMENT"), scanRange: { start: 0, end: 1 } }),
      ),
    ).toBe("UnsupportedScanRangeInput");
  });
});

test("a row with integers beyond a double is at most 256 KiB long, one with such digits in a text is not bounded by it", async () => {
  const rowOf = (value: string) => `{"n":${value},"t":"${"a".repeat(300_000)}"}`;
  const read = (row: string) =>
    selected(sourceOf(row, 64 * 1024), "SELECT s.n FROM S3Object s", { input: jsonIn(), output: jsonOut });
  for (const number of ["9007199254740993", "-9007199254740993", " 1234567890123456789 "]) {
    expect(await refusal(read(rowOf(number)))).toBe("OverMaxRecordSize");
    expect(await read(`{"n":[1,${number}]}`)).toBe(`{"n":[1,${number.trim()}]}\n`);
  }
  expect(await read(rowOf('"a1234567890123456789b"'))).toBe('{"n":"a1234567890123456789b"}\n');
  expect(await read(rowOf('"9007199254740993"'))).toBe('{"n":"9007199254740993"}\n');
  expect(await read(rowOf("0.1234567890123456"))).toBe('{"n":0.1234567890123456}\n');
});
