import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { documents, readDocument } from "./document.ts";

const root = join(import.meta.dirname, "../..");

/** As GitHub makes them: lower case, spaces become hyphens, all other signs go. */
function anchors(markdown: string): string[] {
  const headings = markdown.replace(/^```[\s\S]*?^```$/gm, "").match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Links to other files of the project that lead nowhere. */
function brokenLinks(path: string): string[] {
  const targets = Array.from(readDocument(path).matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target ?? "");
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [file = "", anchor] = target.split("#");
    const resolved = file === "" ? path : relative(root, join(root, dirname(path), file));
    if (!existsSync(join(root, resolved))) return true;
    return anchor !== undefined && !anchors(readDocument(resolved)).includes(anchor);
  });
}

test.each(documents())("the links of %s lead somewhere", (path) => {
  expect(brokenLinks(path)).toEqual([]);
});

test("commands that documents name exist", () => {
  const { scripts } = JSON.parse(readDocument("package.json")) as { scripts: Record<string, string> };
  const named = documents().flatMap((path) =>
    Array.from(readDocument(path).matchAll(/npm run ([\w:-]+)/g), ([, name]) => `${path}: ${name}`),
  );
  expect(named.filter((entry) => !((entry.split(": ")[1] ?? "") in scripts))).toEqual([]);
});
