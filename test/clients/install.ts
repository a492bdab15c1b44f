import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { attempt, command } from "./command.ts";
import { projectFolder } from "./server.ts";

/** Clients live outside git and outlast a run; `--fresh` of run.ts asks the registry for newer ones. */
const cacheFolder = join(projectFolder, "node_modules", ".cache", "sherd-clients");

const venvFolder = join(cacheFolder, "venv");

/** A folder of what an installation makes, besides what git has. */
export function installedFolder(name: string): string {
  return join(cacheFolder, name);
}

/** Where a program of the Python environment lies. */
export function venvProgram(program: string): string {
  return join(venvFolder, "bin", program);
}

/** Where the AWS Common Runtime lies: apart, because botocore changes its signers as soon as it can import it. */
export const crtFolder = join(cacheFolder, "boto3-crt");

export type Installed = { readonly ok: true } | { readonly ok: false; readonly why: string };

const DAY_MS = 24 * 3600 * 1000;
const INSTALL_MS = 600_000;
const PIP_INSTALL = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"];

/** Installs the newest release of a PyPI package, at most once a day unless `fresh`. Fails with pip's last words. */
export async function installPython(packageName: string, fresh: boolean): Promise<Installed> {
  return install({ packageName, fresh, target: [] });
}

/** The same for a package of many thousand files, which would take minutes to compile before it is used. */
export async function installLargePython(packageName: string, fresh: boolean): Promise<Installed> {
  return install({ packageName, fresh, target: ["--no-compile"] });
}

/** Packages that go together into an environment of their own, since others need other releases of what they need. */
export async function installPythonSet(name: string, packages: readonly string[], fresh: boolean): Promise<Installed> {
  const stampName = `${name}-${createHash("sha256").update(packages.join()).digest("hex").slice(0, 12)}`;
  const made = await makeVenv(join(cacheFolder, name));
  if (!made.ok) return made;
  if (!fresh && (await isRecent(stampName))) return { ok: true };
  const line = [join(cacheFolder, name, "bin", "python"), ...PIP_INSTALL, "--no-compile", ...packages];
  const result = await attempt(line, { timeoutMs: INSTALL_MS });
  if (result.code !== 0) return { ok: false, why: `pip install ${packages.join(" ")}: ${lastLine(result.stderr)}` };
  const fitting = await installFittingBoto3(join(cacheFolder, name, "bin", "python"));
  if (!fitting.ok) return fitting;
  await writeFile(stampOf(stampName), String(Date.now()));
  return { ok: true };
}

/**
 * The boto3 of the botocore that the set has: aiobotocore pins one, and pip would try the releases of boto3 one by one until it met the
 * one that fits. Both have the same version numbers.
 */
async function installFittingBoto3(python: string): Promise<Installed> {
  const found = await attempt([python, "-c", "import botocore; print(botocore.__version__)"], { timeoutMs: 60_000 });
  if (found.code !== 0) return { ok: true };
  const wanted = `boto3==${found.stdout.toString().trim()}`;
  const result = await attempt([python, ...PIP_INSTALL, wanted], { timeoutMs: INSTALL_MS });
  return result.code === 0 ? { ok: true } : { ok: false, why: `pip install ${wanted}: ${lastLine(result.stderr)}` };
}

/** The AWS Common Runtime, beside the Python environment and not in it. */
export async function installRuntime(fresh: boolean): Promise<Installed> {
  return install({ packageName: "awscrt", fresh, target: ["--target", crtFolder] });
}

let isClosed = false;

/** From now on programs of the Python environment run: an installation into it is refused. */
export function closeEnvironment(): void {
  isClosed = true;
}

interface Wanted {
  readonly packageName: string;
  readonly fresh: boolean;
  readonly target: readonly string[];
}

async function install({ packageName, fresh, target }: Wanted): Promise<Installed> {
  const made = await makeVenv(venvFolder);
  if (!made.ok) return made;
  if (!fresh && (await isRecent(packageName))) return { ok: true };
  if (isClosed) throw new Error(`${packageName} comes too late: its client does not say sharesPython`);
  const line = [venvProgram("python"), ...PIP_INSTALL, ...target, packageName];
  const result = await attempt(line, { timeoutMs: INSTALL_MS });
  if (result.code !== 0) return { ok: false, why: `pip install ${packageName}: ${lastLine(result.stderr)}` };
  await writeFile(stampOf(packageName), String(Date.now()));
  return { ok: true };
}

