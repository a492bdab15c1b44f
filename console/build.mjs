// Builds the console into `console/dist`, unless what is there was built from the same files. `npm ci`, `npm start` and wrangler run it.
// Plain JavaScript, because wrangler runs it on the Node that is first in the PATH.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder = dirname(fileURLToPath(import.meta.url));
const root = dirname(folder);
const dist = join(folder, "dist");
/** Beside the files, not among them: everything in `dist` is served. */
const stampPath = join(root, "node_modules/.cache/sherd-console");
const lockPath = "package-lock.json";

/** @returns {string[]} Files of a folder and of those in it, sorted. */
function filesIn(path) {
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

function inputs() {
  const sources = filesIn(join(folder, "src")).concat(filesIn(join(folder, "public")));
  const others = ["build.mjs", "index.html", "vite.config.ts"].map((name) => join(folder, name));
  return [...sources, ...others].map((path) => relative(root, path)).concat(lockPath);
}

function stampOf(names) {
  const hash = createHash("sha256");
  for (const name of names)
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(root, name)))
      .update("\0");
  return hash.digest("hex");
}

function isBuilt(stamp) {
  return existsSync(join(dist, "index.html")) && existsSync(stampPath) && readFileSync(stampPath, "utf8") === stamp;
}

/** Makes `dist` if it is not of the sources as they are. Throws what Vite throws. */
async function buildConsole() {
  const stamp = stampOf(inputs());
  if (isBuilt(stamp)) return;
  const { build } = await import("vite");
  // Apart, because several servers may be started at a time, and each finds the whole of one build.
  const outDir = `${stampPath}-${process.pid}`;
  try {
    const options = { outDir, emptyOutDir: true };
    await build({ configFile: join(folder, "vite.config.ts"), root: folder, logLevel: "warn", build: options });
    for (const path of filesIn(outDir)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
    rmSync(stampPath, { force: true });
    replace(dist, outDir);
    writeFileSync(stampPath, stamp);
  } finally {
    rmSync(outDir, { recursive: true, force: true });
  }
}

/** Puts a folder in the place of another. Who else does the same at this moment may win, and has built the same. */
function replace(path, by) {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  try {
    renameSync(by, path);
  } catch (error) {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  }
}

/**
 * The console's files by their names, and what they were made of, as paths below the project's folder.
 *
 * @returns {Promise<{ files: Map<string, Uint8Array>, inputs: string[] }>}
 */
export async function builtConsole() {
  await buildConsole();
  const files = new Map(filesIn(dist).map((path) => [relative(dist, path), new Uint8Array(readFileSync(path))]));
  return { files, inputs: inputs() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildConsole();
