import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ErasureEngine } from "../../src/erasure/engine.ts";

const ERASURE = join(import.meta.dirname, "../../src/erasure");
const SOURCES = join(ERASURE, "assembly");
const WASM = join(ERASURE, "kernel.wasm");

let compiled: WebAssembly.Module | null = null;

/** True if kernel.wasm is missing or older than its source. */
function isStale(): boolean {
  if (!existsSync(WASM)) return true;
  const builtMs = statSync(WASM).mtimeMs;
  return readdirSync(SOURCES).some((name) => statSync(join(SOURCES, name)).mtimeMs > builtMs);
}

/** The erasure kernel, compiled once in each process and built first where that is needed. */
export function kernelModule(): WebAssembly.Module {
  if (compiled === null) {
    if (isStale()) execFileSync(process.execPath, [join(SOURCES, "build.mjs")], { stdio: "inherit" });
    const Module = WebAssembly.Module as unknown as new (bytes: Uint8Array) => WebAssembly.Module;
    compiled = new Module(readFileSync(WASM));
  }
  return compiled;
}

/** A fresh engine. Tests take few slots: each costs 2 MiB. */
export function createEngine(slots = 2): Promise<ErasureEngine> {
  return ErasureEngine.create(kernelModule(), { slots });
}
