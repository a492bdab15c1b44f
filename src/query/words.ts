import { QueryRefused } from "./failure.ts";

/** What stands behind MATCH, as FTS5 is asked for it. */
interface Words {
  /** An expression of FTS5 in which each word stands in quotes. */
  readonly fts: string;
  /** It has a beginning of words, for which FTS5 reads the places of all words that begin so, whichever object it is asked about. */
  readonly hasPrefix: boolean;
}

/** Bounds of what is sought. */
const CHARACTERS_MAX = 1_000;
const WORDS_MAX = 32;
const NESTING_MAX = 10;
/** Shorter beginnings are those of too many words. */
const PREFIX_MIN = 3;

/** Words, phrases in quotes, beginnings with a star, AND, OR, NOT and parentheses. */
const TOKEN = /\s*(?:([()])|"((?:[^"]|"")*)"(\*?)|([^\s()"*]+)(\*?)|(.))/gsu;
const LETTER = /[\p{L}\p{N}]/u;
const LAST_WORD = /[\p{L}\p{N}\p{M}]*$/u;

type Token =
  | { readonly kind: "(" | ")" | "AND" | "OR" | "NOT" | "end" }
  | { readonly kind: "word"; readonly fts: string; readonly isPrefix: boolean };

/**
 * Reads the words that are sought and writes them anew for FTS5. NOT binds closest, then AND, which words beside one another have too, then OR.
 * Throws `QueryRefused`.
 */
export function readWords(text: string): Words {
  if (text.length > CHARACTERS_MAX) {
    throw new QueryRefused("LimitExceeded", `what MATCH looks for is longer than ${CHARACTERS_MAX} characters`);
  }
  const tokens = tokensOf(text);
  const words = tokens.filter((token) => token.kind === "word");
  if (words.length > WORDS_MAX) throw new QueryRefused("LimitExceeded", `MATCH looks for more than ${WORDS_MAX} words`);
  return { fts: new Reader(tokens).whole(), hasPrefix: words.some(({ isPrefix }) => isPrefix) };
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
  if (!LETTER.test(word)) throw wrong(`${word || '""'} has no letter or digit`);
  if (isPrefix && [...(LAST_WORD.exec(word)?.[0] ?? "")].length < PREFIX_MIN) {
    throw new QueryRefused("NotAllowed", `${word}* is shorter than ${PREFIX_MIN} letters`, "write more of the word");
  }
  return { kind: "word", fts: `"${word.replaceAll('"', '""')}"${isPrefix ? " *" : ""}`, isPrefix };
}

function wrong(what: string): QueryRefused {
  return new QueryRefused(
    "InvalidQuery",
    `what MATCH looks for cannot be read: ${what}`,
    'words, "a phrase", begin*, AND, OR, NOT and parentheses',
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
