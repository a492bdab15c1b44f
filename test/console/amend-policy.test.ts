import { expect, test } from "vitest";
import { amendPolicy, type Statement } from "../../console/src/aws/amend-policy.ts";
import type { AwsClient } from "../../console/src/aws/client.ts";
import { allowTopic } from "../../console/src/aws/sns.ts";

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

test("each topic has a statement of its own, however alike the names are", async () => {
  let policy = "";
  const json = async (_service: string, target: string, { Attributes }: { Attributes?: { Policy: string } }) => {
    if (target === "AmazonSQS.SetQueueAttributes") policy = Attributes?.Policy ?? "";
    return { Attributes: { QueueArn: "arn:aws:sqs:us-east-1:1:jobs", Policy: policy } };
  };
  const topics = ["a_b", "a-b", "a_b"].map((name) => `arn:aws:sns:us-east-1:1:${name}`);
  for (const topic of topics) await allowTopic({ json } as unknown as AwsClient, "https://queue", topic);
  const { Statement } = JSON.parse(policy) as { Statement: (Statement & { Condition: unknown })[] };
  const [first, second] = topics;
  expect(Statement.map(({ Condition }) => Condition)).toEqual(
    [second, first].map((topic) => ({ ArnEquals: { "aws:SourceArn": topic } })),
  );
});
