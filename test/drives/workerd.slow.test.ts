import { deepStrictEqual } from "node:assert";
import { afterAll, beforeAll, describe, test } from "vitest";
import { contract } from "./contract.ts";
import { type DriveWorker, startDriveWorker } from "./support/start-worker.ts";

// The adapters in all of their decorators, as the Worker has them. Each adapter and each decorator by itself is in the fast set.

let worker: DriveWorker;
beforeAll(async () => {
  worker = await startDriveWorker();
});
afterAll(() => worker.stop());

describe.each(["disk as configured", "r2 as configured"])("%s drive in workerd", (drive) => {
  test.each(contract)("$name", async ({ name }) => {
    await worker.run(drive, name);
    deepStrictEqual(worker.complaints(), []);
  });
});
