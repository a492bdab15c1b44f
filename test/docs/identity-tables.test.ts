import { describe, expect, test } from "vitest";
import { operations as athena } from "../../src/services/athena/operations.ts";
import { operations as iam } from "../../src/services/iam/operations.ts";
import { operations as kms } from "../../src/services/kms/operations.ts";
import { operations as sns } from "../../src/services/sns/operations.ts";
import { operations as sqs } from "../../src/services/sqs/operations.ts";
import { operations as sts } from "../../src/services/sts/operations.ts";
import { readDocument, section, tableRows } from "./document.ts";

const text = readDocument("docs/api.md");

describe.each([
  ["IAM", iam],
  ["STS", sts],
  ["SQS", sqs],
  ["SNS", sns],
  ["KMS", kms],
  ["Athena", athena],
] as const)("the table of %s in docs/api.md", (service, operations: Readonly<Record<string, unknown>>) => {
  const rows = tableRows(section(text, `### ${service} operations`));

  test("has every operation once, in order", () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(operations));
  });

  test("says 501 of what is not built, and of nothing else", () => {
    const notBuilt = Object.keys(operations).filter((name) => operations[name] === null);
    expect(rows.filter(([, state]) => state === "501").map(([name]) => name)).toEqual(notBuilt);
  });

  test("has known states, and says what deviates and what is answered where there is nothing", () => {
    const states = new Set(rows.map(([, state]) => state));
    expect([...states].filter((state) => !["done", "deviates", "none", "501"].includes(state ?? ""))).toEqual([]);
    const withoutNote = rows.filter(([, state, note]) => (state === "deviates" || state === "none") && note === "");
    expect(withoutNote).toEqual([]);
  });
});
