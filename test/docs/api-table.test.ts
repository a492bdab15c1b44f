import { describe, expect, test } from "vitest";
import { refusedHeaders } from "../../src/services/s3/gate/refused-headers.ts";
import { operationNames } from "../../src/services/s3/operation-name.ts";
import { operations } from "../../src/services/s3/operations.ts";
import { readDocument, section, tableRows } from "./document.ts";

const text = readDocument("docs/api.md");
const rows = tableRows(section(text, "## Operations")).map(([name = "", state = "", note = ""]) => ({
  name,
  state,
  note,
}));
const states = tableRows(text.slice(0, text.indexOf("## Operations"))).map(([state]) => state);
const named = (state: string) => rows.filter((row) => row.state === state);

/** What would set the configuration that an operation reads: `GetBucketCors` is set by `PutBucketCors`. */
function setterOf(reader: string): string {
  if (reader === "GetBucketPolicyStatus") return "PutBucketPolicy";
  return reader.replace(/^Get/, "Put").replace(/^List(.*)s$/, "Put$1");
}

describe("the table of docs/api.md", () => {
  test("has every operation once, in order", () => {
    expect(rows.map(({ name }) => name)).toEqual([...operationNames]);
  });

  test("has the states that it explains, and no other", () => {
    expect([...new Set(rows.map(({ state }) => state))].sort()).toEqual([...states].sort());
  });

  test("says 501 of what is not built, and of nothing else", () => {
    const notBuilt = operationNames.filter((name) => operations[name].handler === null);
    expect(named("501").map(({ name }) => name)).toEqual(notBuilt);
  });

  test("says unset of configurations that cannot be set, and of nothing else", () => {
    const isSettable = ({ name }: { name: string }) => named("501").every((row) => row.name !== setterOf(name));
    expect(named("unset").filter(isSettable)).toEqual([]);
  });

  test("says what deviates and what an unset configuration answers", () => {
    expect([...named("deviates"), ...named("unset")].filter(({ note }) => note === "")).toEqual([]);
  });
});

test("the headers that docs/api.md calls refused are those that are", () => {
  const documented = tableRows(section(text, "## Headers that are refused")).flatMap(([names = ""]) =>
    names.split(", "),
  );
  const refused = new Set(Object.values(refusedHeaders).flatMap((list) => list.map(({ name }) => name)));
  expect(documented.sort()).toEqual([...refused].sort());
});
