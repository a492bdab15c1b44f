import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const project = join(import.meta.dirname, "../..");
const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};
const benchmarks = Object.entries(scripts).filter(([name]) => name.startsWith("bench:"));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sherd-rows-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts what a script of package.json starts. */
function run(script: string, ...options: string[]): void {
  const [, file] = script.split(" ");
  execFileSync(process.execPath, [file as string, ...options], { cwd: project, stdio: "pipe" });
}

describe("--json of the benchmarks", () => {
  it.each(benchmarks)("%s writes its rows as all do", (_name, script) => {
    const source = readFileSync(join(project, script.split(" ").at(-1) as string), "utf8");
    expect(source).toMatch(/await writeRows\((options|values)\.json, /);
  });

  it("is one list of flat objects", () => {
    const file = join(folder, "rows.json");
    run(scripts["bench:break-even"] as string, "--json", file);
    const written = JSON.parse(readFileSync(file, "utf8"));
    expect(Object.keys(written)).toEqual(["rows"]);
    expect(written.rows.length).toBeGreaterThan(1);
    for (const row of written.rows) {
      for (const value of Object.values(row)) expect(typeof value === "object" ? value : null).toBeNull();
    }
  });
});
