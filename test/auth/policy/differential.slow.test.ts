import { expect, test } from "vitest";
import { expectAgreement } from "./support/agreement.ts";
import { differences } from "./support/differences.ts";

/** SHERD_TEST_POLICY_CASES for more. */
const caseCount = Number(process.env.SHERD_TEST_POLICY_CASES ?? 20_000);

test(`${caseCount} requests are decided as by @cloud-copilot/iam-simulate, and each known difference is met`, async () => {
  const seen = await expectAgreement(caseCount);
  expect([...seen].sort()).toEqual(differences.map(({ name }) => name).sort());
});
