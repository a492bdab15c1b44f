import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Apart from the other tests, because they need a browser. One file after the other: each starts one.
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: { include: ["test/browser/**/*.test.ts"], fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 },
});
