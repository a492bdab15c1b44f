import { Buffer } from "node:buffer";

/** One `name=value` of a query: canonical (decoded, then encoded by AWS's rules) forms of both. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

const toEscape = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu;
const onlyUnreserved = /^[A-Za-z0-9\-._~]*$/;
const unreserved = /^[A-Za-z0-9\-._~]$/;
const printableAscii = /^[\x21-\x7e]*$/;

function escapeBytes(text: string): string {
  let escaped = "";
  for (const byte of Buffer.from(text, "utf8")) escaped += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return escaped;
}

/**
 * Decodes percent escapes and encodes again as AWS's UriEncode does: only A–Z a–z 0–9 - . _ ~ stay, hexadecimal in
 * upper case. Works byte by byte, so that escapes which are not UTF-8 survive; a `%` that begins no escape is data.
 * `special` says what a character or escape with a meaning of its own becomes (`undefined`: nothing special).
 */
function reencode(text: string, special: (token: string) => string | undefined): string {
  if (onlyUnreserved.test(text)) return text;
  return text.replace(toEscape, (token) => {
    const own = special(token);
    if (own !== undefined) return own;
    if (token.length !== 3 || token[0] !== "%") return escapeBytes(token);
    const char = String.fromCharCode(Number.parseInt(token.slice(1), 16));
    return unreserved.test(char) ? char : token.toUpperCase();
  });
}

/** A form of the path, and what a raw `+` in it stands for. */
export interface CanonicalPath {
  readonly path: string;
  readonly plus: "space" | "plus";
}

/**
 * The forms that a client may have signed of the path that arrived, without repetition, at most five:
 * as it stands (S3 signs the path once encoded and never normalises it); rebuilt segment by segment (the edge may have
 * decoded unreserved escapes, a client may encode less than AWS does); and rebuilt with `%2F` as a separator (how S3
 * itself sees it). A raw `+` is a space, as it is to S3, unless the client has signed `%2B` for it.
 */
export function canonicalPaths(rawPath: string): readonly CanonicalPath[] {
  const path = rawPath === "" ? "/" : rawPath;
  const forms = new Map<string, CanonicalPath["plus"]>();
  const add = (form: string, plus: CanonicalPath["plus"]) => forms.has(form) || forms.set(form, plus);
  if (printableAscii.test(path)) add(path, "space");
  for (const plus of ["space", "plus"] as const) {
    const plusForm = plus === "space" ? "%20" : "%2B";
    const separators = [["/"], ["/", "%2F"]];
    for (const slashes of separators) {
      const special = (token: string) => {
        if (slashes.includes(token.toUpperCase())) return "/";
        return token === "+" ? plusForm : undefined;
      };
      add(reencode(path, special), plus);
    }
  }
  return [...forms].map(([form, plus]) => ({ path: form, plus }));
}

/**
 * The same for services other than S3, which sign the path encoded once more: as it arrived, and with empty segments taken out,
 * which these services do and some signers do not.
 */
export function twiceEncodedPaths(rawPath: string): readonly CanonicalPath[] {
  const path = rawPath === "" ? "/" : rawPath;
  const forms = [path, path.replace(/\/{2,}/g, "/")];
  const encoded = new Set(forms.map((form) => form.replace(/[^A-Za-z0-9\-._~/]/gu, escapeBytes)));
  return [...encoded].map((form) => ({ path: form, plus: "plus" }));
}

/**
 * The parameters of a raw query in the order sent. `+` is a space, as it is to S3 and to whoever reads the value
 * later; a name without `=` has an empty value; empty pieces (`&&`) are none.
 */
export function parseQuery(rawQuery: string): readonly QueryParameter[] {
  const canonical = (text: string) => reencode(text, (token) => (token === "+" ? "%20" : undefined));
  return rawQuery
    .split("&")
    .filter((piece) => piece !== "")
    .map((piece) => {
      const equals = piece.indexOf("=");
      if (equals < 0) return { name: canonical(piece), value: "" };
      return { name: canonical(piece.slice(0, equals)), value: canonical(piece.slice(equals + 1)) };
    });
}

/** The canonical query: sorted by name, then by value, joined by `&`, each with its `=`. */
export function canonicalQuery(parameters: readonly QueryParameter[]): string {
  return [...parameters]
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The text behind a canonical value, or null if its bytes are not UTF-8. */
export function decodeCanonical(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    // decodeURIComponent throws URIError for this reason alone.
    return null;
  }
}
