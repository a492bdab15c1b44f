/**
 * The members of a JSON object, of these names and no others; null: it is no such object, or has none of them. A misspelt member must
 * not be ignored.
 */
export function readMembers(body: Uint8Array, names: readonly string[]): Map<string, unknown> | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch {
    // SyntaxError, or TypeError for bytes that are not UTF-8.
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const members = new Map(Object.entries(value));
  return members.size > 0 && [...members.keys()].every((name) => names.includes(name)) ? members : null;
}
