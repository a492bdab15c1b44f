import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderRootKeys } from "../../local/root-keys.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

const make = { mayMake: true };

test("the folder's key is made once, readable by its owner only, and found again", async () => {
  const made = await folderRootKeys(folder, {}, make);
  expect(Buffer.from(made.keys, "base64")).toHaveLength(32);
  expect(made.madePath).toBe(join(folder, "root-keys"));
  expect(((await stat(join(folder, "root-keys"))).mode & 0o777).toString(8)).toBe("600");
  expect(await folderRootKeys(folder, {}, make)).toEqual({ keys: made.keys });
});

test("a command makes none", async () => {
  expect(await folderRootKeys(folder, {}, { mayMake: false })).toEqual({ keys: "" });
});

test("a file that was lost is no reason for a new key", async () => {
  await folderRootKeys(folder, {}, make);
  await rm(join(folder, "root-keys"));
  await expect(folderRootKeys(folder, {}, make)).rejects.toThrow(/root-keys is gone/);
});

test("a newer key goes in front; an older one must not be left out", async () => {
  const { keys } = await folderRootKeys(folder, {}, make);
  const newer = "n".repeat(40);
  await writeFile(join(folder, "root-keys"), `# since today\n${newer}\n${keys}\n`);
  expect((await folderRootKeys(folder, {}, make)).keys).toBe(`${newer},${keys}`);
  await writeFile(join(folder, "root-keys"), `${newer}\n`);
  await expect(folderRootKeys(folder, {}, make)).rejects.toThrow(/not configured any more/);
});

test("neither a file nor a message beside the file has a key in it", async () => {
  const { keys } = await folderRootKeys(folder, {}, make);
  expect(await readFile(join(folder, "root-keys.ids"), "utf8")).not.toContain(keys);
  await writeFile(join(folder, "root-keys"), "short but secret\n");
  const failure = await folderRootKeys(folder, {}, make).catch((error: Error) => error.message);
  expect(failure).toMatch(/cannot be used/);
  expect(failure).not.toContain("secret");
});

test("the environment goes before the file", async () => {
  await folderRootKeys(folder, { SHERD_ROOT_KEYS: "e".repeat(32) }, make);
  await expect(stat(join(folder, "root-keys"))).rejects.toThrow(/ENOENT/);
});
