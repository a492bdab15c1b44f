import { configDefaults, defineConfig } from "vitest/config";

// Times are generous because nothing is asserted of them: they only end what hangs.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, "test/browser/**"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
