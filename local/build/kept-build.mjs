// Finds and keeps the results of `build.ts`. Plain JavaScript: the launcher's process loads it and
// has no compiler.
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * `build.json` of a build.
 *
 * @typedef {object} Kept
 * @property {Record<string, string>} inputs SHA-256 of each file that it was made of, by path below the project's folder.
 * @property {Record<string, string>} outputs SHA-256 of each file in its folder.
 */

/** File that marks a build for one start only, because nothing could be kept. */
export const TEMPORARY = "temporary";

const UNUSED_MS_MAX = 24 * 3600 * 1000;

/**
 * The folder of the build that is kept, if all that it was made of is as it was, and so is all that was made. By contents, not by times:
 * a checkout or a copy changes those as it likes.
 *
 * @param {string} root
 * @returns {string | null}
 */
export function findBuild(root) {
  try {
    // By its name: the project's folder may be moved or copied.
    const path = join(buildsFolder(root), readFileSync(join(buildsFolder(root), "newest"), "utf8"));
    const build = JSON.parse(readFileSync(join(path, "build.json"), "utf8"));
    const isUnchanged = ([name, hash], folder) => hashOf(readFileSync(join(folder, name))) === hash;
    if (!Object.entries(build.inputs).every((input) => isUnchanged(input, root))) return null;
    if (!Object.entries(build.outputs).every((output) => isUnchanged(output, path))) return null;
    return path;
  } catch {
    return null; // none yet, or one that is damaged
  }
}

/**
 * Keeps a build for starts to come; where the project's folder cannot be written, in a temporary folder for this start alone.
 *
 * @param {string} root
 * @param {{ beganMs: number, inputs: string[], files: Map<string, string | Uint8Array> }} made
 *   `beganMs`: a file that was written since may not be the one that was read, so nothing is kept then.
 * @returns {string} Its folder.
 */
export function keepBuild(root, { beganMs, inputs, files }) {
  const hashes = Object.fromEntries(inputs.map((name) => [name, hashOf(readFileSync(join(root, name)))]));
  const outputs = Object.fromEntries([...files].map(([name, contents]) => [name, hashOf(contents)]));
  /** @type {Kept} */
  const description = { inputs: hashes, outputs };
  try {
    if (inputs.some((input) => statSync(join(root, input)).mtimeMs >= beganMs)) throw new Error("changed meanwhile");
    const builds = buildsFolder(root);
    mkdirSync(builds, { recursive: true });
    const made = mkdtempSync(join(builds, "new-"));
    writeBuild(made, files, description);
    const name = hashOf(JSON.stringify(description)).slice(0, 32);
    const path = join(builds, name);
    try {
      renameSync(made, path);
    } catch {
      // Another start has made the same build. Or the one there is damaged, and is replaced.
      rmSync(path, { recursive: true, force: true });
      renameSync(made, path);
    }
    writeFileSync(`${made}.newest`, name);
    renameSync(`${made}.newest`, join(builds, "newest"));
    removeUnused(builds, path);
    return path;
  } catch {
    const path = mkdtempSync(join(tmpdir(), "sherd-build-"));
    writeBuild(path, new Map([...files, [TEMPORARY, ""]]), description);
    return path;
  }
}

function buildsFolder(root) {
  return join(root, "node_modules", ".cache", "sherd-build");
}

function writeBuild(path, files, description) {
  for (const [name, contents] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), contents);
  }
  writeFileSync(join(path, "build.json"), JSON.stringify(description));
}

/** Not those of today: another start may have just found one. */
function removeUnused(builds, kept) {
  for (const name of readdirSync(builds)) {
    const path = join(builds, name);
    if (path === kept || name === "newest") continue;
    if (Date.now() - statSync(path).mtimeMs > UNUSED_MS_MAX) rmSync(path, { recursive: true, force: true });
  }
}

function hashOf(contents) {
  return createHash("sha256").update(contents).digest("hex");
}