async function makeVenv(folder: string): Promise<Installed> {
  if (existsSync(join(folder, "bin", "pip"))) return { ok: true };
  await mkdir(cacheFolder, { recursive: true });
  for (const program of ["python3", "python"]) {
    const made = await attempt([program, "-m", "venv", folder]).catch(() => undefined);
    if (made?.code === 0) return { ok: true };
  }
  return { ok: false, why: "no Python 3 with venv" };
}

function stampOf(packageName: string): string {
  return join(cacheFolder, `${packageName}.installed`);
}

async function isRecent(packageName: string): Promise<boolean> {
  const stamp = await readFile(stampOf(packageName), "utf8").catch(() => "0");
  return Date.now() - Number(stamp) < DAY_MS;
}

/** Where a program that `installGo` built lies. */
export function goProgram(program: string): string {
  return join(cacheFolder, "go", program);
}

const GO_BUILD_MS = 420_000;

/**
 * Builds a Go program at a pinned version, once, where the machine has Go. What it downloads and compiles stays in Go's
 * own caches, so a build that takes too long is shorter the next time.
 */
export async function installGo(packagePath: string, version: string): Promise<Installed> {
  const program = packagePath.split("/").pop() ?? "";
  const stamp = stampOf(`${program}-${version}`);
  if (existsSync(stamp) && existsSync(goProgram(program))) return { ok: true };
  const env = { ...process.env, GOBIN: join(cacheFolder, "go"), CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" };
  const line = ["go", "install", `${packagePath}@${version}`];
  const result = await attempt(line, { env, timeoutMs: GO_BUILD_MS }).catch((error: unknown) => String(error));
  if (typeof result === "string") return { ok: false, why: `go install ${packagePath}: ${result.split("\n")[0]}` };
  if (result.code !== 0) return { ok: false, why: `go install ${packagePath}: ${lastLine(result.stderr)}` };
  await writeFile(stamp, String(Date.now()));
  return { ok: true };
}

/** apt's lists can be locked by one process at a time. A job may need a package while another client is prepared. */
let systemPackages: Promise<unknown> = Promise.resolve();

/** Takes a system package where this is root on a machine with apt: the fallback where a registry cannot be reached. */
export function installSystem(packageName: string): Promise<Installed> {
  const installed = systemPackages.then(() => installSystemNow(packageName));
  systemPackages = installed;
  return installed;
}

async function installSystemNow(packageName: string): Promise<Installed> {
  if (process.getuid?.() !== 0) return { ok: false, why: `not root, so apt-get install ${packageName} was not tried` };
  const install = () => attempt(["apt-get", "install", "-y", "-q", packageName], { timeoutMs: 300_000 });
  try {
    let result = await install();
    if (result.code !== 0) {
      // A new machine has no package lists yet.
      await attempt(["apt-get", "update", "-q"], { timeoutMs: 300_000 });
      result = await install();
    }
    if (result.code === 0) return { ok: true };
    return { ok: false, why: `apt-get install ${packageName}: ${lastLine(result.stderr)}` };
  } catch (error) {
    return { ok: false, why: `apt-get install ${packageName}: ${String(error).split("\n")[0]}` };
  }
}

/** A program of the system, which is installed where it is missing; the package has its name. */
export async function systemProgram(program: string): Promise<Installed> {
  const here = await attempt([program, "--version"]).catch(() => undefined);
  return here === undefined ? installSystem(program) : { ok: true };
}

/** First line that a program prints for its version. */
export async function versionOf(argv: readonly string[]): Promise<string> {
  const { stdout, stderr } = await command(argv);
  return `${stdout.toString()}${stderr}`.split("\n")[0]?.trim() ?? "";
}

function lastLine(text: string): string {
  return text.trim().split("\n").pop() ?? "";
}
