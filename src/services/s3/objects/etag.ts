/** An ETag in the form of headers and XML. The store keeps it without quotes. */
export function quoteEtag(etag: string): string {
  return `"${etag}"`;
}

/** An ETag from a client, in quotes or without. */
export function unquoteEtag(text: string): string {
  const trimmed = text.trim();
  return trimmed.length >= 2 && trimmed.startsWith('"') && trimmed.endsWith('"') ? trimmed.slice(1, -1) : trimmed;
}

/** One member of a list of ETags (RFC 9110 §8.8.3). */
export interface ListedEtag {
  readonly value: string;
  readonly weak: boolean;
}

/** Reads If-Match or If-None-Match: `*` or a list of tags, weak or strong, in quotes or (as S3 tolerates) without. */
export function parseEtagList(text: string): "*" | ListedEtag[] {
  if (text.trim() === "*") return "*";
  return Array.from(text.matchAll(/(W\/)?(?:"([^"]*)"|([^\s,"]+))/g), ([, weak, quoted, bare]) => ({
    value: quoted ?? bare ?? "",
    weak: weak !== undefined,
  }));
}
