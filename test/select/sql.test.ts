import { describe, expect, test } from "vitest";
import { parseStatement } from "../../src/select/sql/parse.ts";
import { csvIn, jsonIn, jsonOut, refusal, selected } from "./support.ts";

/** What an expression comes to, over one record of JSON. */
const record =
  '{"n":5,"big":9007199254740993,"f":2.5,"t":"Text","empty":"","yes":true,"nothing":null,"list":[1,[2]],"o":{"A":1,"a b":2}}';
const comesTo = async (expression: string) => {
  const text = await selected(record, `SELECT ${expression} AS v FROM S3Object s`, {
    input: jsonIn(),
    output: jsonOut,
  });
  return text.replace(/^\{"v":(.*)\}\n$/, "$1").replace(/^\{\}\n$/, "MISSING");
};

describe("expressions", () => {
  test.each([
    // Arithmetic, by the precedence of AWS's table; integers are exact to 64 bits.
    ["1 + 2 * 3 - -4", "11"],
    ["(1 + 2) * 3 % 4", "1"],
    ["7 / 2", "3"],
    ["-7 / 2", "-3"],
    ["7 / 2.0", "3.5"],
    ["CAST(7 AS FLOAT) / 2", "3.5"],
    ["s.f * 2", "5"],
    ["s.big + 1", "9007199254740994"],
    ["9223372036854775807 - 1", "9223372036854775806"],
    ["4611686018427387904 * 1 + s.n", "4611686018427387909"],
    ["s.t || '-' || s.n", '"Text-5"'],
    ["s.n + s.nothing", "null"],
    ["s.n + s.absent", "null"],
    // Three-valued logic.
    ["NULL AND FALSE", "false"],
    ["NULL OR TRUE", "true"],
    ["NULL AND TRUE", "null"],
    ["NOT NULL", "null"],
    ["NOT s.yes", "false"],
    ["s.nothing = NULL", "null"],
    ["s.nothing IS NULL", "true"],
    ["s.absent IS NULL", "true"],
    ["s.absent IS MISSING", "true"],
    ["s.nothing IS NOT MISSING", "true"],
    ["s.absent", "MISSING"],
    // Comparison.
    ["s.n BETWEEN 5 AND 6", "true"],
    ["s.n NOT BETWEEN 5 AND 6", "false"],
    ["s.n BETWEEN 6 AND NULL", "false"],
    ["s.n IN (1, 5)", "true"],
    ["s.n IN [1, 6]", "false"],
    ["s.n IN (1, NULL)", "null"],
    ["s.n NOT IN (1, 2)", "true"],
    ["s.t = 'Text'", "true"],
    ["s.t <> 'text'", "true"],
    ["s.n != 5", "false"],
    ["'5' = 5", "null"],
    ["'é' > 'z'", "true"],
    ["5 >= s.n AND s.n > 4", "true"],
    // Paths.
    ["s.list[1][0]", "2"],
    ["s.list[9]", "MISSING"],
    ["s.o.a", "1"],
    ['s.o."a"', "MISSING"],
    ['s.o."A"', "1"],
    ["s.o['a b']", "2"],
    ["s.o", '{"A":1,"a b":2}'],
    ["list", "[1,[2]]"],
    ["_1.n", "5"],
    // CASE, COALESCE, NULLIF.
    ["CASE WHEN s.n < 5 THEN 'few' WHEN s.n < 9 THEN 'some' ELSE 'many' END", '"some"'],
    ["CASE s.n WHEN 4 THEN 'a' WHEN 5 THEN 'b' END", '"b"'],
    ["CASE WHEN FALSE THEN 1 END", "null"],
    ["COALESCE(s.absent, s.nothing, 3)", "3"],
    ["NULLIF(s.n, 5)", "null"],
    ["NULLIF(s.n, 6)", "5"],
    // CAST.
    ["CAST('12' AS INT)", "12"],
    ["CAST(' -7 ' AS INTEGER)", "-7"],
    ["CAST(2.9 AS INT)", "2"],
    ["CAST('9223372036854775807' AS INT)", "9223372036854775807"],
    ["CAST('1e3' AS FLOAT)", "1000"],
    ["CAST('1.50' AS DECIMAL(5, 2))", "1.5"],
    ["CAST(s.n AS STRING)", '"5"'],
    ["CAST('TRUE' AS BOOL)", "true"],
    ["CAST(0 AS BOOLEAN)", "false"],
    ["CAST(NULL AS INT)", "null"],
    ["CAST('2026-11-29' AS TIMESTAMP)", '"2026-11-29T"'],
    // Strings, as the S3 User Guide's examples have them.
    ["CHAR_LENGTH('abcdefg')", "7"],
    ["CHARACTER_LENGTH('😀é')", "2"],
    ["LOWER('AbCdEfG!@#$')", '"abcdefg!@#$"'],
    ["UPPER('é')", '"É"'],
    ["TRIM('  foobar  ')", '"foobar"'],
    ["TRIM(LEADING FROM '  foobar  ')", '"foobar  "'],
    ["TRIM(TRAILING FROM '  foobar  ')", '"  foobar"'],
    ["TRIM(BOTH '12' FROM '1112211foobar22211122')", '"foobar"'],
    ["SUBSTRING('123456789', 0)", '"123456789"'],
    ["SUBSTRING('123456789', 2)", '"23456789"'],
    ["SUBSTRING('123456789', -4)", '"123456789"'],
    ["SUBSTRING('123456789', 0, 999)", '"123456789"'],
    ["SUBSTRING('123456789', 1, 5)", '"12345"'],
    ["SUBSTRING('123456789', -1, 3)", '"1"'],
    ["SUBSTRING('123456789' FROM 3 FOR 2)", '"34"'],
    ["SUBSTRING('a😀b', 2, 1)", '"😀"'],
    // Dates, as the S3 User Guide's examples have them.
    ["DATE_ADD(year, 5, `2010-01-01T`)", '"2015-01-01T"'],
    ["DATE_ADD(month, 1, `2010T`)", '"2010-02T"'],
    ["DATE_ADD(month, 13, `2010T`)", '"2011-02T"'],
    ["DATE_ADD(day, -1, `2017-01-10T`)", '"2017-01-09T"'],
    ["DATE_ADD(hour, 1, `2017T`)", '"2017-01-01T01:00-00:00"'],
    ["DATE_ADD(hour, 1, `2017-01-02T03:04Z`)", '"2017-01-02T04:04Z"'],
    ["DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", '"2017-01-02T03:05:05.006Z"'],
    ["DATE_ADD(month, 1, `2024-01-31T`)", '"2024-02-29T"'],
    ["DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"],
    ["DATE_DIFF(month, `2010T`, `2011T`)", "12"],
    ["DATE_DIFF(month, `2011T`, `2010T`)", "-12"],
    ["DATE_DIFF(month, `2010T`, `2010-05T`)", "4"],
    ["DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"],
    ["EXTRACT(YEAR FROM `2010-01-01T`)", "2010"],
    ["EXTRACT(MONTH FROM `2010T`)", "1"],
    ["EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"],
    ["EXTRACT(MINUTE FROM `2017-01-02T03:04:05+07:08`)", "4"],
    ["EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"],
    ["EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"],
    ["TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", '"July 20, 1969"'],
    ["TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", '"Jul 20, 1969"'],
    ["TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", '"7-20-69"'],
    ["TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", '"July 20, 1969 8:18 PM"'],
    ["TO_STRING(`1969-07-20T20:18Z`, 'y-MM-dd''T''H:m:ssX')", '"1969-07-20T20:18:00Z"'],
    ["TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXX')", '"1969-07-20T20:18:00+0800"'],
    ["TO_STRING(`1969-07-20T20:18+08:00`, 'y-MM-dd''T''H:m:ssXXXXX')", '"1969-07-20T20:18:00+08:00"'],
    ["TO_TIMESTAMP('2007T')", '"2007T"'],
    ["TO_TIMESTAMP('2007-02-23T12:14:33.079-08:00')", '"2007-02-23T12:14:33.079-08:00"'],
    ["TO_TIMESTAMP('Jul 4, 2026 8:05 PM', 'MMM d, y h:mm a')", '"2026-07-04T20:05-00:00"'],
    ["UTCNOW()", '"2026-11-29T12:00:00.123Z"'],
    ["`2026-01-01T00:00Z` = `2026-01-01T01:00+01:00`", "true"],
  ])("%s is %s", async (expression, expected) => {
    expect(await comesTo(expression)).toBe(expected);
  });

  test.each([
    ["9223372036854775807 + 1", "IntegerOverflow"],
    ["1 / 0", "EvaluatorInvalidArguments"],
    ["CAST('x' AS INT)", "CastFailed"],
    ["CAST('1.5' AS INT)", "CastFailed"],
    ["CAST('' AS INT)", "CastFailed"],
    ["CAST(s.list AS INT)", "InvalidCast"],
    ["CAST('2026-02-30' AS TIMESTAMP)", "CastFailed"],
    ["TO_TIMESTAMP('yesterday')", "ValueParseFailure"],
    ["TO_STRING(`2026T`, 'QQ')", "EvaluatorInvalidTimestampFormatPatternSymbol"],
    ["TO_STRING(`2026T`, '''T')", "EvaluatorUnterminatedTimestampFormatPatternToken"],
    ["s.t + 1", "IncorrectSqlFunctionArgumentType"],
    ["LOWER(s.list)", "IncorrectSqlFunctionArgumentType"],
    ["s.n LIKE 'x'", "LikeInvalidInputs"],
    ["s.t LIKE 'a!b' ESCAPE '!'", "EvaluatorLikePatternInvalidEscapeSequence"],
    ["NOT s.t", "UnsupportedSqlOperation"],
  ])("%s fails with %s", async (expression, code) => {
    expect(await refusal(comesTo(expression))).toBe(code);
  });
});

