import { describe, expect, test } from "vitest";
import type { AwsClient } from "../../console/src/aws/client.ts";
import { sqlPage } from "../../console/src/aws/sql.ts";
import { EXAMPLE_NAMES, exampleQuery } from "../../console/src/query/examples.ts";
import { SCHEMA } from "../../console/src/query/schema.ts";
import { withoutHead } from "../../console/src/query/without-head.ts";
import { TABLES } from "../../src/metadata/query/catalog.ts";
import { fences, readDocument, section } from "../docs/document.ts";

/** What the console makes of these lines. */
async function tableOf(...lines: string[]) {
  const client = { exchange: async () => new Response(`${lines.join("\n")}\n`) } as unknown as AwsClient;
  const { columns, rows } = await sqlPage(client, { query: "" });
  return { columns, rows };
}

describe("the console's SQL", () => {
  test("completes the tables and columns that the server has", () => {
    const served = Object.fromEntries(Object.entries(TABLES).map(([name, { columns }]) => [name, columns]));
    const sorted = (names: readonly string[]) => [...names].sort();
    expect(Object.keys(SCHEMA)).toEqual(Object.keys(served));
    for (const [name, columns] of Object.entries(served)) {
      expect([name, sorted(SCHEMA[name] ?? [])]).toEqual([name, sorted(columns.map((column) => column.name))]);
    }
  });

  test("has the documented questions as examples", () => {
    const words = (text: string) => text.trim().split(/\s+/).join(" ");
    const documented = fences(section(readDocument("docs/sql.md"), "## Ten questions"), "sql");
    expect(EXAMPLE_NAMES.map((name) => words(exampleQuery(name, undefined)))).toEqual(documented.map(words));
    expect(exampleQuery("tagged", "mine")).toContain("bucket = 'mine'");
  });

  test("joins CSV pages without their heads, whatever the names of columns hold", () => {
    const rest = (text: string) => new TextDecoder().decode(withoutHead(new TextEncoder().encode(text)));
    expect(rest("a,b\r\n1,2\r\n")).toBe("1,2\r\n");
    expect(rest('"a\n""b"\r\n"1\n"\r\n')).toBe('"1\n"\r\n');
    expect(rest("a\r\n")).toBe("");
  });

  test("shows what EXPLAIN tells, though no column has such values", async () => {
    expect(await tableOf('{"rows":1,"runsInSteps":true,"plan":["SCAN \\"a\\"","x"],"none":null}')).toEqual({
      columns: ["rows", "runsInSteps", "plan", "none"],
      rows: [[1, "true", '["SCAN \\"a\\"","x"]', null]],
    });
  });

  test("shows columns in the order of the query, whatever their names", async () => {
    const names = ["key", "1", 'a":"b', "__proto__", ":", "\\", "0"];
    const row = [":", 2, '\\":"', 'x","1":"y', null, "\\", 1];
    const line = (cells: unknown[]) =>
      `{${names.map((name, at) => `${JSON.stringify(name)}:${JSON.stringify(cells[at])}`).join(",")}}`;
    const rows = [row, row.toReversed()];
    expect(await tableOf(...rows.map(line))).toEqual({ columns: names, rows });
    expect(await tableOf()).toEqual({ columns: [], rows: [] });
  });
});
