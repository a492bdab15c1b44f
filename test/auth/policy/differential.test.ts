import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectAgreement, seedOr } from "./support/agreement.ts";
import { differences } from "./support/differences.ts";

const caseCount = 200;

test(`${caseCount} requests are decided as by @cloud-copilot/iam-simulate, or AWS's documentation says why not`, async () => {
  await expectAgreement(caseCount, seedOr(Date.now() % 2 ** 31));
});

test("the differences stand in docs/policies.md", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/policies.md"), "utf8");
  const table = page.slice(page.indexOf("## Beside an independent implementation"));
  const rows = Array.from(table.matchAll(/^\| (.+?) \| (.+) \|$/gm), ([, name, documentation]) => ({
    name,
    documentation,
  }));
  expect(rows.slice(1)).toEqual(differences.map(({ name, documentation }) => ({ name, documentation })));
});
