import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommandLine, usage } from "../../local/options.ts";
import { readDocument, section, tableRows } from "./document.ts";

const text = readDocument("docs/operations.md");
const names = (heading: string) =>
  section(text, heading)
    .match(/^\| ([\w-]+) \|/gm)
    ?.map((row) => row.slice(2, -2)) ?? [];

test("the jobs are those that run, in their order", () => {
  const list = /JOBS[^=]*= \[([^\]]*)\]/.exec(readDocument("src/maintenance/run/run-jobs.ts"))?.[1] ?? "";
  const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const listed = list.split(",").map((name) => name.trim());
  const jobs = listed.filter((name) => name !== "").map(kebab);
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

describe("the options of npm start", () => {
  const rows = tableRows(section(text, "## `npm start`")).filter(([option = ""]) => option.startsWith("--"));
  const documented = new Map(rows.map(([option = "", value = ""]) => [option.split(" ")[0] ?? "", value]));

  test("are those of --help, and the command line takes each of them", () => {
    const offered = Array.from(usage.matchAll(/^ {2}(--[\w-]+)(?: ([A-Z]+))?/gm), ([, name = "", value]) => ({
      name,
      value,
    }));
    expect([...documented.keys(), "--help"].sort()).toEqual(offered.map(({ name }) => name).sort());
    for (const { name, value } of offered) {
      const refusal = parseCommandLine(value === undefined ? [name] : [name, "1"], "/");
      expect([name, JSON.stringify(refusal)]).not.toEqual([name, expect.stringContaining("Unknown option")]);
    }
  });

  test("have the defaults that they say", () => {
    const commandLine = parseCommandLine([], "/");
    if (commandLine.kind !== "start") throw new Error("an empty command line starts");
    const { host, port, dataDir, quiet } = commandLine.options;
    const expected = { "--host": host, "--port": `${port}`, "--data": `.${dataDir}`, "--quiet": quiet ? "on" : "" };
    expect(Object.fromEntries(documented)).toMatchObject(expected);
  });
});
