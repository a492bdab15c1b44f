import { spawnSync } from "node:child_process";
import { rooms } from "./rooms.ts";

// npm run mutation -- ROOM …: changes the sources of the rooms, all without a name, one place at a time, and lists what no test notices.

const STRYKER = ["@stryker-mutator/core@10.1.1", "@stryker-mutator/vitest-runner@10.1.1"];

function run(command: string, args: readonly string[], env: Record<string, string> = {}): void {
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(rooms);
for (const name of names) {
  if (rooms[name] === undefined) {
    console.error(`no room ${name}; there are ${Object.keys(rooms).join(", ")}`);
    process.exit(1);
  }
}
// Not saved: Stryker's packages do not support Node 20.
run("npm", ["install", "--no-save", ...STRYKER]);
for (const name of names) {
  const { sources = [] } = rooms[name] ?? {};
  const incremental = ["--incrementalFile", `.stryker-incremental-${name}.json`];
  run("stryker", ["run", "test/mutation/stryker.config.json", "--mutate", sources.join(","), ...incremental], {
    MUTATION_ROOM: name,
  });
}
