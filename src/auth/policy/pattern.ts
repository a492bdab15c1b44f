import { Wildcard, type WildcardToken } from "./wildcard.ts";

/** Value of a condition key for a variable: the text of a single-valued key, else undefined. `key` is in lower case. */
export type VariableLookup = (key: string) => string | undefined;

/** A variable in a pattern: `${aws:username}`, `${aws:username, 'nobody'}`. */
export interface Variable {
  /** As written. */
  readonly name: string;
  /** In lower case. */
  readonly key: string;
  readonly fallback: string | null;
}

type Token = WildcardToken | { readonly variable: Variable };

/** A text with `*`, `?` and, in policies of version 2012-10-17, variables. Compiled once. */
export interface Pattern {
  readonly source: string;
  readonly variables: readonly Variable[];
  /** False also if a variable has neither a value nor a default. */
  matches(text: string, lookup: VariableLookup): boolean;
}

/** How a text is read. */
export interface PatternRules {
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;
  /** Whether `${…}` is a variable: not in policies of version 2008-10-17. */
  readonly variables: boolean;
  readonly ignoreCase?: boolean;
}

/**
 * Compiles a pattern. Returns null if a variable is malformed: `${` without an end, an empty name, a default without quotes.
 *
 * Follows "IAM policy elements: Variables and tags" in the IAM User Guide: names of keys ignore case, `${*}`, `${?}` and `${$}`
 * are the characters themselves, what a variable stands for has no wildcards, and a multivalued key has no value here.
 */
export function compilePattern(source: string, rules: PatternRules): Pattern | null {
  const tokens = tokenise(source, rules);
  if (tokens === null) return null;
  const variables = tokens.flatMap((token) => (isVariable(token) ? [token.variable] : []));
  if (variables.length > 0) return new VariablePattern(source, tokens, rules.ignoreCase === true);
  const fixed = tokens as readonly WildcardToken[];
  if (rules.ignoreCase) return new FoldedPattern(source, new Wildcard(fixed.map(fold)));
  return fixedPattern(source, fixed);
}

function isVariable(token: Token): token is { readonly variable: Variable } {
  return typeof token === "object" && "variable" in token;
}

/** The patterns that occur most have classes of their own: a decision reads many of them, and each object that it has to fetch takes time. */
function fixedPattern(source: string, tokens: readonly WildcardToken[]): Pattern {
  const [first, second] = tokens;
  const begin = typeof first === "object" ? first.literal : "";
  if (tokens.length === 0 || (tokens.length === 1 && typeof first === "object")) return new ExactPattern(source, begin);
  if (tokens.length === 1 && first === "*") return new PrefixPattern(source, "");
  if (tokens.length === 2 && typeof first === "object" && second === "*") return new PrefixPattern(source, begin);
  return new WildcardPattern(source, new Wildcard(tokens));
}

const noVariables: readonly Variable[] = [];

abstract class FixedPattern implements Pattern {
  readonly source: string;
  readonly variables = noVariables;

  constructor(source: string) {
    this.source = source;
  }

  abstract matches(text: string): boolean;
}

class ExactPattern extends FixedPattern {
  private readonly text: string;

  constructor(source: string, text: string) {
    super(source);
    this.text = text;
  }

  matches(text: string): boolean {
    return text === this.text;
  }
}

/** A text and a star at its end. */
class PrefixPattern extends FixedPattern {
  private readonly prefix: string;

  constructor(source: string, prefix: string) {
    super(source);
    this.prefix = prefix;
  }

  matches(text: string): boolean {
    return text.startsWith(this.prefix);
  }
}

class WildcardPattern extends FixedPattern {
  private readonly wildcard: Wildcard;

  constructor(source: string, wildcard: Wildcard) {
    super(source);
    this.wildcard = wildcard;
  }

  matches(text: string): boolean {
    return this.wildcard.matches(text);
  }
}

/** Case is ignored: of a wildcard in lower case. */
class FoldedPattern extends WildcardPattern {
  override matches(text: string): boolean {
    return super.matches(text.toLowerCase());
  }
}

class VariablePattern implements Pattern {
  readonly source: string;
  readonly variables: readonly Variable[];
  /** What stands before the first wildcard or variable; "" if case is ignored. */
  private readonly prefix: string;
  private readonly tokens: readonly Token[];
  private readonly ignoreCase: boolean;

  constructor(source: string, tokens: readonly Token[], ignoreCase: boolean) {
    const [first] = tokens;
    this.source = source;
    this.variables = tokens.flatMap((token) => (isVariable(token) ? [token.variable] : []));
    this.prefix = !ignoreCase && typeof first === "object" && "literal" in first ? first.literal : "";
    this.tokens = tokens;
    this.ignoreCase = ignoreCase;
  }

  matches(text: string, lookup: VariableLookup): boolean {
    if (!text.startsWith(this.prefix)) return false;
    const resolved: WildcardToken[] = [];
    for (const token of this.tokens) {
      if (isVariable(token)) {
        const value = lookup(token.variable.key) ?? token.variable.fallback;
        if (value === null) return false;
        resolved.push({ literal: value });
      } else resolved.push(token);
    }
    return this.ignoreCase
      ? new Wildcard(resolved.map(fold)).matches(text.toLowerCase())
      : new Wildcard(resolved).matches(text);
  }
}

function fold(token: WildcardToken): WildcardToken {
  return typeof token === "object" ? { literal: token.literal.toLowerCase() } : token;
}

function tokenise(source: string, { wildcards, variables }: PatternRules): Token[] | null {
  const tokens: Token[] = [];
  let literal = "";
  const close = () => {
    if (literal !== "") tokens.push({ literal });
    literal = "";
  };
  for (let at = 0; at < source.length; ) {
    const char = source[at] as string;
    if (variables && char === "$" && source[at + 1] === "{") {
      const read = readVariable(source, at);
      if (read === null) return null;
      if (typeof read.value === "string") literal += read.value;
      else {
        close();
        tokens.push({ variable: read.value });
      }
      at = read.end;
      continue;
    }
    if (wildcards && (char === "*" || char === "?")) {
      close();
      tokens.push(char);
    } else literal += char;
    at++;
  }
  close();
  return tokens;
}

const notInNames = /[{}$*?']/;

/** Reads the variable or escape that begins at `at`. Reads no character twice. */
function readVariable(source: string, at: number): { value: string | Variable; end: number } | null {
  const first = source[at + 2];
  if (first !== undefined && "*?$".includes(first) && source[at + 3] === "}") return { value: first, end: at + 4 };
  let end = at + 2;
  while (end < source.length && source[end] !== "," && source[end] !== "}") end++;
  const name = source.slice(at + 2, end).trim();
  if (name === "" || notInNames.test(name)) return null;
  const key = name.toLowerCase();
  if (source[end] === "}") return { value: { name, key, fallback: null }, end: end + 1 };
  const opening = skipSpaces(source, end + 1);
  if (source[opening] !== "'") return null;
  const closing = source.indexOf("'", opening + 1);
  if (closing < 0) return null;
  const brace = skipSpaces(source, closing + 1);
  if (source[brace] !== "}") return null;
  return { value: { name, key, fallback: source.slice(opening + 1, closing) }, end: brace + 1 };
}

function skipSpaces(source: string, from: number): number {
  let at = from;
  while (source[at] === " ") at++;
  return at;
}
