import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of the documents that are for readers, from the root of the project. */
export function documents(): string[] {
  const inDocs = readdirSync(join(import.meta.dirname, "../../docs")).filter((name) => name.endsWith(".md"));
  return [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "migrations/README.md",
    ...inDocs.map((name) => `docs/${name}`),
  ];
}

/** The text of a document of the project, by its path from the root. */
export function readDocument(path: string): string {
  return readFileSync(join(import.meta.dirname, "../..", path), "utf8");
}

/** The cells of every table row whose first cell is in backticks, without them: `| `a`, `b` | c |` is [["a, b", "c"]]. */
export function tableRows(markdown: string): string[][] {
  const rows = markdown.match(/^\| `.*\|$/gm) ?? [];
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}

/** The part of a document under a heading, down to the next heading of the same or a higher level. */
export function section(markdown: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0;
  const begin = markdown.indexOf(`\n${heading}\n`);
  if (level === 0 || begin < 0) throw new Error(`there is no heading "${heading}"`);
  const rest = markdown.slice(begin + heading.length + 2);
  const end = new RegExp(`^#{1,${level}} `, "m").exec(rest)?.index ?? rest.length;
  return rest.slice(0, end);
}

/** The contents of the fenced blocks of one language. */
export function fences(markdown: string, language: string): string[] {
  return Array.from(
    markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm")),
    ([, text]) => text ?? "",
  );
}
