import { SelectFailure } from "../failure.ts";
import type { AggregateName, CastType, Expression } from "./ast.ts";
import type { TokenReader } from "./token-reader.ts";

type ParseExpression = (reader: TokenReader) => Expression;
type Builtin = { readonly args: readonly [least: number, most: number] };

/** Functions whose arguments are a plain list, and how many they take. */
const FUNCTIONS: Readonly<Record<string, Builtin>> = {
  CHAR_LENGTH: { args: [1, 1] },
  CHARACTER_LENGTH: { args: [1, 1] },
  COALESCE: { args: [1, 255] },
  LOWER: { args: [1, 1] },
  NULLIF: { args: [2, 2] },
  TO_STRING: { args: [2, 2] },
  TO_TIMESTAMP: { args: [1, 2] },
  UPPER: { args: [1, 1] },
  UTCNOW: { args: [0, 0] },
};

const AGGREGATES: readonly AggregateName[] = ["COUNT", "SUM", "AVG", "MIN", "MAX"];
const DATE_PARTS = ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"];
const EXTRACTED = [...DATE_PARTS, "TIMEZONE_HOUR", "TIMEZONE_MINUTE"];

const CAST_TYPES: Readonly<Record<string, CastType>> = {
  BOOL: "BOOL",
  BOOLEAN: "BOOL",
  INT: "INT",
  INTEGER: "INT",
  FLOAT: "FLOAT",
  DECIMAL: "DECIMAL",
  NUMERIC: "DECIMAL",
  STRING: "STRING",
  TIMESTAMP: "TIMESTAMP",
};

/** Whether a function call, CASE or CAST begins here. */
export function isCall(reader: TokenReader): boolean {
  return reader.isSymbol("(", reader.upcoming) || reader.isWord("CASE") || reader.isWord("CAST");
}

/** A call, CASE or CAST. Throws UnsupportedFunction, and the ParseExpected… failures of what is lacking. */
export function parseCall(reader: TokenReader, parseExpression: ParseExpression): Expression {
  const name = reader.take().text.toUpperCase();
  if (name === "CASE") return parseCase(reader, parseExpression);
  reader.needSymbol(
    "(",
    name === "CAST" ? "ParseExpectedLeftParenAfterCast" : "ParseExpectedLeftParenBuiltinFunctionCall",
  );
  const call = parseArguments(name, reader, parseExpression);
  const code = call.kind === "cast" ? "ParseCastArity" : "ParseExpectedRightParenBuiltinFunctionCall";
  reader.needSymbol(")", code);
  return call;
}

function parseArguments(name: string, reader: TokenReader, parseExpression: ParseExpression): Expression {
  const aggregate = AGGREGATES.find((known) => known === name);
  if (aggregate !== undefined) return parseAggregate(aggregate, reader, parseExpression);
  switch (name) {
    case "CAST":
      return parseCast(reader, parseExpression);
    case "EXTRACT": {
      const part = parsePart(reader, EXTRACTED);
      reader.needWord("FROM");
      return { kind: "call", name, part, args: [parseExpression(reader)] };
    }
    case "DATE_ADD":
    case "DATE_DIFF": {
      const part = parsePart(reader, DATE_PARTS);
      reader.needSymbol(",", "ParseExpectedArgumentDelimiter");
      const args = parseList(reader, parseExpression);
      return checkedCall({ name, part, args }, [2, 2]);
    }
    case "SUBSTRING":
      return parseSubstring(reader, parseExpression);
    case "TRIM":
      return parseTrim(reader, parseExpression);
  }
  const builtin = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (builtin === undefined) throw new SelectFailure("UnsupportedFunction", name.slice(0, 64));
  const args = reader.isSymbol(")") ? [] : parseList(reader, parseExpression);
  return checkedCall({ name, part: null, args }, builtin.args);
}

function checkedCall(
  call: { name: string; part: string | null; args: readonly Expression[] },
  [least, most]: Builtin["args"],
): Expression {
  const { length } = call.args;
  if (length < least || length > most) throw new SelectFailure("EvaluatorInvalidArguments", call.name);
  return { kind: "call", ...call };
}

