import { afterAll, beforeAll, expect, test } from "vitest";
import { compileQuery } from "../../src/query/compile.ts";
import { seen } from "../support/seen.ts";
import { QueryRig } from "./rig.ts";

let rig: QueryRig;
beforeAll(() => {
  rig = new QueryRig();
  rig.bucket(1, "mine");
  const row = { bucketId: 1, contentType: "text/plain", user: { secret: "s" } };
  rig.objects(["AES256", "SSE-C", "aws:kms", "aws:kms:dsse"].map((form) => ({ ...row, key: form, encryption: form })));
});
afterAll(() => rig.d1.close());

function ask(text: string): unknown[] {
  const sight = { buckets: [seen(1, "mine")], isOperator: false };
  const [, ...rows] = rig.d1.rawRows(compileQuery({ text, parameters: [], dialect: "sqlite" }, { sight }).sql);
  return rows;
}

test.each(["objects", "versions"])("%s tells nothing that HEAD tells only with a key", (table) => {
  expect(ask(`SELECT key, encryption, content_type, metadata, checksum FROM ${table} ORDER BY key`)).toEqual([
    ["AES256", "AES256", "text/plain", '{"secret":"s"}', "AAAAAA=="],
    ["SSE-C", "SSE-C", null, null, null],
    ["aws:kms", "aws:kms", "text/plain", '{"secret":"s"}', null],
    ["aws:kms:dsse", "aws:kms:dsse", "text/plain", '{"secret":"s"}', null],
  ]);
});

test("table metadata has no rows of objects under a client's key", () => {
  expect(ask("SELECT key FROM metadata ORDER BY key")).toEqual([["AES256"], ["aws:kms"], ["aws:kms:dsse"]]);
});
