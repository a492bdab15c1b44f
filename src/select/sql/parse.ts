import { SelectFailure } from "../failure.ts";
import type { Expression, Name, PathStep, Projection, Source, Statement } from "./ast.ts";
import { RESERVED } from "./keywords.ts";
import { parseExpression, parseSteps } from "./parse-expression.ts";
import { TokenReader } from "./token-reader.ts";

const ONLY_COMMAND = "SELECT";
const EXPRESSION_MAX_BYTES = 256 * 1024;
const PROJECTIONS_MAX = 4_096;

/** What may follow the FROM clause in other dialects. */
const UNSUPPORTED_CLAUSES = ["GROUP", "ORDER", "HAVING", "OFFSET", "UNION", "EXCEPT", "INTERSECT"];
const JOINS = ["JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER"];

/**
 * Parses an expression of S3 Select (S3 User Guide, "SQL reference for Amazon S3 Select"): one SELECT with a list, FROM, WHERE and LIMIT.
 * Its length, its nesting and the number of its operators are bounded. Throws `SelectFailure` with AWS's codes.
 */
export function parseStatement(sql: string): Statement {
  if (new TextEncoder().encode(sql).length > EXPRESSION_MAX_BYTES) throw new SelectFailure("ExpressionTooLong");
  const reader = new TokenReader(sql);
  reader.needWord(ONLY_COMMAND);
  if (reader.isWord("DISTINCT")) throw reader.refusal("ParseUnsupportedSyntax");
  if (reader.isWord("FROM") || reader.isEnd) throw reader.refusal("ParseEmptySelect");
  const projections = parseProjections(reader);
  reader.needWord("FROM", "ParseSelectMissingFrom");
  const from = parseSource(reader);
  const where = reader.takeWord("WHERE") ? parseExpression(reader) : null;
  if (UNSUPPORTED_CLAUSES.some((word) => reader.isWord(word))) throw reader.refusal("ParseUnsupportedSyntax");
  const limit = reader.takeWord("LIMIT") ? parseLimit(reader) : null;
  reader.takeSymbol(";");
  if (!reader.isEnd) throw reader.refusal("ParseUnexpectedToken");
  return { projections, from, where, limit };
}

function parseProjections(reader: TokenReader): Projection[] | null {
  if (reader.takeSymbol("*")) {
    if (reader.isSymbol(",")) throw reader.refusal("ParseAsteriskIsNotAloneInSelectList");
    return null;
  }
  const projections: Projection[] = [];
  do {
    if (reader.isSymbol("*")) throw reader.refusal("ParseAsteriskIsNotAloneInSelectList");
    const expression = parseExpression(reader);
    // `s.*` is the whole record, as `*`.
    if (isWholeRow(expression)) {
      if (projections.length > 0 || reader.isSymbol(",")) {
        throw reader.refusal("ParseInvalidContextForWildcardInSelectList");
      }
      return null;
    }
    if (projections.length === PROJECTIONS_MAX) throw new SelectFailure("OverMaxColumn");
    projections.push({ expression, alias: parseAlias(reader)?.text ?? null });
  } while (reader.takeSymbol(","));
  return projections;
}

function isWholeRow(expression: Expression): boolean {
  return expression.kind === "path" && expression.steps.length === 1 && expression.steps[0]?.kind === "anyMember";
}

/** `AS name`, or a name alone. */
function parseAlias(reader: TokenReader): Name | null {
  const explicit = reader.takeWord("AS");
  const { kind, text } = reader.current;
  if (kind === "quoted" || (kind === "word" && !RESERVED.has(text.toUpperCase()))) {
    reader.take();
    return { text, quoted: kind === "quoted" };
  }
  if (explicit) throw reader.refusal("ParseExpectedIdentForAlias");
  return null;
}

function parseSource(reader: TokenReader): Source {
  if (reader.isSymbol("(")) throw reader.refusal("ParseUnsupportedSelect");
  if (!reader.isWord("S3OBJECT")) throw reader.refusal("InvalidTableAlias");
  const table = reader.take().text;
  const steps = parseSteps(reader);
  // Without a wildcard there is no path: `S3Object` stands for `S3Object[*]`.
  if (steps.length > 0 && steps[0]?.kind !== "anyElement") throw new SelectFailure("ParseInvalidPathComponent");
  if (reader.isWord("AT")) throw reader.refusal("ParseUnsupportedSyntax");
  const alias = parseAlias(reader) ?? impliedAlias(table, steps);
  if (reader.isSymbol(",")) throw reader.refusal("MultipleDataSourcesUnsupported");
  if (JOINS.some((word) => reader.isWord(word))) throw reader.refusal("ParseMalformedJoin");
  return { steps: steps.slice(1), alias };
}

function impliedAlias(table: string, steps: readonly PathStep[]): Name {
  const last = steps.at(-1);
  if (steps.length < 2 || last === undefined) return { text: table, quoted: false };
  return last.kind === "name" ? last.name : { text: "_1", quoted: false };
}

function parseLimit(reader: TokenReader): number {
  if (reader.takeSymbol("-")) throw reader.refusal("EvaluatorNegativeLimit");
  const { kind, text } = reader.current;
  if (kind !== "number" || !/^\d{1,15}$/.test(text)) throw reader.refusal("ParseExpectedNumber");
  reader.take();
  return Number(text);
}
