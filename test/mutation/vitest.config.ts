import { defineConfig } from "vitest/config";

/** The tests that `npm run mutation` runs against changed sources: those of the pure rooms, each in seconds. */
export default defineConfig({
  test: {
    include: [
      "test/auth/sigv4/**/*.test.ts",
      "test/services/s3/objects/{conditions,range}.test.ts",
      "test/store/{placement,version-id}.test.ts",
    ],
    isolate: false,
    testTimeout: 120_000,
  },
});
