// Compiles the kernel to src/erasure/kernel.wasm. Part of its source is generated here and exists only in memory.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { foldsSource } from "./folds.mjs";
import { md5Source } from "./md5.mjs";
import { multiplySource } from "./multiply.mjs";
import { planesSource } from "./planes.mjs";

const folder = dirname(fileURLToPath(import.meta.url));

const imports = `
import { CRC32_TABLES, CRC32C_TABLES, CRC64_TABLES, FOLD_BYTES, FOLDED, LEFT_FAR, LEFT_NEAR, SOURCES } from "./memory";
import { MD5_BEFORE, MD5_CONSTANTS, MD5_IDLE, MD5_LANES, MD5_WORDS } from "./memory";
import { slice } from "./slice";`;
const generated = [imports, planesSource(), multiplySource(), foldsSource(), md5Source()].join("\n");

async function readSource(name) {
  if (name === "generated.ts") return generated;
  return readFile(join(folder, name), "utf8").catch(() => null);
}

/**
 * The least memory that a host provides: everything up to the slots, reconstruction's and one more. An engine that checks bounds by
 * code needs one comparison less for offsets that lie below it.
 */
const PAGES_MIN = "145";

/** Not optimised here: the engine does that well, and the order of loads that the generators chose must survive. */
const OPTIMISATION = ["--optimizeLevel", "0", "--shrinkLevel", "0", "--noAssert"];

const options = [
  ["kernel.ts", "--outFile", "../kernel.wasm"],
  ["--runtime", "stub", "--importMemory", "--noExportMemory", "--initialMemory", PAGES_MIN],
  ["--enable", "simd", ...OPTIMISATION],
].flat();

const { error, stderr } = await asc.main(options, {
  readFile: readSource,
  writeFile: (name, contents) => writeFile(join(folder, name), contents),
  listFiles: () => [],
});
if (error) {
  process.stderr.write(stderr.toString());
  throw error;
}
