import { canonicalPaths, canonicalQuery, parseQuery, twiceEncodedPaths } from "./percent-encoding.ts";
import type { RequestHead, SignedRequest } from "./request-head.ts";
import type { SigningRules } from "./signing-rules.ts";

/**
 * What servers and platforms take off a request on its way, and the one value that each can have had. A signed header that is
 * absent counts as empty at AWS, so both are tried. None of them carries authority.
 */
const lostOnTheWay: ReadonlyMap<string, string> = new Map([
  ["expect", "100-continue"],
  ["transfer-encoding", "chunked"],
  ["content-length", "0"],
]);

const nothingLost: ReadonlyMap<string, string> = new Map();

/** How the client that signed a request has read it, where that is more than what arrived tells. */
export interface SignedForm {
  /** What a raw `+` in the path stands for. */
  readonly plus: "space" | "plus";
  /** Names of headers whose lists were signed without the space that the platform puts after a comma. */
  readonly joinedHeaders: readonly string[];
}

export interface CanonicalRequest extends SignedForm {
  readonly text: string;
}

/**
 * The canonical requests that the client may have signed, without repetition, the likeliest first: twelve at most, more only where
 * the path has a `+` or a signed header is absent. More than one because the platform changes some of what arrives (see
 * `canonicalPaths`, Accept-Encoding, repeated headers), and because clients differ about `+`. The one that matches says what the
 * request means.
 *
 * Follows "Signature Calculations for the Authorization Header", task 1, and its counterpart for query parameters.
 */
export function* canonicalRequests(
  signed: SignedRequest,
  head: RequestHead,
  pathEncoding: SigningRules["pathEncoding"] = "once",
): Generator<CanonicalRequest> {
  const parameters = parseQuery(head.rawQuery);
  const query = canonicalQuery(
    signed.via === "query" ? parameters.filter(({ name }) => name !== "X-Amz-Signature") : parameters,
  );
  const tail = `${signed.signedHeaders.join(";")}\n${signed.payloadText}`;
  const headerForms = canonicalHeaders(signed.signedHeaders, head);
  const paths = pathEncoding === "twice" ? twiceEncodedPaths(head.rawPath) : canonicalPaths(head.rawPath);
  for (const { path, plus } of paths) {
    for (const [lines, joinedHeaders] of headerForms) {
      yield { text: `${head.method}\n${path}\n${query}\n${lines}\n${tail}`, plus, joinedHeaders };
    }
  }
}

/**
 * The header lines that may have been signed, and which of them have their lists joined as AWS joins repeated headers: those of user
 * metadata, or all. Each as seen and with the client's own Accept-Encoding, absent ones as they were and empty.
 */
function canonicalHeaders(names: readonly string[], head: RequestHead): ReadonlyMap<string, readonly string[]> {
  const original = names.includes("accept-encoding") ? head.acceptEncodingOriginal : undefined;
  const listed = names.filter((name) => collapsed(head.headers.get(name) ?? "").includes(", "));
  const joinable = listed.length === 0 ? [[]] : [[], listed.filter((name) => name.startsWith("x-amz-meta-")), listed];
  const isAbsent = names.some((name) => lostOnTheWay.has(name) && !head.headers.has(name));
  const forms = new Map<string, readonly string[]>();
  for (const joined of joinable) {
    for (const lost of isAbsent ? [lostOnTheWay, nothingLost] : [nothingLost]) {
      for (const acceptEncoding of original === undefined ? [undefined] : [undefined, original]) {
        const replaced = (name: string) => (name === "accept-encoding" ? acceptEncoding : undefined);
        const valueNamed = (name: string) => replaced(name) ?? head.headers.get(name) ?? lostValue(name, head, lost);
        const lines = headerLines(names, (name) =>
          joined.includes(name) ? joinLists(valueNamed(name)) : valueNamed(name),
        );
        if (!forms.has(lines)) forms.set(lines, joined);
      }
    }
  }
  return forms;
}

/** A body has a length, or is chunked: what came with a length was not. */
function lostValue(name: string, head: RequestHead, lost: ReadonlyMap<string, string>): string {
  if (name === "transfer-encoding" && head.headers.has("content-length")) return "";
  return lost.get(name) ?? "";
}

/** A header value as AWS joins repeated headers: without a space after a comma. */
export function joinLists(value: string): string {
  return collapsed(value).replaceAll(", ", ",");
}

function collapsed(value: string): string {
  return value.replace(/[ \t\r\n]+/g, " ").trim();
}

/** `name:value\n` for each name: ends of the value trimmed, white space inside it collapsed to one space. */
function headerLines(names: readonly string[], lookUp: (name: string) => string): string {
  return names.map((name) => `${name}:${collapsed(lookUp(name))}\n`).join("");
}
