/**
 * The name of a key in a zip: below the prefix, never above the folder that it is unpacked in, and without what file systems do not take.
 * Two keys may get the same name; `uniqueName` tells them apart.
 */
export function zipName(key: string, prefix: string): string {
  const segments = key.slice(prefix.length).split("/");
  const safe = segments
    .map((segment) => segment.replace(/[\p{Cc}\\:*?"<>|]/gu, "_"))
    .filter((segment) => segment !== "" && segment !== "." && segment !== "..");
  return safe.join("/") || "_";
}

/** `a.txt`, then `a (2).txt`. Remembers what it has given in `taken`. */
export function uniqueName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > name.lastIndexOf("/") + 1 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  let unique = name;
  for (let count = 2; taken.has(unique.toLowerCase()); count++) unique = `${stem} (${count})${ending}`;
  taken.add(unique.toLowerCase());
  return unique;
}