function parseList(reader: TokenReader, parseExpression: ParseExpression): Expression[] {
  const args: Expression[] = [];
  do args.push(parseExpression(reader));
  while (reader.takeSymbol(","));
  return args;
}

function parsePart(reader: TokenReader, parts: readonly string[]): string {
  const { kind, text } = reader.current;
  const part = parts.find((known) => known === text.toUpperCase());
  if (kind !== "word" || part === undefined) throw reader.refusal("ParseExpectedDatePart");
  reader.take();
  return part;
}

function parseAggregate(name: AggregateName, reader: TokenReader, parseExpression: ParseExpression): Expression {
  if (reader.isSymbol("*")) {
    if (name !== "COUNT") throw reader.refusal("ParseUnsupportedCallWithStar");
    reader.take();
    return { kind: "aggregate", name, operand: null };
  }
  if (reader.isWord("DISTINCT")) throw reader.refusal("ParseUnsupportedSyntax");
  reader.takeWord("ALL");
  if (reader.isSymbol(")")) throw reader.refusal("ParseNonUnaryAgregateFunctionCall");
  const operand = parseExpression(reader);
  if (reader.isSymbol(",")) throw reader.refusal("ParseNonUnaryAgregateFunctionCall");
  return { kind: "aggregate", name, operand };
}

function parseCast(reader: TokenReader, parseExpression: ParseExpression): Expression {
  const operand = parseExpression(reader);
  reader.needWord("AS", "ParseCastArity");
  const { kind, text } = reader.take();
  if (kind !== "word") throw new SelectFailure("ParseExpectedTypeName", text);
  const type = CAST_TYPES[text.toUpperCase()];
  if (type === undefined) throw new SelectFailure("InvalidDataType", text.slice(0, 64));
  // DECIMAL(p, s): numbers are doubles, whatever was asked.
  if (type === "DECIMAL" && reader.takeSymbol("(")) {
    parseList(reader, parseExpression);
    reader.needSymbol(")", "ParseCastArity");
  }
  return { kind: "cast", operand, type };
}

/** `SUBSTRING(s FROM i [FOR n])` or `SUBSTRING(s, i [, n])`. */
function parseSubstring(reader: TokenReader, parseExpression: ParseExpression): Expression {
  const args = [parseExpression(reader)];
  const separators: readonly (() => boolean)[] = reader.isWord("FROM")
    ? [() => reader.takeWord("FROM"), () => reader.takeWord("FOR")]
    : [() => reader.takeSymbol(","), () => reader.takeSymbol(",")];
  for (const takes of separators) if (takes()) args.push(parseExpression(reader));
  return checkedCall({ name: "SUBSTRING", part: null, args }, [2, 3]);
}

/** `TRIM([[LEADING | TRAILING | BOTH] [characters] FROM] s)`. */
function parseTrim(reader: TokenReader, parseExpression: ParseExpression): Expression {
  const side = ["LEADING", "TRAILING", "BOTH"].find((word) => reader.takeWord(word));
  const call = { name: "TRIM", part: side ?? "BOTH" };
  if (side !== undefined && reader.takeWord("FROM"))
    return checkedCall({ ...call, args: [parseExpression(reader)] }, [1, 1]);
  const first = parseExpression(reader);
  if (!reader.takeWord("FROM")) return checkedCall({ ...call, args: [first] }, [1, 1]);
  return checkedCall({ ...call, args: [parseExpression(reader), first] }, [2, 2]);
}

function parseCase(reader: TokenReader, parseExpression: ParseExpression): Expression {
  const subject = reader.isWord("WHEN") ? null : parseExpression(reader);
  const branches: { when: Expression; result: Expression }[] = [];
  while (reader.takeWord("WHEN")) {
    reader.countOperator();
    const when = parseExpression(reader);
    reader.needWord("THEN");
    branches.push({ when, result: parseExpression(reader) });
  }
  if (branches.length === 0) throw reader.refusal("ParseExpectedWhenClause");
  const otherwise = reader.takeWord("ELSE") ? parseExpression(reader) : null;
  reader.needWord("END");
  return { kind: "case", subject, branches, otherwise };
}
