import { expect, test } from "vitest";
import { openMetadata } from "../../src/metadata/open.ts";

const d1 = { prepare: () => {} };
const env = { DB: d1, DB_2: d1, DB_30: d1, KV: {}, TEXT: "text" };
const open = (SHERD_DATABASES?: string) =>
  openMetadata({ ...env, SHERD_DATABASES }, () => {}).map(({ identity }) => identity.name);

test("there is one database unless more are named", () => {
  expect(open()).toEqual(["DB"]);
  expect(open("")).toEqual(["DB"]);
  expect(open("DB")).toEqual(["DB"]);
  expect(open("DB, DB_30 ,DB_2")).toEqual(["DB", "DB_30", "DB_2"]);
});

test.each([
  ["DB_2, DB", "must begin with DB"],
  ["DB, DB_2, DB_2", "names a database twice"],
  ["DB, db_2", '"db_2" is no name of a binding here'],
  ["DB,", '"" is no name of a binding here'],
  ["DB, DB_4", "there is no D1 binding DB_4"],
  ["DB, KV", "there is no D1 binding KV"],
  ["DB, TEXT", "there is no D1 binding TEXT"],
  [["DB", ...Array.from({ length: 500 }, (_, n) => `DB_${n}`)].join(), "500 databases at the most"],
])("%s is refused by name", (value, message) => {
  expect(() => open(value)).toThrow(message);
});

test("a Worker without a database cannot work", () => {
  expect(() => openMetadata({}, () => {})).toThrow("there is no D1 binding DB");
});
