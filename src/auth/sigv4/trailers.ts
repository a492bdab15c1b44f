import type { BodyFailure } from "./failures.ts";

/** The trailers of a body, and the signature over them where the kind of payload has one. */
export interface TrailerBlock {
  /** Lower-case names, values without white space around them. */
  readonly trailers: ReadonlyMap<string, string>;
  readonly signature: string | null;
}

export type ParsedTrailers = { ok: true; value: TrailerBlock } | { ok: false; failure: BodyFailure };

/**
 * Trailer lines end with CRLF, or with LF alone (minio-go, whose block then goes on with an empty line); one empty line
 * may stand before the signature or before the end. The block ends with an empty line.
 */
const unsignedBlock = /^((?:[^\r\n]+\r?\n)*)(?:\r\n){1,2}$/;
const signedBlock = /^((?:[^\r\n]+\r?\n)*?)(?:\r\n)?x-amz-trailer-signature:[ \t]*([0-9a-f]{64})[ \t]*\r\n\r\n$/i;
const trailerLine = /^([a-z0-9-]{1,64}):(.*)$/i;

/**
 * Reads what follows the last chunk: `block` in Latin-1, `announced` the names in x-amz-trailer, each of which must be
 * there and no other. Where `signed`, a signature must end the block; it is not checked here.
 *
 * AWS answers broken framing and a missing signature with IncompleteBody, wrong trailers with MalformedTrailerError.
 */
export function parseTrailers(
  block: string,
  options: { announced: readonly string[]; signed: boolean },
): ParsedTrailers {
  const found = (options.signed ? signedBlock : unsignedBlock).exec(block);
  if (found === null) return failed({ kind: "malformedChunkedBody", detail: "framing of the trailers" });
  const trailers = new Map<string, string>();
  for (const line of (found[1] as string).split("\n")) {
    const text = line.replace(/\r$/, "");
    if (text === "") continue;
    const parts = trailerLine.exec(text);
    if (parts === null) return failed({ kind: "malformedTrailer", detail: "not a header line" });
    const name = (parts[1] as string).toLowerCase();
    if (trailers.has(name)) return failed({ kind: "malformedTrailer", detail: "repeated" });
    if (!options.announced.includes(name)) return failed({ kind: "malformedTrailer", detail: "not announced" });
    trailers.set(name, (parts[2] as string).trim());
  }
  if (trailers.size < options.announced.length) return failed({ kind: "malformedTrailer", detail: "missing" });
  return { ok: true, value: { trailers, signature: found[2] ?? null } };
}

/** The lines that the trailers' signature covers. */
export function canonicalTrailers(trailers: ReadonlyMap<string, string>): string {
  return [...trailers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`)
    .join("");
}

function failed(failure: BodyFailure): ParsedTrailers {
  return { ok: false, failure };
}
