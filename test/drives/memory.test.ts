import { describe, test } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { contract } from "./contract.ts";

describe("memory drive", () => {
  const drive = new MemoryDrive({ name: "memory" });
  for (const { name, run } of contract) test(name, () => run(drive));
});
