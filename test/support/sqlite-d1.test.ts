import { expect, it } from "vitest";
import { SqliteD1 } from "./sqlite-d1.ts";

const statements = [
  { sql: "SELECT ?2", values: [1, 2] },
  { sql: "SELECT ?1, ?1, '?7', '''?8', \"a\" FROM (SELECT 1 AS a)", values: [1] },
  { sql: "SELECT ?, ?", values: [1, 2] },
];

it("takes as many values as the highest parameter says, as D1 does, and no others", async () => {
  const d1 = new SqliteD1(["CREATE TABLE t (a)"]);
  const wrong = /Wrong number of parameter bindings/;
  for (const { sql, values } of statements) {
    await d1.batch([d1.prepare(sql).bind(...values)]);
    expect((await d1.prepare(sql).bind(...values).raw()).length).toBe(2);
    for (const others of [values.slice(1), [...values, 3]]) {
      await expect(d1.batch([d1.prepare(sql).bind(...others)])).rejects.toThrow(wrong);
      await expect(d1.prepare(sql).bind(...others).raw()).rejects.toThrow(wrong);
    }
  }
  d1.close();
});
