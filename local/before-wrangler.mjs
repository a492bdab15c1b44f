// The [build] command of wrangler.toml, which wrangler runs before it reads .dev.vars. Plain
// JavaScript: the first Node in the PATH runs it.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** Makes the key pair of `wrangler dev` if there is none: like `npm start`, it has no default. */
function makeKeys() {
  const path = join(root, ".dev.vars");
  if (existsSync(path)) {
    console.log("Keys: see .dev.vars");
    return;
  }
  const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const random = (length, alphabet) => Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
  const id = random(20, upper);
  const secret = random(40, `${upper}abcdefghijklmnopqrstuvwxyz`);
  writeFileSync(path, `SHERD_ACCESS_KEY_ID=${id}\nSHERD_SECRET_ACCESS_KEY=${secret}\n`, { mode: 0o600, flag: "wx" });
  console.log(`Keys: made a new pair in .dev.vars (access key ${id}), which git ignores`);
}

/** The D1 bindings of wrangler.toml. */
function databases() {
  const sections = readFileSync(join(root, "wrangler.toml"), "utf8").split(/^\[/m);
  const d1 = sections.filter((section) => section.startsWith("[d1_databases]]"));
  return d1.map((section) => /^binding = "(\w+)"$/m.exec(section)?.[1]).filter((name) => name !== undefined);
}

/** wrangler and Vite may need a newer Node than the one that runs this. */
function bundledNode() {
  const path = join(root, "node_modules", ".bin", "node");
  return existsSync(path) ? path : process.execPath;
}

/**
 * Applies the migrations to each local database. If that fails, the build ends with wrangler's
 * message. It runs at each change of a source file, so it records beside the database what it has
 * applied.
 */
function applyMigrations() {
  const stateFolder = join(root, ".wrangler", "state", "v3", "d1");
  const notePath = join(stateFolder, "sherd-migrations");
  const names = readdirSync(join(root, "migrations")).filter((name) => name.endsWith(".sql"));
  const bindings = databases();
  const note = [...bindings, ...names.sort()].join("\n");
  if (existsSync(notePath) && readFileSync(notePath, "utf8") === note) return;
  const node = bundledNode();
  const wrangler = join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  for (const binding of bindings) {
    const { status, stdout, stderr } = spawnSync(node, [wrangler, "d1", "migrations", "apply", binding, "--local"], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, CI: "1" }, // asks no question
    });
    if (status !== 0) {
      console.error(`Migrations of ${binding} failed:\n${stdout}${stderr}`);
      process.exit(1);
    }
  }
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(notePath, note);
  console.log("Migrations: applied to the local database");
}

/**
 * Builds the console, whose folder is among the assets, unless the last build is of the present
 * sources.
 */
function buildConsole() {
  const { status } = spawnSync(bundledNode(), [join(root, "console", "build.mjs")], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

buildConsole();
if (process.env.WRANGLER_COMMAND === "dev") {
  makeKeys();
  applyMigrations();
}
