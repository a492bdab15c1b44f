import { parseStmt, type SelectStmt, tokenize, tokenName, traverse } from "sqlite3-parser";
import { QueryRefused } from "./failure.ts";
import { QUERY_CHARACTERS_MAX, QUERY_NESTING_MAX, QUERY_TOKENS_MAX } from "./limits.ts";

export interface ParsedQuery {
  /** What the tree's places refer to. */
  readonly text: string;
  readonly select: SelectStmt;
  readonly isExplained: boolean;
  /** Which `?` stands where in the text, from 0. */
  readonly markers: ReadonlyMap<number, number>;
}

const OPENING: ReadonlySet<string> = new Set(["LP", "CASE"]);
const CLOSING: ReadonlySet<string> = new Set(["RP", "END"]);

/**
 * Reads one SELECT, or EXPLAIN SELECT, by SQLite's own grammar. Throws `QueryRefused`. Bounds the text before it is parsed: the
 * parser has a stack of its own and does not recurse, but what walks its tree does.
 */
export function parseQuery(given: string, dialect: "sqlite" | "athena" = "sqlite"): ParsedQuery {
  checkText(given);
  const text = dialect === "athena" ? withoutTrinoForms(given) : given;
  const parsed = parseStmt(text);
  if (parsed.status === "error") {
    const [first] = parsed.errors;
    const hint = first?.hints?.[0]?.message ?? "write one SELECT in SQLite's dialect";
    throw new QueryRefused("SyntaxError", first?.message ?? "syntax error", hint, first?.span.offset ?? null);
  }
  const { root } = parsed;
  checkNames(root);
  const markers = new Map<number, number>();
  for (const { text: word, span } of tokenize(text)) if (word === "?") markers.set(span.offset, markers.size);
  if (root.type === "SelectStmt") return { text, select: root, isExplained: false, markers };
  if (root.type === "ExplainStmt" && root.stmt.type === "SelectStmt") {
    return { text, select: root.stmt, isExplained: true, markers };
  }
  const kind = root.type === "ExplainStmt" ? root.stmt.type : root.type;
  throw new QueryRefused("NotAllowed", `${kind} is not allowed: only SELECT is`);
}

/** Names with `$` are the server's own. A name may be written as a text too: `AS 'a$1'`. */
function checkNames(root: Parameters<typeof traverse>[0]): void {
  traverse(root, {
    enter: (node) => {
      const name = node.type === "Name" ? node.text : node.type === "Id" ? node.name : "";
      if (name.includes("$")) throw new QueryRefused("NotAllowed", "names with $ are not allowed");
      return "continue";
    },
  });
}

const CATALOGS = /^"?(sherd|awsdatacatalog)"?$/i;

/**
 * Trino's `DATE '…'` and `TIMESTAMP '…'` without their first word, and names of three parts without the catalog. Words are
 * overwritten with spaces, so that places stay what they are.
 */
function withoutTrinoForms(text: string): string {
  const tokens = [...tokenize(text)];
  let result = text;
  const blank = (from: number, to: number) => {
    result = result.slice(0, from) + " ".repeat(to - from) + result.slice(to);
  };
  for (const [index, { text: word, span }] of tokens.entries()) {
    const [next, second, third] = [tokens[index + 1], tokens[index + 2], tokens[index + 3]];
    if (/^(date|timestamp)$/i.test(word) && next?.text.startsWith("'")) blank(span.offset, span.offset + span.length);
    if (CATALOGS.test(word) && next?.text === "." && second !== undefined && third?.text === ".") {
      blank(span.offset, next.span.offset + 1);
    }
  }
  return result;
}

function checkText(text: string): void {
  if (text.length > QUERY_CHARACTERS_MAX) {
    throw new QueryRefused("LimitExceeded", `the query is longer than ${QUERY_CHARACTERS_MAX} characters`);
  }
  if (text.includes("\u0000") || !text.isWellFormed()) {
    throw new QueryRefused("SyntaxError", "the query is not text: it holds U+0000 or half a surrogate pair");
  }
  let count = 0;
  let depth = 0;
  for (const token of tokenize(text)) {
    const name = tokenName(token.type) ?? "";
    if (++count > QUERY_TOKENS_MAX) throw new QueryRefused("LimitExceeded", `more than ${QUERY_TOKENS_MAX} words`);
    if (OPENING.has(name)) depth++;
    if (CLOSING.has(name)) depth--;
    if (depth > QUERY_NESTING_MAX) {
      throw new QueryRefused("LimitExceeded", `parentheses and CASEs are nested deeper than ${QUERY_NESTING_MAX}`);
    }
    if (token.text.startsWith("[")) {
      const hint =
        "for a value of a map use metadata ->> 'name' or element_at(metadata, 'name'); for a name double quotes";
      throw new QueryRefused("NotAllowed", "square brackets are not allowed", hint);
    }
  }
}
