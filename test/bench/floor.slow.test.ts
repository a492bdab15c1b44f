import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { measurePages } from "../../bench/floor/pages.ts";
import { replacementsOf, STAGES } from "../../bench/floor/stages.ts";
import { warmPageCache, writeFile } from "../../bench/support/page-cache.ts";
import { bundleWorker } from "../../local/build/bundle.ts";

const root = join(import.meta.dirname, "../..");

test("what stands in for a stage, and what it stands in for, is there", () => {
  for (const [replaced, by] of Object.values(STAGES).flatMap((files) => Object.entries(files))) {
    expect(existsSync(join(root, replaced)), replaced).toBe(true);
    const text = readFileSync(join(root, "bench/floor/without", by), "utf8");
    expect(text, by).toContain(`// Replaces ${replaced}:`);
  }
});

test.each(Object.keys(STAGES))("the Worker can be built without %s", async (stage) => {
  const entry = join(root, "src/index.ts");
  const [whole, without] = [await bundleWorker(entry), await bundleWorker(entry, replacementsOf(stage))];
  for (const by of Object.values(STAGES[stage] ?? {})) {
    expect(without.script).toContain(`bench/floor/without/${by}`);
    expect(whole.script).not.toContain("bench/floor/without");
  }
});

test("bench:floor measures, verifies and writes rows", () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  const json = join(folder, "rows.json");
  try {
    const args = ["bench/floor.ts", "--rounds", "1", "--only", "GET-4096", "--json", json];
    execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    const { rows } = JSON.parse(readFileSync(json, "utf8"));
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatchObject({ op: "GET", bytes: 4096, ratioToFloor: 1, target: null });
    const sherd = rows.find((row: { implementation: string }) => row.implementation === "Sherd");
    expect(sherd).toMatchObject({ op: "GET", bytes: 4096, requests: 25, target: "time ≤ 2.5×" });
    for (const field of ["p50Ms", "mbPerSecond", "ratioToFloor"]) expect(sherd[field]).toBeGreaterThan(0);
    if (process.platform === "linux") expect(sherd.cpuUserMsPerRequest).toBeLessThanOrEqual(sherd.cpuMsPerRequest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("bench:floor writes the same bytes with every kind of memory, and leaves nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  try {
    const rows = await measurePages(folder, { fileBytes: 1_000_000, rounds: 2, restMs: 0 });
    expect(rows.map(({ memory, bytes, rounds }) => ({ memory, bytes, rounds }))).toEqual(
      ["idle", "just freed", "in place"].map((memory) => ({ memory, bytes: 1_000_000, rounds: 2 })),
    );
    for (const { gbPerCpuSecond, userShare } of rows) {
      expect(gbPerCpuSecond).toBeGreaterThan(0);
      expect(userShare).toBeLessThanOrEqual(1);
    }
    await warmPageCache(folder, 100_000);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a file is written to its last byte, and again without growing", () => {
  const folder = mkdtempSync(join(tmpdir(), "sherd-test-"));
  const path = join(folder, "file");
  try {
    writeFile(path, 100_001);
    expect(statSync(path).size).toBe(100_001);
    writeFile(path, 70_000, "r+");
    expect(statSync(path).size).toBe(100_001);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
