/** A JSON value with its place in the text, in UTF-16 units; `end` is behind its last character. */
export type JsonNode = JsonObject | JsonArray | JsonScalar;

export interface JsonObject {
  readonly type: "object";
  /** In the order of the text; no name occurs twice. */
  readonly members: ReadonlyMap<string, JsonNode>;
  readonly start: number;
  readonly end: number;
}

export interface JsonArray {
  readonly type: "array";
  readonly items: readonly JsonNode[];
  readonly start: number;
  readonly end: number;
}

export interface JsonScalar {
  readonly type: "string" | "number" | "boolean" | "null";
  /** Of a string its content; of the others the text as written: `1.50`, `true`, `null`. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type ReadJson =
  | { readonly ok: true; readonly node: JsonNode /** White space between the tokens. */; readonly spaces: number }
  | { readonly ok: false; readonly problem: "syntax"; readonly offset: number }
  | { readonly ok: false; readonly problem: "duplicateKey"; readonly key: string };

/** A policy nests no deeper than document, statements, statement, Condition, operator, key's values. */
const depthMax = 8;

/**
 * Reads a JSON text and refuses, unlike `JSON.parse`, names that occur twice in an object and nesting deeper than a policy's.
 * Time and memory are linear in the text.
 *
 * Follows RFC 8259.
 */
export function readJson(text: string): ReadJson {
  const reader = new Reader(text);
  try {
    const node = reader.value(0);
    reader.skipSpace();
    if (reader.at !== text.length) throw new SyntaxProblem(reader.at);
    return { ok: true, node, spaces: reader.spaces };
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return { ok: false, problem: "syntax", offset: problem.offset };
    if (problem instanceof DuplicateKey) return { ok: false, problem: "duplicateKey", key: problem.key };
    throw problem;
  }
}

/** Ends the recursion; never leaves `readJson`. */
class SyntaxProblem {
  readonly offset: number;
  constructor(offset: number) {
    this.offset = offset;
  }
}

class DuplicateKey {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

const numberForm = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const escapeForm = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class Reader {
  readonly text: string;
  at = 0;
  spaces = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): JsonNode {
    if (depth > depthMax) throw new SyntaxProblem(this.at);
    this.skipSpace();
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth);
      case "[":
        return this.array(depth);
      case '"':
        return this.string();
      case "t":
        return this.word("true", "boolean");
      case "f":
        return this.word("false", "boolean");
      case "n":
        return this.word("null", "null");
      default:
        return this.number();
    }
  }

  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
      this.spaces++;
    }
  }

  private object(depth: number): JsonObject {
    const start = this.at++;
    const members = new Map<string, JsonNode>();
    if (!this.took("}")) {
      do {
        this.skipSpace();
        if (this.text[this.at] !== '"') throw new SyntaxProblem(this.at);
        const name = this.string().text;
        this.take(":");
        if (members.has(name)) throw new DuplicateKey(name);
        members.set(name, this.value(depth + 1));
      } while (this.took(","));
      this.take("}");
    }
    return { type: "object", members, start, end: this.at };
  }

  private array(depth: number): JsonArray {
    const start = this.at++;
    const items: JsonNode[] = [];
    if (!this.took("]")) {
      do items.push(this.value(depth + 1));
      while (this.took(","));
      this.take("]");
    }
    return { type: "array", items, start, end: this.at };
  }

  private string(): JsonScalar {
    const start = this.at++;
    let escaped = false;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) break;
      // NaN behind the end is not smaller either.
      if (!(code >= 0x20)) throw new SyntaxProblem(this.at);
      if (code === 0x5c) {
        escaped = true;
        escapeForm.lastIndex = this.at;
        if (!escapeForm.test(this.text)) throw new SyntaxProblem(this.at);
        this.at = escapeForm.lastIndex;
      } else this.at++;
    }
    this.at++;
    const raw = this.text.slice(start, this.at);
    return { type: "string", text: escaped ? JSON.parse(raw) : raw.slice(1, -1), start, end: this.at };
  }

  private number(): JsonScalar {
    const start = this.at;
    numberForm.lastIndex = start;
    if (!numberForm.test(this.text)) throw new SyntaxProblem(start);
    this.at = numberForm.lastIndex;
    return { type: "number", text: this.text.slice(start, this.at), start, end: this.at };
  }

  private word(word: string, type: "boolean" | "null"): JsonScalar {
    const start = this.at;
    if (!this.text.startsWith(word, start)) throw new SyntaxProblem(start);
    this.at += word.length;
    return { type, text: word, start, end: this.at };
  }

  private took(token: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private take(token: string): void {
    if (!this.took(token)) throw new SyntaxProblem(this.at);
  }
}
