import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * `test/` mirrors `src/`, so its folder says which project a test is in. A test of another folder is in `pure`: it needs no more
 * than its own process.
 */
const FOLDERS = {
  /** On SQLite in the test's process. */
  store: ["store", "metadata", "maintenance", "sim"],
  /** Mostly against a Worker in workerd. */
  servers: ["services", "edge", "admin", "drives", "local"],
};

/** Files that take longer than a few seconds, wherever they are: part of `npm run test:all`, not of `npm test`. */
const SLOW = "test/**/*.slow.test.ts";
/** The same of a single test in another file: `test(name, { tags: ["slow"] }, …)`. */
const SLOW_TAG = { name: "slow", description: "Takes longer than about a third of a second on an idle machine." };
/**
 * Small files whose tests take long, longest first. They begin before the others of their project, so that no worker is alone with one at the
 * end. By itself Vitest goes by the last run, and on a clean clone by the size of files.
 */
const LONGEST = [
  "maintenance/fail-nth-call.slow.test.ts",
  "local/jobs-process.slow.test.ts",
  "sim/simulation.slow.test.ts",
  "query/oracle.slow.test.ts",
  "auth/policy/differential.slow.test.ts",
  "maintenance/fail-nth-call.test.ts",
  "sim/simulation.test.ts",
];
const EXCLUDED = [...configDefaults.exclude, "test/browser/**"];

const within = (folders: readonly string[]) => folders.map((folder) => `test/${folder}/**/*.test.ts`);

function project(name: string, include: string[], exclude: string[]) {
  return { extends: true as const, test: { name, include, exclude: [...EXCLUDED, ...exclude] } };
}

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map((file) => file.project.name))];
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return found < 0 ? LONGEST.length : found;
    };
    const projectOf = (file: TestSpecification) => projects.indexOf(file.project.name);
    return sorted.sort((a, b) => projectOf(a) - projectOf(b) || place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // Files share a process, and with it the SDK, the engine's WASM and the bundled Worker. No test changes what others import.
    isolate: false,
    // All cores: by itself Vitest leaves one to its own process, which has little to do.
    maxWorkers: "100%",
    // Times are generous because nothing is asserted of them: they only end what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    tags: [SLOW_TAG],
    sequence: { sequencer: LongestFirst },
    projects: [
      project("pure", ["test/**/*.test.ts"], [SLOW, ...within([...FOLDERS.store, ...FOLDERS.servers])]),
      project("store", within(FOLDERS.store), [SLOW]),
      project("servers", within(FOLDERS.servers), [SLOW]),
      project("slow", [SLOW], []),
    ],
  },
});
