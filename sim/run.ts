import { parseArgs } from "node:util";
import { kernelModule } from "../test/support/kernel.ts";
import { Violation } from "./oracle.ts";
import { simulate } from "./simulation.ts";

/**
 * `npm run sim -- --seed N --steps N`: exits 1 on any lost or wrong byte, and says how to reproduce
 * it.
 */
const { values } = parseArgs({ options: { seed: { type: "string" }, steps: { type: "string" } } });
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const steps = Number(values.steps ?? 10_000);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(steps) || steps < 1) {
  console.error("usage: npm run sim -- --seed N --steps N");
  process.exit(2);
}

/** Long runs report their progress. */
const TOLD_EVERY = 100_000;
const onRest = (done: number) => {
  if (done % TOLD_EVERY === 0 && done < steps) console.log(`  ${done} operations, ${secondsSince(beganMs)} s`);
};
const secondsSince = (ms: number) => Math.round((performance.now() - ms) / 1000);

const beganMs = performance.now();
console.log(`simulating ${steps} operations with seed ${seed}`);
try {
  const { counts, events, fingerprint } = await simulate({ seed, steps, kernel: kernelModule(), onRest });
  const seconds = (performance.now() - beganMs) / 1000;
  for (const [what, count] of Object.entries(counts).sort()) console.log(`  ${String(count).padStart(8)}  ${what}`);
  console.log(`survived: ${steps} operations, ${events} events, ${Math.round(steps / seconds)} operations a second`);
  console.log(`fingerprint ${fingerprint}`);
} catch (error) {
  console.error(error);
  const kind = error instanceof Violation ? "a promise was broken" : "the run failed";
  console.error(`${kind}; see it again: npm run sim -- --seed ${seed} --steps ${steps}`);
  process.exit(1);
}
