import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { Contestant } from "./cases.ts";

const run = promisify(execFile);

/** The package of PyPI whose source contains ISA-L 2.32.1. */
const NEWER = { requirement: "isal==1.9.1", folder: "isal-1.9.1" };

/** A build of isa-l.c. */
interface Program {
  readonly implementation: string;
  readonly path: string;
}

/** Contestants that are not available, with the reason. */
export type Skip = (name: string, reason: unknown) => void;

/**
 * ISA-L from Debian and the newest from a package registry, as far as they are available; `cache`
 * keeps the builds.
 */
export async function isaLContestants(cache: string, skip: Skip): Promise<Contestant[]> {
  await mkdir(cache, { recursive: true });
  const programs: Program[] = [];
  for (const [implementation, make] of [
    ["isa-l", buildNewer],
    ["isa-l-2.30", buildDebian],
  ] as const) {
    const path = join(cache, implementation);
    try {
      if (!existsSync(path)) await make(cache, path);
      programs.push({ implementation, path });
    } catch (error) {
      skip(implementation, error);
    }
  }
  return programs.flatMap(({ implementation, path }, i) => {
    const contestant = programContestant(implementation, path, (op) => op !== "memcpy");
    return i === 0 ? [contestant, programContestant("libc", path, (op) => op === "memcpy")] : [contestant];
  });
}

const SOURCE = join(import.meta.dirname, "isa-l.c");

/** Fetches Debian packages and unpacks them into `folder`: needs neither root nor an installation. */
async function unpackDebian(cache: string, folder: string, names: readonly string[]): Promise<void> {
  const downloads = join(cache, `${folder}-packages`);
  await mkdir(downloads, { recursive: true });
  await run("apt-get", ["download", ...names], { cwd: downloads });
  for (const file of await readdir(downloads))
    if (file.endsWith(".deb")) await run("dpkg", ["-x", join(downloads, file), join(cache, folder)]);
}

/** Debian's library (2.30 in Debian 12). */
async function buildDebian(cache: string, path: string): Promise<void> {
  await unpackDebian(cache, "debian", ["libisal2", "libisal-dev"]);
  const usr = join(cache, "debian/usr");
  const [architecture] = (await readdir(join(usr, "lib"))).filter((name) => name.includes("linux"));
  const library = join(usr, "lib", architecture ?? "");
  await run("gcc", ["-O2", `-I${usr}/include`, SOURCE, `-L${library}`, `-Wl,-rpath,${library}`, "-lisal", "-o", path]);
}

/** The newest ISA-L, from source. */
async function buildNewer(cache: string, path: string): Promise<void> {
  await run("python3", ["-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "-d", cache, NEWER.requirement]);
  await run("tar", ["xzf", `${NEWER.folder}.tar.gz`], { cwd: cache });
  const source = join(cache, NEWER.folder, "src/isal/isa-l");
  const path32 = await assemblerPath(cache);
  await run("make", ["-f", "Makefile.unx", "units=erasure_code raid crc", "lib"], {
    cwd: source,
    env: { ...process.env, PATH: path32 },
    maxBuffer: 1 << 24,
  });
  const include = join(cache, "newer");
  await cp(join(source, "include"), include, { recursive: true });
  const headers = ["crc.h", "crc64.h", "erasure_code.h", "gf_vect_mul.h", "raid.h"];
  await writeFile(join(include, "isa-l.h"), headers.map((name) => `#include "${name}"\n`).join(""));
  const library = join(source, "bin/isa-l.a");
  await run("gcc", ["-O2", "-DHAVE_CRC64_ROCKSOFT", `-I${include}`, SOURCE, library, "-o", path]);
}

/** A PATH with nasm on it. */
async function assemblerPath(cache: string): Promise<string> {
  const path = process.env.PATH ?? "";
  if (path.split(":").some((folder) => existsSync(join(folder, "nasm")))) return path;
  await unpackDebian(cache, "nasm", ["nasm"]);
  return `${join(cache, "nasm/usr/bin")}:${path}`;
}

/** Asks a running isa-l.c for one measurement after the other. */
function programContestant(implementation: string, path: string, has: (op: string) => boolean): Contestant {
  const child = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    implementation,
    runtime: "c",
    run: async ({ op, geometry, blockBytes }, rounds) => {
      if (!has(op)) return null;
      child.stdin.write(`${op} ${geometry.k} ${geometry.m} ${blockBytes} ${rounds}\n`);
      const { value } = await answers.next();
      return value === "absent" ? null : Number(value);
    },
    close: async () => {
      child.stdin.end();
    },
  };
}
