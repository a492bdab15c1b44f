#!/usr/bin/env bash
# hyparquet-compressors 1.1.2 compiles WebAssembly when it is imported, for Snappy, whatever of it is used: it cannot be imported where a page's
# Content-Security-Policy has no 'wasm-unsafe-eval'. hyparquet has a decompressor for Snappy of its own. Seen with Node 20, whose contexts can
# forbid the same; in Chromium the import fails too, and the page is told of a violation (`wasm-eval`).
#
# What helps: import the decompressors by their names, and tell the bundler that the package has no side effects, which its package.json
# does not say. Then the module that compiles is left out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund hyparquet-compressors@1.1.2 esbuild@0.28.1 > /dev/null
printf '%s\n' 'import { decompressGzip } from "hyparquet-compressors"; globalThis.it = typeof decompressGzip;' > named.mjs
cat > run.cjs <<'JS'
const { readFileSync } = require("node:fs");
const vm = require("node:vm");
for (const name of ["as-it-is.js", "without-side-effects.js"]) {
  const page = vm.createContext({ atob }, { codeGeneration: { wasm: false } });
  try {
    vm.runInContext(readFileSync(name, "utf8"), page);
    console.log(name, page.it);
  } catch (error) {
    console.log(name, error.message);
  }
}
JS
npx esbuild named.mjs --bundle --format=iife --outfile=as-it-is.js --log-level=error
node -e '
const path = "node_modules/hyparquet-compressors/package.json";
const fs = require("node:fs");
fs.writeFileSync(path, JSON.stringify({ ...JSON.parse(fs.readFileSync(path)), sideEffects: false }));'
npx esbuild named.mjs --bundle --format=iife --outfile=without-side-effects.js --log-level=error
seen=$(node run.cjs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'TEXT'
as-it-is.js WebAssembly.Module(): Wasm code generation disallowed by embedder
without-side-effects.js function
TEXT
