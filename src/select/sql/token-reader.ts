import { type SelectCode, SelectFailure } from "../failure.ts";
import { type Token, tokensOf } from "./lexer.ts";

/** More operators than any query that people write, and few enough to bound the work on one record. */
const OPERATORS_MAX = 1_000;
/** Of parentheses, function calls and the like. */
const NESTING_MAX = 100;

/** Walks over the tokens of an expression, and counts what makes it complex. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #index = 0;
  #operators = 0;
  #nesting = 0;

  constructor(sql: string) {
    this.#tokens = tokensOf(sql);
  }

  get current(): Token {
    return this.#tokens[this.#index] as Token;
  }

  /** The token after the current one. */
  get upcoming(): Token {
    return this.#tokens[Math.min(this.#index + 1, this.#tokens.length - 1)] as Token;
  }

  get isEnd(): boolean {
    return this.current.kind === "end";
  }

  take(): Token {
    const token = this.current;
    if (token.kind !== "end") this.#index += 1;
    return token;
  }

  isWord(word: string, token = this.current): boolean {
    return token.kind === "word" && token.text.toUpperCase() === word;
  }

  isSymbol(symbol: string, token = this.current): boolean {
    return token.kind === "symbol" && token.text === symbol;
  }

  /** Takes the keyword if it is there. */
  takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.#index += 1;
    return found;
  }

  takeSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.#index += 1;
    return found;
  }

  needWord(word: string, code: SelectCode = "ParseExpectedKeyword"): void {
    if (!this.takeWord(word)) throw this.refusal(code);
  }

  needSymbol(symbol: string, code: SelectCode = "ParseExpectedTokenType"): void {
    if (!this.takeSymbol(symbol)) throw this.refusal(code);
  }

  /** A failure that names the current token. */
  refusal(code: SelectCode): SelectFailure {
    const { kind, text, at } = this.current;
    return new SelectFailure(code, kind === "end" ? "At the end." : `At ${text.slice(0, 64)}, character ${at + 1}.`);
  }

  countOperator(): void {
    this.#operators += 1;
    if (this.#operators > OPERATORS_MAX) throw new SelectFailure("MaxOperatorsExceeded");
  }

  nested<T>(work: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > NESTING_MAX) throw new SelectFailure("MaxOperatorsExceeded");
    const result = work();
    this.#nesting -= 1;
    return result;
  }
}