describe("statements", () => {
  test.each([
    ["DELETE FROM S3Object", "ParseExpectedKeyword"],
    ["SELECT", "ParseEmptySelect"],
    ["SELECT FROM S3Object", "ParseEmptySelect"],
    ["SELECT *", "ParseSelectMissingFrom"],
    ["SELECT * FROM table1", "InvalidTableAlias"],
    ["SELECT * FROM S3Object s, S3Object t", "MultipleDataSourcesUnsupported"],
    ["SELECT * FROM S3Object s JOIN S3Object t", "ParseMalformedJoin"],
    ["SELECT * FROM S3Object s LEFT JOIN S3Object t", "ParseMalformedJoin"],
    ["SELECT * FROM (SELECT * FROM S3Object)", "ParseUnsupportedSelect"],
    ["SELECT * FROM S3Object WHERE a IN (SELECT 1)", "ParseUnsupportedSelect"],
    ["SELECT * FROM S3Object.path", "ParseInvalidPathComponent"],
    ["SELECT * FROM S3Object GROUP BY a", "ParseUnsupportedSyntax"],
    ["SELECT * FROM S3Object ORDER BY a", "ParseUnsupportedSyntax"],
    ["SELECT DISTINCT a FROM S3Object", "ParseUnsupportedSyntax"],
    ["SELECT *, a FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"],
    ["SELECT a, * FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"],
    ["SELECT a, s.* FROM S3Object s", "ParseInvalidContextForWildcardInSelectList"],
    ["SELECT * FROM S3Object LIMIT -1", "EvaluatorNegativeLimit"],
    ["SELECT * FROM S3Object LIMIT many", "ParseExpectedNumber"],
    ["SELECT * FROM S3Object; DROP TABLE x", "ParseUnexpectedToken"],
    ["SELECT a AS FROM S3Object", "ParseExpectedIdentForAlias"],
    ["SELECT s.CAST FROM S3Object s", "ParseUnExpectedKeyword"],
    ["SELECT MEDIAN(a) FROM S3Object", "UnsupportedFunction"],
    ["SELECT LOWER(a, b) FROM S3Object", "EvaluatorInvalidArguments"],
    ["SELECT SUM(*) FROM S3Object", "ParseUnsupportedCallWithStar"],
    ["SELECT SUM(a, b) FROM S3Object", "ParseNonUnaryAgregateFunctionCall"],
    ["SELECT CAST(a) FROM S3Object", "ParseCastArity"],
    ["SELECT CAST a AS INT FROM S3Object", "ParseExpectedLeftParenAfterCast"],
    ["SELECT CAST(a AS BLOB) FROM S3Object", "InvalidDataType"],
    ["SELECT DATE_ADD(week, 1, a) FROM S3Object", "ParseExpectedDatePart"],
    ["SELECT CASE a END FROM S3Object", "ParseExpectedWhenClause"],
    ["SELECT 'a FROM S3Object", "LexerInvalidLiteral"],
    ["SELECT `a FROM S3Object", "LexerInvalidIONLiteral"],
    ["SELECT `{a:1}` FROM S3Object", "LexerInvalidIONLiteral"],
    ["SELECT a ? b FROM S3Object", "LexerInvalidChar"],
    ["SELECT a /* FROM S3Object", "LexerInvalidChar"],
    ["SELECT a FROM S3Object WHERE", "ParseExpectedExpression"],
    ["SELECT 99999999999999999999 FROM S3Object", "IntegerOverflow"],
  ])("%s is refused with %s", async (sql, code) => {
    expect(await refusal(() => parseStatement(sql))).toBe(code);
  });

  test.each([
    ["parentheses", `SELECT ${"(".repeat(5_000)}1${")".repeat(5_000)} FROM S3Object`],
    ["NOT", `SELECT ${"NOT ".repeat(5_000)}TRUE FROM S3Object`],
    ["signs", `SELECT ${"- ".repeat(5_000)}1 FROM S3Object`],
    ["operators", `SELECT 1${" + 1".repeat(1_001)} FROM S3Object`],
    ["conditions", `SELECT 1 FROM S3Object WHERE a = 1${" OR a = 1".repeat(1_001)}`],
    ["nested calls", `SELECT ${"LOWER(".repeat(200)}a${")".repeat(200)} FROM S3Object`],
    ["items that are no constants", `SELECT 1 FROM S3Object WHERE a IN (${Array(1_100).fill("b").join(",")})`],
  ])("complexity is bounded: %s", async (_, sql) => {
    expect(await refusal(() => parseStatement(sql))).toBe("MaxOperatorsExceeded");
  });

  test("a list of thousands of constants is no complexity", async () => {
    const items = Array.from({ length: 20_000 }, (_, index) => `'x${index}'`).join(",");
    expect(await selected("x7\ny\n", `SELECT * FROM S3Object s WHERE s._1 IN (${items})`)).toBe("x7\n");
  });

  test("comments, a semicolon at the end, keywords in any case, quoted keywords as names", async () => {
    const csv = "CAST,b\n1,2\n";
    const sql = 'select s."CAST" /* the first */, b -- and the second\n from s3object as s where b = 2 limit 5;';
    expect(await selected(csv, sql, { input: csvIn({ fileHeaderInfo: "USE" }) })).toBe("1,2\n");
  });
});

