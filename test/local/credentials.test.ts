import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { environmentCredentials, folderCredentials, makeCredentials } from "../../local/credentials.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sherd-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a pair is an id of 20 capitals and digits and a secret of 40 letters and digits, new each time", () => {
  const pair = makeCredentials();
  expect(pair.accessKeyId).toMatch(/^[A-Z0-9]{20}$/);
  expect(pair.secretAccessKey).toMatch(/^[A-Za-z0-9]{40}$/);
  expect(makeCredentials()).not.toEqual(pair);
});

test("the folder's pair is made once, readable by its owner only, and found again", async () => {
  const made = await folderCredentials(folder);
  expect(made).toMatchObject({ source: "file", made: true });
  const { mode } = await stat(join(folder, "credentials.json"));
  expect((mode & 0o777).toString(8)).toBe("600");
  expect(await folderCredentials(folder)).toEqual({ ...made, made: false });
});

test("a file that others can read is closed to them", async () => {
  const path = join(folder, "credentials.json");
  await writeFile(path, JSON.stringify(makeCredentials()), { mode: 0o644 });
  await folderCredentials(folder);
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe("600");
});

test.each(["", "{", "null", "{}", '{"accessKeyId":"A/B","secretAccessKey":"12345678"}', '{"accessKeyId":"ABC"}'])(
  "a file with %j is refused and left as it is",
  async (text) => {
    const path = join(folder, "credentials.json");
    await writeFile(path, text);
    await expect(folderCredentials(folder)).rejects.toThrow(/credentials\.json is damaged/);
    expect(await readFile(path, "utf8")).toBe(text);
  },
);

test("the environment gives a whole pair or none", () => {
  const pair = { SHERD_ACCESS_KEY_ID: "backup", SHERD_SECRET_ACCESS_KEY: "correct-horse/battery+staple" };
  expect(environmentCredentials(pair)).toEqual({
    source: "environment",
    accessKeyId: pair.SHERD_ACCESS_KEY_ID,
    secretAccessKey: pair.SHERD_SECRET_ACCESS_KEY,
  });
  expect(environmentCredentials({})).toBeUndefined();
  expect(() => environmentCredentials({ SHERD_ACCESS_KEY_ID: "backup" })).toThrow(/SHERD_SECRET_ACCESS_KEY is not/);
  expect(() => environmentCredentials({ SHERD_SECRET_ACCESS_KEY: "x" })).toThrow(/SHERD_ACCESS_KEY_ID is not/);
});

test.each([
  ["ab", "12345678"],
  ["a/b", "12345678"],
  ["a,b", "12345678"],
  ["abc", "1234567"],
  ["abc", "1234 5678"],
])("the pair %j, %j cannot be used", (accessKeyId, secretAccessKey) => {
  const environment = { SHERD_ACCESS_KEY_ID: accessKeyId, SHERD_SECRET_ACCESS_KEY: secretAccessKey };
  expect(() => environmentCredentials(environment)).toThrow(/cannot be used/);
});
