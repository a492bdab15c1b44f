import { expect, test } from "vitest";
import { expectAgreement, seedOr } from "./support/agreement.ts";
import { differences } from "./support/differences.ts";

/** SHERD_TEST_POLICY_CASES for more. */
const caseCount = Number(process.env.SHERD_TEST_POLICY_CASES ?? 10_000);
/** One with which the rarest differences are met too. */
const seed = 637298457;
/** Ends what hangs; a machine with other work may need minutes. */
const timeoutMs = 900_000;

test(`${caseCount} requests are decided as by @cloud-copilot/iam-simulate, and each known difference is met`, {
  timeout: timeoutMs,
}, async () => {
  const seen = await expectAgreement(caseCount, seedOr(seed));
  expect([...seen].sort()).toEqual(differences.map(({ name }) => name).sort());
});
