import { QueryRefused } from "./failure.ts";

/** What stands behind MATCH, as FTS5 is asked for it. */
interface Words {
  /** An expression of FTS5 in which each word stands in quotes. */
  readonly fts: string;
  /** The words that FTS5 makes of it, as often as they stand there. */
  readonly terms: readonly string[];
}

/** Bounds of what is sought. */
const CHARACTERS_MAX = 1_000;
const WORDS_MAX = 32;
const NESTING_MAX = 10;

/** Words, phrases in quotes, AND, OR, NOT and parentheses; a star behind a word, which is refused. */
const TOKEN = /\s*(?:([()])|"((?:[^"]|"")*)"(\*?)|([^\s()"*]+)(\*?)|(.))/gsu;
/**
 * A word of FTS5's unicode61: letters, digits and characters of private use, with the accents that it leaves out. The vowels and tones of New Tai Lue
 * and two signs of Vedic were no letters when its table was made.
 */
const TERM =
  /(?:(?![\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3])[\p{L}\p{N}\p{Co}][\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331]*)+/gu;

type Token =
  | { readonly kind: "(" | ")" | "AND" | "OR" | "NOT" | "end" }
  | { readonly kind: "word"; readonly fts: string; readonly terms: readonly string[] };

/**
 * Reads the words that are sought and writes them anew for FTS5. NOT binds closest, then AND, which words beside one another have too, then OR.
 * Throws `QueryRefused`.
 */
export function readWords(text: string): Words {
  if (text.length > CHARACTERS_MAX) {
    throw new QueryRefused("LimitExceeded", `what MATCH looks for is longer than ${CHARACTERS_MAX} characters`);
  }
  const tokens = tokensOf(text);
  const terms = tokens.flatMap((token) => (token.kind === "word" ? token.terms : []));
  if (terms.length > WORDS_MAX) throw new QueryRefused("LimitExceeded", `MATCH looks for more than ${WORDS_MAX} words`);
  return { fts: new Reader(tokens).whole(), terms };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [, bracket, phrase, phraseStar, word, star, other] of text.trim().matchAll(TOKEN)) {
    if (bracket === "(" || bracket === ")") tokens.push({ kind: bracket });
    else if (word === "AND" || word === "OR" || word === "NOT") tokens.push({ kind: word });
    else if (word !== undefined) tokens.push(wordToken(word, star === "*"));
    else if (phrase !== undefined) tokens.push(wordToken(phrase.replaceAll('""', '"'), phraseStar === "*"));
    else throw wrong(other === '"' ? "a quote is not closed" : `${other} stands alone`);
  }
  return tokens;
}

function wordToken(word: string, isPrefix: boolean): Token {
  // FTS5 would read all words of the table that begin so, of every bucket and account, before it looks at whose they are.
  if (isPrefix)
    throw new QueryRefused("NotAllowed", `MATCH finds whole words, not ${word}*`, "starts_with(key, '…') finds keys");
  const terms = word.match(TERM);
  if (terms === null) throw wrong(`${word || '""'} has no letter or digit`);
  return { kind: "word", fts: `"${word.replaceAll('"', '""')}"`, terms };
}

function wrong(what: string): QueryRefused {
  return new QueryRefused(
    "InvalidQuery",
    `what MATCH looks for cannot be read: ${what}`,
    'words, "a phrase", AND, OR, NOT and parentheses',
  );
}

/** Descends through OR, AND, NOT and what stands in parentheses. */
class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): string {
    const fts = this.#any();
    if (this.#next.kind !== "end") throw wrong(`${this.#next.kind} is one too many`);
    return fts;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: "end" };
  }

  #take(kind: Token["kind"]): boolean {
    const isIt = this.#next.kind === kind;
    if (isIt) this.#at++;
    return isIt;
  }

  #any(): string {
    const parts = [this.#all()];
    while (this.#take("OR")) parts.push(this.#all());
    return joined(parts, "OR");
  }

  #all(): string {
    const parts = [this.#one()];
    const without: string[] = [];
    for (;;) {
      const isJoined = this.#take("AND");
      if (this.#take("NOT")) without.push(this.#one());
      else if (isJoined || this.#next.kind === "word" || this.#next.kind === "(") parts.push(this.#one());
      else break;
    }
    return without.reduce((fts, one) => `(${fts} NOT ${one})`, joined(parts, "AND"));
  }

  #one(): string {
    const token = this.#next;
    this.#at++;
    if (token.kind === "word") return token.fts;
    if (token.kind === "NOT") throw wrong("NOT stands behind what it is taken from: a NOT b");
    if (token.kind !== "(")
      throw wrong(token.kind === "end" ? "a word is missing at the end" : `a word is missing before ${token.kind}`);
    if (++this.#nesting > NESTING_MAX) {
      throw new QueryRefused("LimitExceeded", `what MATCH looks for is nested deeper than ${NESTING_MAX}`);
    }
    const inner = this.#any();
    if (!this.#take(")")) throw wrong("a parenthesis is not closed");
    this.#nesting--;
    return inner;
  }
}

function joined(parts: readonly string[], operator: "AND" | "OR"): string {
  return parts.length === 1 ? (parts[0] as string) : `(${parts.join(` ${operator} `)})`;
}
