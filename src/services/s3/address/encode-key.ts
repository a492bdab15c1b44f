/** A key as the path of a URL: every byte that could end the path, or a header, is escaped. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
