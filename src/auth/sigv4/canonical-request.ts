import { canonicalPaths, canonicalQuery, parseQuery, twiceEncodedPaths } from "./percent-encoding.ts";
import type { RequestHead, SignedRequest } from "./request-head.ts";
import type { SigningRules } from "./signing-rules.ts";

/**
 * What a signed header counts as where the request has none of that name: servers and platforms take these off a
 * request on its way, and each has only one value that it can have had. None of them carries authority.
 */
const lostOnTheWay: ReadonlyMap<string, string> = new Map([
  ["expect", "100-continue"],
  ["transfer-encoding", "chunked"],
  ["content-length", "0"],
]);

/**
 * The canonical requests that the client may have signed, without repetition, the likeliest first, twelve at most.
 * More than one because the platform changes some of what arrives (see `canonicalPaths`, Accept-Encoding, repeated
 * headers); all of them mean the same request.
 *
 * Follows "Signature Calculations for the Authorization Header", task 1, and its counterpart for query parameters.
 */
export function* canonicalRequests(
  signed: SignedRequest,
  head: RequestHead,
  pathEncoding: SigningRules["pathEncoding"] = "once",
): Generator<string> {
  const parameters = parseQuery(head.rawQuery);
  const query = canonicalQuery(
    signed.via === "query" ? parameters.filter(({ name }) => name !== "X-Amz-Signature") : parameters,
  );
  const tail = `${signed.signedHeaders.join(";")}\n${signed.payloadText}`;
  const headerForms = canonicalHeaders(signed.signedHeaders, head);
  const paths = pathEncoding === "twice" ? twiceEncodedPaths(head.rawPath) : canonicalPaths(head.rawPath);
  for (const path of paths) {
    for (const headers of headerForms) yield `${head.method}\n${path}\n${query}\n${headers}\n${tail}`;
  }
}

/** The header lines as seen, with the client's own Accept-Encoding, and each with lists joined as AWS joins them. */
function canonicalHeaders(names: readonly string[], head: RequestHead): readonly string[] {
  const asSeen = headerLines(names, (name) => head.headers.get(name));
  const original = head.acceptEncodingOriginal;
  const withOriginal =
    original === undefined || !names.includes("accept-encoding")
      ? asSeen
      : headerLines(names, (name) => (name === "accept-encoding" ? original : head.headers.get(name)));
  const forms = [asSeen, withOriginal];
  return [...new Set([...forms, ...forms.map((lines) => lines.replaceAll(", ", ","))])];
}

/** `name:value\n` for each name: ends of the value trimmed, white space inside it collapsed to one space. */
function headerLines(names: readonly string[], lookUp: (name: string) => string | undefined): string {
  let lines = "";
  for (const name of names) {
    const value = lookUp(name) ?? lostOnTheWay.get(name) ?? "";
    lines += `${name}:${value.replace(/[ \t\r\n]+/g, " ").trim()}\n`;
  }
  return lines;
}
