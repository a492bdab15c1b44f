import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDataFolder, sweepDrive } from "../../local/data-folder.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(() => rm(parent, { recursive: true }));

test("a new folder and all in it are closed to others", async () => {
  const folder = await openDataFolder(join(parent, "a/b"));
  for (const path of [folder.path, folder.temporaryPath, folder.metadataPath, ...folder.drivePaths]) {
    expect(`${path} ${((await stat(path)).mode & 0o777).toString(8)}`).toBe(`${path} 700`);
  }
  expect(folder.drivePaths).toHaveLength(6);
  await folder.release();
});

test("one server holds a folder until it lets go", async () => {
  const path = join(parent, "data");
  const first = await openDataFolder(path);
  await expect(openDataFolder(path)).rejects.toThrow(/another Sherd is already running/);
  await first.release();
  const second = await openDataFolder(path);
  await second.release();
});

test("a stop that was clean is told from one that was not", { tags: ["slow"] }, async () => {
  const path = join(parent, "data");
  const first = await openDataFolder(path);
  first.note({ pid: 1, workerdPids: [2, 3] });
  await first.release();
  const second = await openDataFolder(path);
  expect(second.wasKilled).toBe(false);
  await second.release();
  // What a kill leaves: the note, or after a loss of power any part of it. The lock goes with the process.
  for (const note of ["{}", "", '{"pid":1,"work', "null", '{"pid":1,"workerdPid":2}', '{"workerdPids":[0,"x",null]}']) {
    await writeFile(join(path, "sherd.pid"), note);
    const next = await openDataFolder(path);
    expect(next.wasKilled).toBe(true);
    await next.release();
  }
});

test("temporary files of the last server are removed", async () => {
  const path = join(parent, "data");
  const first = await openDataFolder(path);
  await mkdir(join(first.temporaryPath, "left"));
  await first.release();
  const second = await openDataFolder(path);
  expect(existsSync(second.temporaryPath)).toBe(true);
  expect(existsSync(join(second.temporaryPath, "left"))).toBe(false);
  await second.release();
});

test("what is not a folder, or lies in none, is refused", async () => {
  const path = join(parent, "file");
  await writeFile(path, "");
  await expect(openDataFolder(path)).rejects.toThrow(/is not a folder/);
  await expect(openDataFolder(join(path, "data"))).rejects.toThrow(/is not a folder/);
});

test.skipIf(sep === "\\")("a path that another tool would read otherwise is refused", async () => {
  await expect(openDataFolder(join(parent, "a\\b"))).rejects.toThrow(/has a backslash/);
});

test("sweeping takes the old temporary files at any depth and nothing else", async () => {
  await mkdir(join(parent, "ab/cd"), { recursive: true });
  const old = new Date(Date.now() - 60_000);
  const kept = ["ab/shard", "ab/.hidden", "ab/x.1.2.tmp", "ab/.new.1.2.tmp"];
  const swept = [".a.17.0.tmp", "ab/cd/.b.with.dots.17.123.tmp"];
  for (const name of [...kept, ...swept]) {
    await writeFile(join(parent, name), "x");
    if (name !== "ab/.new.1.2.tmp") await utimes(join(parent, name), old, old);
  }
  expect(await sweepDrive(parent, Date.now() - 30_000)).toBe(2);
  expect(kept.filter((name) => existsSync(join(parent, name)))).toEqual(kept);
  expect(swept.filter((name) => existsSync(join(parent, name)))).toEqual([]);
});
