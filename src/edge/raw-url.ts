/** The parts of a URL as they arrived: nothing decoded. `rawQuery` is without its `?`. */
export interface RawUrl {
  /** Lower case, without port. */
  readonly hostname: string;
  readonly rawPath: string;
  readonly rawQuery: string;
}

/** Cuts an absolute URL. The runtime has parsed it by WHATWG's rules before: escapes and `//` are kept. */
export function cutUrl(url: string): RawUrl {
  const match = /^[a-z]+:\/\/(\[[^\]]*\]|[^/?#:]*)(?::\d*)?([^?#]*)(?:\?([^#]*))?/i.exec(url);
  if (match === null) throw new Error("a request has an absolute URL");
  return { hostname: (match[1] ?? "").toLowerCase(), rawPath: match[2] || "/", rawQuery: match[3] ?? "" };
}
