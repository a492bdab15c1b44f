import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sqlite from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockFolder } from "../../local/folder-lock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-lock-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Node 20 has no SQLite. */
const nodes = { "a Node with SQLite": sqlite, "a Node without": null };

describe.each(Object.entries(nodes))("%s holds the folder", (_, first) => {
  test.each(Object.entries(nodes))("against %s, until it lets it go", (_name, second) => {
    const lock = lockFolder(folder, first);
    expect(() => lockFolder(folder, second)).toThrow("another Sherd is already running on the data folder");
    lock.close();
    lockFolder(folder, second).close();
  });
});

test("a server of before there were two locks is seen by a Node with SQLite", () => {
  const earlier = new sqlite.DatabaseSync(join(folder, "sherd.lock"));
  earlier.exec("BEGIN EXCLUSIVE");
  expect(() => lockFolder(folder)).toThrow("another Sherd is already running");
  earlier.close();
  lockFolder(folder).close();
});

test("a folder that is not there is refused", () => {
  expect(() => lockFolder(join(folder, "absent"), null)).toThrow("cannot be written (ENOENT)");
});