describe("aggregates", () => {
  const rows = "1\n2\nx\n\n4\n";
  const numbers = "1\n2\n4\n";
  test.each([
    ["COUNT(*)", numbers, "3"],
    ["COUNT(_2)", numbers, "0"],
    ["SUM(CAST(_1 AS INT))", numbers, "7"],
    ["SUM(_1)", numbers, "7"],
    ["AVG(CAST(_1 AS INT))", numbers, "2.3333333333333335"],
    ["MIN(_1), MAX(_1)", "9\n10\n", "9,10"],
    ["SUM(CAST(_1 AS INT)) * 10 / COUNT(*)", numbers, "23"],
    ["MAX(_1) FILTERED", numbers, "4"],
    ["SUM(_2)", numbers, ""],
    ["COUNT(*)", "", "0"],
    ["CAST(AVG(_1) AS INT)", numbers, "2"],
    ["CASE WHEN COUNT(*) > 2 THEN 'many' ELSE 'few' END", numbers, "many"],
  ])("%s", async (list, csv, expected) => {
    expect(await selected(csv, `SELECT ${list} FROM S3Object`)).toBe(`${expected}\n`);
  });

  test("are not mixed with fields, and stand in the SELECT list alone", async () => {
    expect(await refusal(selected(rows, "SELECT _1, COUNT(*) FROM S3Object"))).toBe("UnsupportedSqlStructure");
    expect(await refusal(selected(rows, "SELECT _1 FROM S3Object WHERE COUNT(*) > 1"))).toBe("UnsupportedSqlStructure");
    expect(await refusal(selected(rows, "SELECT SUM(MAX(_1)) FROM S3Object"))).toBe("UnsupportedSqlStructure");
    expect(await refusal(selected(rows, "SELECT MAX(_1) FROM S3Object"))).toBe("IncorrectSqlFunctionArgumentType");
    expect(await refusal(selected(rows, "SELECT SUM(_1) FROM S3Object"))).toBe("IncorrectSqlFunctionArgumentType");
  });

  test("sums beyond 2^53 are exact, beyond 64 bits refused", async () => {
    const input = { input: jsonIn(), output: jsonOut };
    const big = '{"v":9007199254740993}{"v":9007199254740993}';
    expect(await selected(big, "SELECT SUM(v) AS s FROM S3Object", input)).toBe('{"s":18014398509481986}\n');
    const most = '{"v":9223372036854775807}{"v":1}';
    expect(await refusal(selected(most, "SELECT SUM(v) AS s FROM S3Object", input))).toBe("IntegerOverflow");
  });
});
