import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";

const source = join(import.meta.dirname, "../../console/src");
const read = (language: string) =>
  JSON.parse(readFileSync(join(source, "text", `${language}.json`), "utf8")) as Record<string, string>;
const texts = { en: read("en"), de: read("de") };
const placeholders = (text = "") => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
const sources = new Map(files.map((name) => [name, readFileSync(join(source, name), "utf8")]));

describe("the console's texts", () => {
  test("are complete in each language, in order, and have the same values in them", () => {
    expect(Object.keys(texts.de)).toEqual(Object.keys(texts.en));
    expect(Object.keys(texts.en)).toEqual(Object.keys(texts.en).sort());
    for (const [key, text] of Object.entries(texts.en)) {
      expect(text.trim()).not.toBe("");
      expect([key, placeholders(texts.de[key])]).toEqual([key, placeholders(text)]);
    }
  });

  test("are all used", () => {
    const all = [...sources.values()].join("\n");
    // A name that is made of a value: `tasks.state.${state}`.
    const made = [...all.matchAll(/`([\w.]+\.)\$\{/g)].map(([, prefix = ""]) => prefix);
    const unused = Object.keys(texts.en).filter((key) => {
      const name = key.replace(/_(one|other)$/, "");
      return !all.includes(`"${name}"`) && !made.some((prefix) => name.startsWith(prefix));
    });
    expect(unused).toEqual([]);
  });

  test("stand in no component", () => {
    const found = [...sources].filter(([name]) => name.endsWith(".tsx")).flatMap(([name, code]) => textsIn(name, code));
    expect(found).toEqual([]);
    expect(textsIn("x.tsx", '<a title="Go home">{x}</a>')).toEqual(["x.tsx: Go home"]);
    expect(textsIn("x.tsx", "<b>Hello {name}</b>")).toEqual(["x.tsx: Hello"]);
  });
});

/** Attributes that a reader sees or hears. */
const SHOWN = new Set(["aria-label", "alt", "title", "label", "placeholder", "hint", "submit", "valueLabel"]);

interface Node {
  type: string;
  [name: string]: unknown;
}

/** Text between tags, and in attributes that are shown. */
function textsIn(name: string, code: string): string[] {
  const found: string[] = [];
  visit(parseSync(name, code, { lang: "tsx" }).program as unknown as Node, (node) => {
    if (node.type === "JSXText" && /\p{L}/u.test(String(node.value))) found.push(String(node.value).trim());
    if (node.type !== "JSXAttribute") return;
    const attribute = node as unknown as { name: { name: string }; value: { type: string; value?: unknown } | null };
    const value = attribute.value?.type === "Literal" ? attribute.value.value : null;
    if (SHOWN.has(attribute.name.name) && typeof value === "string" && /\p{L}/u.test(value)) found.push(value);
  });
  return found.map((text) => `${name}: ${text}`);
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const one of value) visit(one, see);
  else if (typeof value === "object" && value !== null) {
    if ("type" in value && typeof value.type === "string") see(value as Node);
    for (const one of Object.values(value)) visit(one, see);
  }
}
