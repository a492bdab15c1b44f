import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { rooms } from "./rooms.ts";

/** The tests that `npm run mutation -- ROOM` runs against changed sources. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, "../.."),
    include: [...(rooms[process.env.MUTATION_ROOM ?? ""]?.tests ?? [])],
    isolate: false,
    testTimeout: 120_000,
    tags: [{ name: "slow" }],
  },
});
