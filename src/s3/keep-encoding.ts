/**
 * Keeps proxies in front of the Worker from compressing an object on the way. Cloudflare's edge, and the proxy of
 * `wrangler dev` that imitates it, compress answers of certain types for clients that accept it: Content-Length is lost
 * (of a HEAD too), and a client that does not expect an encoding keeps the compressed bytes for the object.
 *
 * Measured on that proxy: `Content-Encoding: identity` prevents it; `Cache-Control: no-transform`, a length and a strong
 * ETag do not. The header is seen by the client, so it is set only where compression threatens: on whole objects of a
 * compressible type, without an encoding of their own, for a client that accepts another. `npm start` has no proxy and
 * never sets it.
 */
export function keepEncoding(headers: Headers, status: number, clientAcceptEncoding: unknown): void {
  const threatened =
    status === 200 &&
    typeof clientAcceptEncoding === "string" &&
    /\b(gzip|br|zstd|deflate)\b|\*/i.test(clientAcceptEncoding) &&
    headers.has("ETag") &&
    !headers.has("Content-Encoding") &&
    compressible.test(headers.get("Content-Type") ?? "text/plain");
  if (threatened) headers.set("Content-Encoding", "identity");
}

/** Wider than the list that Cloudflare publishes ("Content compression"), which grows. */
const compressible =
  /^\s*(text\/|font\/|multipart\/|image\/(svg|x-icon|vnd\.microsoft)|application\/[^;]*(json|xml|javascript|wasm|protobuf|font|type|otf|ttf|eot|perl|cgi))/i;
