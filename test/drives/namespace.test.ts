import { expect, test } from "vitest";
import { MemoryDrive } from "../../src/drives/memory.ts";
import { withNamespace, withoutNamespaces } from "../../src/drives/namespace.ts";
import { freshKey, listAll, pattern, putShard } from "./contract.ts";

async function keysOf(drive: Parameters<typeof listAll>[0], limit = 2): Promise<string[]> {
  return (await listAll(drive, limit)).map(({ key }) => key);
}

test("each database sees its own shards alone, page by page, whatever lies beside them", async () => {
  const bare = new MemoryDrive({ name: "drive" });
  const views = [withoutNamespaces(bare), ...["DB_2", "DB_22", "DB"].map((name) => withNamespace(bare, name))];
  const keys = views.map(() => [freshKey(), freshKey(), freshKey()].sort());
  for (const [index, view] of views.entries()) for (const key of keys[index]!) await putShard(view, key, pattern(10));
  for (const [index, view] of views.entries()) expect(await keysOf(view)).toEqual(keys[index]);
  await views[1]!.delete(keys.flat());
  expect(bare.shards.size).toBe(9);
  expect(await keysOf(views[1]!)).toEqual([]);
});

test("the keys of other databases stand behind those of the first and say whose they are", async () => {
  const bare = new MemoryDrive({ name: "drive" });
  await putShard(withNamespace(bare, "DB_2"), "0ABC", pattern(1));
  await putShard(bare, "7ZZZ", pattern(1));
  expect(await keysOf(bare)).toEqual(["7ZZZ", "z-DB_2-0ABC"]);
});

test("what cannot be told apart in a key is no name", () => {
  const bare = new MemoryDrive({ name: "drive" });
  for (const name of ["", "db", "DB-2", "2DB", "A".repeat(33), "DB/2"]) {
    expect(() => withNamespace(bare, name)).toThrow(TypeError);
  }
});
