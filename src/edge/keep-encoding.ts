/**
 * Keeps proxies in front of the Worker from compressing or decompressing an object on the way. Cloudflare's edge, and the
 * proxy of `wrangler dev` that imitates it, encode answers of certain types for clients that accept it and decode them for
 * clients that do not: the length is lost (of a HEAD too), checksums fail, and a client that expects neither keeps the
 * wrong bytes for the object.
 *
 * Measured on that proxy: `Content-Encoding: identity` prevents the one, an encoding written in capitals (names of
 * encodings know no case) the other; `Cache-Control: no-transform`, a known length and a strong ETag prevent nothing. The
 * client sees the header, so it is touched only where the proxy would act. `npm start` has no proxy.
 */
export function keepEncoding(headers: Headers, status: number, clientAcceptEncoding: unknown): void {
  if (typeof clientAcceptEncoding !== "string" || status !== 200 || !headers.has("ETag")) return;
  if (!compressible.test(headers.get("Content-Type") ?? "text/plain")) return;
  const encoding = headers.get("Content-Encoding");
  const accepts = (name: string) => new RegExp(`\\b${name}\\b|\\*`, "i").test(clientAcceptEncoding);
  if (encoding === null) {
    if (["gzip", "br", "zstd", "deflate"].some(accepts)) headers.set("Content-Encoding", "identity");
  } else if ((encoding === "gzip" || encoding === "br") && !accepts(encoding)) {
    headers.set("Content-Encoding", encoding.toUpperCase());
  }
}

/** Wider than the list that Cloudflare publishes ("Content compression"), which grows. */
const compressible =
  /^\s*(text\/|font\/|multipart\/|image\/(svg|x-icon|vnd\.microsoft)|application\/[^;]*(json|xml|javascript|wasm|protobuf|font|type|otf|ttf|eot|perl|cgi))/i;
