import { expect, test } from "vitest";
import { amendPolicy } from "../../console/src/aws/amend-policy.ts";

test("a statement is added to a policy, or takes the place of the one of its id, and nothing else changes", () => {
  const mine = { Sid: "console-a", Effect: "Allow" };
  const first = amendPolicy("", mine);
  expect(JSON.parse(first)).toEqual({ Version: "2012-10-17", Statement: [mine] });
  const alone = JSON.stringify({ Version: "2008-10-17", Id: "p", Statement: { Effect: "Deny" } });
  const second = amendPolicy(alone, mine);
  expect(JSON.parse(second)).toEqual({ Version: "2008-10-17", Id: "p", Statement: [{ Effect: "Deny" }, mine] });
  const changed = { ...mine, Effect: "Deny" };
  expect(JSON.parse(amendPolicy(second, changed)).Statement).toEqual([{ Effect: "Deny" }, changed]);
});
