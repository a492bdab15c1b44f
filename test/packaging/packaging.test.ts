import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../local/options.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json"));
const lock = JSON.parse(read("package-lock.json")).packages;

test("the package depends on workerd alone, on the one that the tests run", () => {
  expect(Object.keys(manifest.dependencies)).toEqual(["workerd"]);
  expect(manifest.dependencies.workerd).toBe(lock["node_modules/miniflare"].dependencies.workerd);
  expect(Object.keys(manifest.bin)).toEqual(["sherd"]);
});

/** Options of the command line that starts the server, as the launcher reads them. */
function startOptions(args: string[]) {
  const commandLine = parseCommandLine(args, "/");
  if (commandLine.kind !== "start") throw new Error(JSON.stringify(commandLine));
  return commandLine.options;
}

describe("the Containerfile", () => {
  const steps = read("packaging/Containerfile")
    .replace(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ name: line.split(" ", 1)[0] ?? "", text: line.slice(line.indexOf(" ") + 1).trim() }));
  const final = steps.slice(steps.findLastIndex(({ name }) => name === "FROM"));
  const of = (name: string) => final.filter((step) => step.name === name).map(({ text }) => text);
  const [entrypoint = "[]"] = of("ENTRYPOINT");
  const [program, ...args]: string[] = JSON.parse(entrypoint);

  test("has instructions that there are, and runs npm only by commands of package.json", () => {
    const known = "FROM WORKDIR COPY RUN USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT".split(" ");
    for (const { name } of steps) expect(known).toContain(name);
    expect(steps.filter(({ name }) => name === "FROM").map(({ text }) => text)).toEqual([
      "node:20-slim AS build",
      "node:20-slim",
    ]);
    expect(manifest.scripts.prepack).toContain("local/package/pack.ts");
  });

  test("serves what it exposes, on the volume, not as root", () => {
    expect(program).toBe("sherd");
    const { host, port, dataDir } = startOptions(args);
    expect(host).toBe("0.0.0.0");
    expect(of("EXPOSE")).toEqual([`${port}`]);
    expect(of("VOLUME")).toEqual([dataDir]);
    expect(of("USER")).toEqual(["node"]);
    const [install = "", prepare = ""] = of("RUN");
    expect(install).toMatch(/^npm install --global /);
    expect(prepare).toBe(`mkdir ${dataDir} && chown node:node ${dataDir}`);
    const [health = ""] = of("HEALTHCHECK");
    expect(health).toContain(`http://127.0.0.1:${port}/-/health`);
  });

  test("leaves out what a checkout has of its owner's", () => {
    const ignored = read("packaging/Containerfile.dockerignore").split("\n");
    for (const name of read(".gitignore").matchAll(/^([\w./-]+?)\/?$/gm)) expect(ignored).toContain(name[1]);
  });
});

describe("the systemd unit", () => {
  const unit = read("packaging/sherd.service");
  const value = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1] ?? "";

  test("starts the program with options that it knows", () => {
    const [env, program, ...args] = value("ExecStart").replaceAll(/[{}]/g, "").split(" ");
    expect([env, program]).toEqual(["/usr/bin/env", "sherd"]);
    const options = startOptions(args);
    expect(options.dataDir).toBe("/$STATE_DIRECTORY");
    expect(options.accessLog).toBe("/$LOGS_DIRECTORY/access.log");
  });

  test("stops the server alone, and later than the server does by itself", () => {
    expect(value("KillMode")).toBe("mixed");
    expect(Number(value("TimeoutStopSec"))).toBeGreaterThan(5);
  });

  // No system but Linux has it.
  test.runIf(existsSync("/usr/bin/systemd-analyze"))("is one that systemd takes without a word", () => {
    const unitPath = join(root, "packaging/sherd.service");
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unitPath], { encoding: "utf8" });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  });
});
