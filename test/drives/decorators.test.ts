import { describe, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { withCircuitBreaker } from "../../src/drives/circuit-breaker.ts";
import { newDriveCounts, withCounts } from "../../src/drives/counted.ts";
import { decorate } from "../../src/drives/decorate.ts";
import type { Drive } from "../../src/drives/drive.ts";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { withNamespace } from "../../src/drives/namespace.ts";
import { withRetry } from "../../src/drives/retry.ts";
import { withTimeout } from "../../src/drives/timeout.ts";
import { withFaults } from "../support/faulty.ts";
import { contract } from "./contract.ts";

const clock = systemClock;
const random = (count: number) => new Uint8Array(count);

const decorators: Record<string, (drive: Drive) => Drive> = {
  decorate: (drive) => decorate(drive, {}),
  withTimeout: (drive) =>
    withTimeout(drive, { clock, callMs: 60_000, stepMs: 60_000, closeMs: 60_000, bulkMs: 60_000 }),
  withRetry: (drive) => withRetry(drive, { clock, random, attemptsMax: 3, delayMs: 10, spanMs: 1000 }),
  withCircuitBreaker: (drive) => withCircuitBreaker(drive, { clock, failuresMax: 1, openMs: 60_000 }),
  withCounts: (drive) => withCounts(drive, newDriveCounts()),
  withNamespace: (drive) => withNamespace(drive, "DB_2"),
  withFaults: (drive) => withFaults(drive, () => null),
};

// What a decorator adds is tested beside it; here, that it takes nothing away.
describe.each(Object.entries(decorators))("%s around a memory drive", (_, decorator) => {
  const drive = decorator(new MemoryDrive({ name: "memory" }));
  for (const { name, run, isLong } of contract) test(name, { tags: isLong ? ["slow"] : [] }, () => run(drive));
});
