import { execFile } from "node:child_process";
import { lstat, mkdir, readdir, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const INSTALLED_BYTES_MAX = 250e6;

export interface InstalledPackage {
  /** Path of the program `sherd`. */
  command: string;
  /** The folder that it was installed into, which was empty. */
  cwd: string;
  /** The environment without the checkout's own programs, so that `node` is the system's. */
  env: Record<string, string | undefined>;
}

/**
 * Packs the checkout and installs the file below `folder` with the system's npm and Node, as a user would. Checks what
 * is installed: nothing but Sherd and workerd, at most 250 MB, and each command's help. Prints the figures.
 */
export async function installPackage(root: string, folder: string): Promise<InstalledPackage> {
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
  // npm hands its settings on to the scripts that it runs.
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
  const cwd = join(folder, "empty");
  await mkdir(cwd);
  const { stdout: packed } = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: root, env });
  const [{ filename }] = listOf(packed) as [{ filename: string }];
  const { stdout: node } = await run("node", ["--version"], { cwd, env });
  // Without the prefix npm looks for a package.json or node_modules further up.
  await run("npm", ["install", "--prefix", cwd, "--no-audit", "--no-fund", join(folder, filename)], { cwd, env });
  const command = join(cwd, "node_modules/.bin/sherd");
  await checkPackages(cwd);
  const sizeBytes = await installedBytes(join(cwd, "node_modules"), new Set());
  console.log(`${filename} on Node ${node.trim()}: ${(sizeBytes / 1e6).toFixed(1)} MB installed`);
  if (sizeBytes > INSTALLED_BYTES_MAX) throw new Error(`more than ${INSTALLED_BYTES_MAX} bytes are installed`);
  await checkCommands({ command, cwd, env }, root);
  return { command, cwd, env };
}

/** Newer versions of npm answer with an object by the package's name. */
function listOf(answer: string): unknown[] {
  const value: unknown = JSON.parse(answer.slice(answer.search(/^[[{]/m)));
  return Array.isArray(value) ? value : Object.values(value as object);
}

async function checkPackages(cwd: string): Promise<void> {
  const names = await readdir(join(cwd, "node_modules"));
  const others = names.filter((name) => !/^(\.|sherd$|workerd$|@cloudflare$)/.test(name));
  const platforms = await readdir(join(cwd, "node_modules/@cloudflare"));
  if (others.length > 0 || platforms.length !== 1) {
    throw new Error(`besides Sherd and workerd there is ${[...others, ...platforms].join(", ")}`);
  }
}

/** What the disk has of it, a file with several names once. */
async function installedBytes(path: string, seen: Set<number>): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const file = join(path, entry.name);
    if (entry.isDirectory()) bytes += await installedBytes(file, seen);
    const { ino, blocks } = await lstat(file);
    if (!seen.has(ino)) bytes += blocks * 512;
    seen.add(ino);
  }
  return bytes;
}

async function checkCommands({ command, cwd, env }: InstalledPackage, root: string): Promise<void> {
  const ask = async (...args: string[]) => (await run(command, args, { cwd, env })).stdout;
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const said = (await ask("--version")).trim();
  if (said !== version) throw new Error(`sherd --version says ${said}, not ${version}`);
  const help = await ask("--help");
  const commands = /^Commands: ([\w, ]+)/m.exec(help)?.[1]?.split(", ") ?? [];
  for (const name of ["accounts", "heal", "restore", "verify"]) {
    if (!commands.includes(name)) throw new Error(`sherd --help does not name ${name}`);
  }
  for (const args of [[], ...commands.map((name) => [name])]) {
    const usage = await ask(...args, "--help");
    const expected = `Usage: sherd ${args.map((name) => `${name} `).join("")}`;
    if (!usage.includes(expected)) throw new Error(`no "${expected}" in:\n${usage}`);
    if (/\bnpm\b/.test(usage)) throw new Error(`the help is that of a checkout:\n${usage}`);
  }
}
