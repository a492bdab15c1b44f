/** A value of a JSON document. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** Deeper than any operation's input. */
const DEPTH_MAX = 24;
/** Objects and lists in one document: more than any operation's input has, and few enough for an isolate's memory. */
const CONTAINERS_MAX = 20_000;

export type ParsedDocument =
  | { readonly ok: true; readonly root: { readonly [name: string]: JsonValue } }
  | {
      readonly ok: false;
      readonly problem: "not utf-8" | "not json" | "not an object" | "nested too deeply" | "too many values";
    };

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA] = [
  ...[0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c],
];

/**
 * Reads the body of a request: one JSON object, or nothing, which counts as an empty one. Time and memory are linear in the body,
 * whose length the caller bounds; nesting and the number of values are bounded here, before anything is built.
 *
 * Follows RFC 8259, and "AWS JSON 1.0 protocol" and "AWS JSON 1.1 protocol" of the Smithy specification.
 */
export function parseDocument(body: Uint8Array): ParsedDocument {
  if (body.length === 0) return { ok: true, root: {} };
  const excess = findExcess(body);
  if (excess !== null) return { ok: false, problem: excess };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return { ok: false, problem: "not utf-8" };
  }
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: "not json" };
  }
  return isObject(value) ? { ok: true, root: value } : { ok: false, problem: "not an object" };
}

export function isObject(value: JsonValue | undefined): value is { readonly [name: string]: JsonValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the structure alone. Strings are skipped by searching their end, so a long one costs little. */
function findExcess(body: Uint8Array): "nested too deeply" | "too many values" | null {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE:
        at = endOfString(body, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > DEPTH_MAX) return "nested too deeply";
        if (++containers > CONTAINERS_MAX) return "too many values";
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        if (++commas > 10 * CONTAINERS_MAX) return "too many values";
        break;
    }
  }
  return null;
}

/** Where the string that begins at `start` ends: at its closing quote, or at the end of the body. */
function endOfString(body: Uint8Array, start: number): number {
  for (let at = body.indexOf(QUOTE as number, start + 1); at >= 0; at = body.indexOf(QUOTE as number, at + 1)) {
    let backslashes = 0;
    while (body[at - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return body.length;
}
