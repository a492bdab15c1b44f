import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Apart from the other tests, because they need a browser. One file after the other: each starts one.
export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // As long as Playwright waits for an element. Vitest's own default, a second, is less than a slow page takes.
    expect: { poll: { timeout: 30_000 } },
  },
});
