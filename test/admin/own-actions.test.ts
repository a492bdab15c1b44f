import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SHERD_ACTIONS } from "../../console/src/access/policy-words.ts";

const root = join(import.meta.dirname, "../../src");

test("the console completes exactly the actions of the own pages", () => {
  const files = ["admin", "query"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)),
  );
  const sources = files.filter((name) => name.endsWith(".ts")).map((name) => readFileSync(name, "utf8"));
  const asked = sources.flatMap((source) => source.match(/(?<=")sherd:[A-Z]\w+(?=")/g) ?? []);
  expect([...new Set(asked)].sort()).toEqual(SHERD_ACTIONS.filter((action) => action !== "sherd:*").sort());
});
