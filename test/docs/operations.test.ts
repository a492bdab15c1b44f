import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { parseCommandLine, usage } from "../../local/options.ts";
import { readDocument, section, tableRows } from "./document.ts";

const text = readDocument("docs/operations.md");
const names = (heading: string) =>
  section(text, heading)
    .match(/^\| ([\w-]+) \|/gm)
    ?.map((row) => row.slice(2, -2)) ?? [];

test("the jobs are those that run, in their order", () => {
  const list = /JOBS[^=]*= \[([^\]]*)\]/.exec(readDocument("src/maintenance/run/run-jobs.ts"))?.[1] ?? "";
  const jobs = list.split(",").map((name) => name.trim());
  expect(jobs.length).toBeGreaterThan(2);
  expect(names("## Background jobs").slice(1)).toEqual(jobs);
});

test("every job is a file of that name", () => {
  const files = readdirSync(join(import.meta.dirname, "../../src/maintenance"), {
    recursive: true,
    encoding: "utf8",
  }).map((path) => basename(path));
  expect(
    names("## Background jobs")
      .slice(1)
      .filter((name) => !files.includes(`${name}.ts`)),
  ).toEqual([]);
});

test("the options of npm start are those that it knows, with the defaults that they say", () => {
  const rows = tableRows(section(text, "## `npm start`")).filter(([option = ""]) => option.startsWith("--"));
  const documented = rows.flatMap(([options = ""]) => options.match(/--[\w-]+/g) ?? []);
  const known = (usage.match(/^ {2}--[\w-]+/gm) ?? [])
    .map((option) => option.trim())
    .filter((option) => option !== "--help");
  expect(documented.toSorted()).toEqual(known.toSorted());
  const commandLine = parseCommandLine([], "/");
  if (commandLine.kind !== "start") throw new Error("an empty command line starts");
  const { host, port, dataDir, log, quiet, isNew } = commandLine.options;
  const defaults = Object.fromEntries(rows.map(([option = "", value = ""]) => [option.split(" ")[0], value]));
  expect(defaults).toMatchObject({
    "--host": host,
    "--port": `${port}`,
    "--data": `.${dataDir}`,
    "--log": log,
    "--quiet": quiet ? "on" : "",
    "--new": isNew ? "on" : "",
  });
});
