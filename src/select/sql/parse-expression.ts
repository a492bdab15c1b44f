import { SelectFailure } from "../failure.ts";
import { parseTimestamp, Timestamp } from "../timestamp.ts";
import type { Comparison, Expression, Literal, PathStep } from "./ast.ts";
import { RESERVED } from "./keywords.ts";
import { isCall, parseCall } from "./parse-call.ts";
import type { TokenReader } from "./token-reader.ts";

/** An expression, by the precedence that AWS's reference lists: OR, AND, NOT, comparisons, +, *, signs. */
export function parseExpression(reader: TokenReader): Expression {
  return reader.nested(() => parseChain(reader, "OR", () => parseChain(reader, "AND", () => parseNot(reader))));
}

function parseChain(reader: TokenReader, word: "AND" | "OR", parseOperand: () => Expression): Expression {
  const operands = [parseOperand()];
  while (reader.takeWord(word)) {
    reader.countOperator();
    operands.push(parseOperand());
  }
  return operands.length === 1 ? (operands[0] as Expression) : { kind: word === "AND" ? "and" : "or", operands };
}

function parseNot(reader: TokenReader): Expression {
  if (!reader.takeWord("NOT")) return parsePredicate(reader);
  reader.countOperator();
  return reader.nested(() => ({ kind: "not", operand: parseNot(reader) }));
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "!=": "<>",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
};

function parsePredicate(reader: TokenReader): Expression {
  let left = parseSum(reader);
  for (;;) {
    const op = reader.current.kind === "symbol" ? COMPARISONS[reader.current.text] : undefined;
    if (op !== undefined) {
      reader.take();
      reader.countOperator();
      left = { kind: "compare", op, left, right: parseSum(reader) };
      continue;
    }
    const found = parsePostfix(reader, left);
    if (found === null) return left;
    reader.countOperator();
    left = found;
  }
}

/** `IS …`, `[NOT] BETWEEN …`, `[NOT] IN …`, `[NOT] LIKE …`; null if none follows. */
function parsePostfix(reader: TokenReader, operand: Expression): Expression | null {
  if (reader.takeWord("IS")) {
    const negated = reader.takeWord("NOT");
    const what = (["NULL", "MISSING", "TRUE", "FALSE"] as const).find((word) => reader.takeWord(word));
    if (what === undefined) throw reader.refusal("ParseExpectedKeyword");
    return negate(negated, { kind: "is", operand, what });
  }
  const follows = (word: string) =>
    reader.isWord(word) || (reader.isWord("NOT") && reader.isWord(word, reader.upcoming));
  if (!["BETWEEN", "IN", "LIKE"].some(follows)) return null;
  const negated = reader.takeWord("NOT");
  if (reader.takeWord("BETWEEN")) {
    const low = parseSum(reader);
    reader.needWord("AND");
    return negate(negated, { kind: "between", operand, low, high: parseSum(reader) });
  }
  if (reader.takeWord("IN")) return negate(negated, { kind: "in", operand, items: parseItems(reader) });
  reader.needWord("LIKE");
  const pattern = parseSum(reader);
  const escaping = reader.takeWord("ESCAPE") ? parseSum(reader) : null;
  return negate(negated, { kind: "like", operand, pattern, escape: escaping });
}

function negate(negated: boolean, operand: Expression): Expression {
  return negated ? { kind: "not", operand } : operand;
}

/** `(a, b)`, or AWS's `[a, b]`. */
function parseItems(reader: TokenReader): Expression[] {
  const close = reader.takeSymbol("[") ? "]" : ")";
  if (close === ")") reader.needSymbol("(");
  if (reader.isWord("SELECT")) throw reader.refusal("ParseUnsupportedSelect");
  const items: Expression[] = [];
  do {
    const item = parseExpression(reader);
    // Constants are looked up; everything else is evaluated for each record.
    if (item.kind !== "literal") reader.countOperator();
    items.push(item);
  } while (reader.takeSymbol(","));
  reader.needSymbol(close, "ParseExpectedArgumentDelimiter");
  return items;
}

const SUMS = ["+", "-", "||"] as const;
const PRODUCTS = ["*", "/", "%"] as const;

function parseSum(reader: TokenReader): Expression {
  return parseArithmetic(reader, SUMS, () => parseArithmetic(reader, PRODUCTS, () => parseSigned(reader)));
}

function parseArithmetic(
  reader: TokenReader,
  ops: typeof SUMS | typeof PRODUCTS,
  parseOperand: () => Expression,
): Expression {
  let left = parseOperand();
  for (;;) {
    const op = ops.find((symbol) => reader.takeSymbol(symbol));
    if (op === undefined) return left;
    reader.countOperator();
    left = { kind: "arithmetic", op, left, right: parseOperand() };
  }
}

