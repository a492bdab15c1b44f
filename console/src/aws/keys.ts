/** Percent-encodes all but unreserved characters, as Signature Version 4 does. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Path of an object. Throws for a key that no URL can name: see `isAddressable`. */
export function objectPath(bucket: string, key: string): string {
  if (!isAddressable(key)) throw new Error("a browser cannot ask for this key");
  return `/${bucket}/${encodeKey(key)}`;
}

/** A key in a path or in `x-amz-copy-source`: its slashes stay. */
export function encodeKey(key: string): string {
  return key.split("/").map(encode).join("/");
}

/** False if a segment is `.` or `..`: every browser resolves it before it asks (https://url.spec.whatwg.org/#double-dot-path-segment). */
export function isAddressable(key: string): boolean {
  return !key.split("/").some((segment) => segment === "." || segment === "..");
}

/** The last part of a key or prefix, with the slash of a prefix. */
export function nameOf(key: string): string {
  const end = key.endsWith("/") ? key.length - 1 : key.length;
  return key.slice(key.lastIndexOf("/", end - 1) + 1);
}

/** The prefix that a key or prefix is in: `""` or ends with a slash. */
export function parentOf(key: string): string {
  const end = key.endsWith("/") ? key.length - 1 : key.length;
  return key.slice(0, key.lastIndexOf("/", end - 1) + 1);
}

/** `a/b/` becomes `[{ name: "a/", prefix: "a/" }, { name: "b/", prefix: "a/b/" }]`. */
export function breadcrumbs(prefix: string): { name: string; prefix: string }[] {
  const crumbs: { name: string; prefix: string }[] = [];
  for (let end = prefix.indexOf("/"); end !== -1; end = prefix.indexOf("/", end + 1)) {
    const start = crumbs.at(-1)?.prefix.length ?? 0;
    crumbs.push({ name: prefix.slice(start, end + 1), prefix: prefix.slice(0, end + 1) });
  }
  return crumbs;
}

/** Bytes of the key in UTF-8: S3 takes at most 1,024. */
export function keyBytes(key: string): number {
  return new TextEncoder().encode(key).length;
}

/**
 * A key for the eye: control characters and what changes the direction of text are shown as pictures or code points, and spaces at the
 * ends as a middle dot, so that two different keys never look alike for what cannot be seen.
 */
export function visibleKey(key: string): string {
  const controls = key.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return "\u2421";
    return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
  return controls.replace(/^ +| +$/g, (spaces) => "\u00b7".repeat(spaces.length));
}
