import { SelectFailure } from "../failure.ts";

/** One token of the dialect. `text` is without quotes, escapes resolved; `at` counts characters from the beginning. */
export interface Token {
  readonly kind: "word" | "quoted" | "string" | "number" | "ion" | "symbol" | "end";
  readonly text: string;
  readonly at: number;
}

const WORD = /[A-Za-z_][A-Za-z0-9_$]*/y;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /<>|<=|>=|!=|\|\||[,.()[\]*=<>+\-/%;]/y;
const BLANK = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;

/** Quotes, and the kind of what they enclose. A doubled quote stands for itself; in Ion it does not. */
const QUOTES: Readonly<Record<string, Token["kind"]>> = { "'": "string", '"': "quoted", "`": "ion" };

/** Cuts an expression into tokens; the last is of kind `end`. Throws LexerInvalidChar, LexerInvalidLiteral, LexerInvalidIONLiteral. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  for (;;) {
    at += match(BLANK)?.length ?? 0;
    if (at >= sql.length) break;
    // A comment that does not end. Read as signs, it would be looked through again for each of them.
    if (sql.startsWith("/*", at)) throw new SelectFailure("LexerInvalidChar", `Character ${at + 1}.`);
    const quoted = QUOTES[sql.charAt(at)];
    if (quoted !== undefined) {
      const { text, end } = readQuoted(sql, at);
      tokens.push({ kind: quoted, text, at });
      at = end;
      continue;
    }
    const token = tokenAt(match, at);
    if (token === undefined) throw new SelectFailure("LexerInvalidChar", `Character ${at + 1}.`);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: "end", text: "", at });
  return tokens;
}

function tokenAt(match: (pattern: RegExp) => string | undefined, at: number): Token | undefined {
  const number = match(NUMBER);
  if (number !== undefined) return { kind: "number", text: number, at };
  const word = match(WORD);
  if (word !== undefined) return { kind: "word", text: word, at };
  const symbol = match(SYMBOL);
  return symbol === undefined ? undefined : { kind: "symbol", text: symbol, at };
}

function readQuoted(sql: string, at: number): { text: string; end: number } {
  const quote = sql.charAt(at);
  const parts: string[] = [];
  let from = at + 1;
  for (;;) {
    const to = sql.indexOf(quote, from);
    if (to === -1) throw new SelectFailure(quote === "`" ? "LexerInvalidIONLiteral" : "LexerInvalidLiteral");
    parts.push(sql.slice(from, to));
    if (quote === "`" || sql.charAt(to + 1) !== quote) return { text: parts.join(quote), end: to + 1 };
    from = to + 2;
  }
}