function parseSigned(reader: TokenReader): Expression {
  if (reader.takeSymbol("+")) return reader.nested(() => parseSigned(reader));
  if (!reader.takeSymbol("-")) return parsePrimary(reader);
  reader.countOperator();
  const operand = reader.nested(() => parseSigned(reader));
  if (operand.kind === "literal" && (typeof operand.value === "number" || typeof operand.value === "bigint")) {
    return { ...operand, value: -operand.value };
  }
  return { kind: "negate", operand };
}

function parsePrimary(reader: TokenReader): Expression {
  const { kind, text } = reader.current;
  if (reader.takeSymbol("(")) {
    if (reader.isWord("SELECT")) throw reader.refusal("ParseUnsupportedSelect");
    const inner = parseExpression(reader);
    reader.needSymbol(")", "ParseExpectedTokenType");
    return inner;
  }
  if (kind === "word") return parseWord(reader);
  reader.take();
  if (kind === "string") return literal(text);
  if (kind === "number") return numberLiteral(text);
  if (kind === "ion") return ionLiteral(text);
  if (kind === "quoted") return { kind: "path", root: { text, quoted: true }, steps: parseSteps(reader) };
  throw new SelectFailure("ParseExpectedExpression", kind === "end" ? "At the end." : `At ${text}.`);
}

const CONSTANTS = new Map<string, Literal>([
  ["NULL", null],
  ["MISSING", undefined],
  ["TRUE", true],
  ["FALSE", false],
]);

function parseWord(reader: TokenReader): Expression {
  const word = reader.current.text.toUpperCase();
  if (CONSTANTS.has(word)) {
    reader.take();
    return literal(CONSTANTS.get(word));
  }
  if (isCall(reader)) {
    reader.countOperator();
    return reader.nested(() => parseCall(reader, parseExpression));
  }
  if (RESERVED.has(word)) {
    const expects = ["FROM", "WHERE", "AND", "OR", "LIMIT", "AS"].includes(word);
    throw reader.refusal(expects ? "ParseExpectedExpression" : "ParseUnExpectedKeyword");
  }
  const { text } = reader.take();
  return { kind: "path", root: { text, quoted: false }, steps: parseSteps(reader) };
}

/** `.name`, `."name"`, `.*`, `[0]`, `['name']`, `[*]`, as many as follow. */
export function parseSteps(reader: TokenReader): PathStep[] {
  const steps: PathStep[] = [];
  for (;;) {
    if (reader.takeSymbol(".")) steps.push(parseMember(reader));
    else if (reader.takeSymbol("[")) {
      steps.push(parseElement(reader));
      reader.needSymbol("]", "ParseInvalidPathComponent");
    } else return steps;
    if (steps.length > 1) reader.countOperator();
  }
}

function parseMember(reader: TokenReader): PathStep {
  if (reader.takeSymbol("*")) return { kind: "anyMember" };
  const { kind, text } = reader.take();
  if (kind !== "word" && kind !== "quoted") throw new SelectFailure("ParseInvalidPathComponent", text);
  // A reserved word is a name in double quotes only.
  if (kind === "word" && RESERVED.has(text.toUpperCase())) throw new SelectFailure("ParseUnExpectedKeyword", text);
  return { kind: "name", name: { text, quoted: kind === "quoted" } };
}

function parseElement(reader: TokenReader): PathStep {
  if (reader.takeSymbol("*")) return { kind: "anyElement" };
  const { kind, text } = reader.take();
  if (kind === "string") return { kind: "name", name: { text, quoted: true } };
  if (kind === "number" && /^\d{1,9}$/.test(text)) return { kind: "index", index: Number(text) };
  throw new SelectFailure("ParseInvalidPathComponent", text);
}

function literal(value: Literal, isFloat = false): Expression {
  return { kind: "literal", value, isFloat };
}

const INT_MAX = 2n ** 63n - 1n;

function numberLiteral(text: string): Expression {
  if (!/^\d+$/.test(text)) return literal(Number(text), true);
  const value = Number(text);
  if (Number.isSafeInteger(value)) return literal(value);
  if (text.length > 19 || BigInt(text) > INT_MAX) throw new SelectFailure("IntegerOverflow");
  return literal(BigInt(text));
}

/** Scalars of Amazon Ion: numbers, booleans, null, strings, timestamps. */
function ionLiteral(source: string): Expression {
  const text = source.trim();
  if (text === "null") return literal(null);
  if (text === "true" || text === "false") return literal(text === "true");
  if (/^-?\d{1,18}$/.test(text)) return literal(Number(text));
  if (/^-?\d+\.?\d*([eEdD][+-]?\d+)?$/.test(text)) return literal(Number(text.replace(/[dD]/, "e")), true);
  if (/^"(?:[^"\\]|\\.)*"$/.test(text)) return literal(ionString(text));
  const timestamp = parseTimestamp(text);
  if (timestamp instanceof Timestamp) return literal(timestamp);
  throw new SelectFailure("LexerInvalidIONLiteral");
}

function ionString(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch (cause) {
    throw new SelectFailure("LexerInvalidIONLiteral", undefined, { cause });
  }
}
