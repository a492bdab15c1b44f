import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operations } from "../../../src/services/sns/operations.ts";
import { otherAccount } from "../sqs/support/sqs.ts";
import { entries, SnsRig, textOf } from "./support/sns.ts";

let rig: SnsRig;
let topic: string;
let subscription: string;
beforeAll(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
  const { arn } = await rig.queue("q");
  subscription = await rig.subscribe(topic, arn);
});
afterAll(() => rig.dispose());

/** What each operation needs to be asked with. */
function parametersOf(operation: string): Record<string, string> {
  return {
    ...{ TopicArn: topic, ResourceArn: topic, SubscriptionArn: subscription, Name: "new", Message: "m", Token: "t" },
    ...{ Label: "l", "AWSAccountId.member.1": "222222222222", "ActionName.member.1": "Publish" },
    ...{ Protocol: "https", Endpoint: "https://hooks.example.com/", "TagKeys.member.1": "k" },
    ...(operation === "SetTopicAttributes" && { AttributeName: "DisplayName", AttributeValue: "x" }),
    ...(operation === "SetSubscriptionAttributes" && { AttributeName: "RawMessageDelivery", AttributeValue: "true" }),
    ...(operation === "PublishBatch" && {
      "PublishBatchRequestEntries.member.1.Id": "a",
      "PublishBatchRequestEntries.member.1.Message": "m",
    }),
  };
}

const built = Object.keys(operations).filter((name) => operations[name as keyof typeof operations] !== null);
const actionOf = (operation: string) => `sns:${operation === "PublishBatch" ? "Publish" : operation}`;

describe("each operation", () => {
  it.each(built)("%s is denied to a user without policies, and to other accounts", async (operation) => {
    const all = { Effect: "Allow", Action: "*", Resource: "*" };
    // Lists and new topics are of the caller's own account.
    const isOwn = ["CreateTopic", "ListTopics", "ListSubscriptions"].includes(operation);
    const callers = [
      rig.sqs.userWith([]),
      ...(isOwn ? [] : [rig.sqs.userWith([all], otherAccount), rig.sqs.root(otherAccount)]),
    ];
    // A token is all that it takes to confirm: other accounts learn no more than that this one is wrong.
    const expected = (at: number) =>
      operation === "ConfirmSubscription" && at > 0 ? "InvalidParameter" : "AuthorizationError";
    for (const [at, caller] of callers.entries()) {
      const { code } = await rig.call(caller, operation, parametersOf(operation));
      expect([operation, at, code]).toEqual([operation, at, expected(at)]);
    }
  });

  it.each(built)("%s is denied to a user who may do everything else", async (operation) => {
    const caller = rig.sqs.userWith([
      { Effect: "Allow", Action: "*", Resource: "*" },
      { Effect: "Deny", Action: actionOf(operation), Resource: "*" },
    ]);
    expect((await rig.call(caller, operation, parametersOf(operation))).code).toBe("AuthorizationError");
  });

  it.each(built.filter((name) => !["ConfirmSubscription", "Unsubscribe"].includes(name)))(
    "%s needs a signature",
    async (operation) => {
      const { status, code } = await rig.call(rig.sqs.anonymous(), operation, parametersOf(operation));
      expect([status, code]).toEqual([403, "MissingAuthenticationToken"]);
    },
  );
});

describe("policies", () => {
  it("of users allow by topic", async () => {
    const user = rig.sqs.userWith([{ Effect: "Allow", Action: "sns:Publish", Resource: topic }]);
    expect((await rig.call(user, "Publish", { TopicArn: topic, Message: "m" })).status).toBe(200);
    expect((await rig.call(user, "Publish", { TopicArn: `${topic}2`, Message: "m" })).code).toBe("AuthorizationError");
  });

  it("of topics allow other accounts to publish and to subscribe to what the policy says", async () => {
    const open = await rig.topic("open");
    const statement = { Effect: "Allow", Principal: { AWS: otherAccount.accountId }, Resource: open };
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { ...statement, Action: ["sns:Publish"] },
        { ...statement, Action: "sns:Subscribe", Condition: { StringEquals: { "sns:Protocol": "https" } } },
      ],
    });
    await rig.ok("SetTopicAttributes", { TopicArn: open, AttributeName: "Policy", AttributeValue: Policy });
    const other = rig.sqs.root(otherAccount);
    expect((await rig.call(other, "Publish", { TopicArn: open, Message: "m" })).status).toBe(200);
    const subscribe = { TopicArn: open, Protocol: "https", Endpoint: "https://hooks.example.com/" };
    const made = await rig.call(other, "Subscribe", { ...subscribe, ReturnSubscriptionArn: "true" });
    expect(made.status).toBe(200);
    expect(
      (await rig.call(other, "Subscribe", { ...subscribe, Protocol: "http", Endpoint: "http://hooks.example.com/" }))
        .code,
    ).toBe("AuthorizationError");
    // The subscriber and the topic's owner may end it, and nobody else.
    const SubscriptionArn = textOf(made.result, "SubscriptionArn");
    expect((await rig.call(other, "GetSubscriptionAttributes", { SubscriptionArn })).status).toBe(200);
    const third = rig.sqs.root({ ...otherAccount, accountId: "333333333333" });
    expect((await rig.call(third, "Unsubscribe", { SubscriptionArn })).code).toBe("AuthorizationError");
    await rig.ok("Unsubscribe", { SubscriptionArn });
  });

  it("of topics cannot let other accounts tag", async () => {
    const tagged = await rig.topic("tagged");
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sns:*", Resource: tagged }],
    });
    await rig.ok("SetTopicAttributes", { TopicArn: tagged, AttributeName: "Policy", AttributeValue: Policy });
    const other = rig.sqs.root(otherAccount);
    expect((await rig.call(other, "ListTagsForResource", { ResourceArn: tagged })).code).toBe("AuthorizationError");
    expect((await rig.call(other, "GetTopicAttributes", { TopicArn: tagged })).status).toBe(200);
  });

  it("see tags of topics and requests", async () => {
    const user = rig.sqs.userWith([
      { Effect: "Allow", Action: "sns:CreateTopic", Resource: "*" },
      {
        Effect: "Allow",
        Action: "sns:TagResource",
        Resource: "*",
        Condition: { StringEquals: { "aws:RequestTag/team": "a" } },
      },
      {
        Effect: "Allow",
        Action: "sns:Publish",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/team": "a" } },
      },
    ]);
    const tag = (value: string) => ({ "Tags.member.1.Key": "team", "Tags.member.1.Value": value });
    expect((await rig.call(user, "CreateTopic", { Name: "b", ...tag("b") })).code).toBe("AuthorizationError");
    const made = await rig.call(user, "CreateTopic", { Name: "a", ...tag("a") });
    expect((await rig.call(user, "Publish", { TopicArn: textOf(made.result, "TopicArn"), Message: "m" })).status).toBe(
      200,
    );
    expect((await rig.call(user, "Publish", { TopicArn: topic, Message: "m" })).code).toBe("AuthorizationError");
  });
});

describe("a queue of another account", () => {
  it("is confirmed at once by its own account, and by a message otherwise", async () => {
    const open = await rig.topic("shared");
    await rig.ok("AddPermission", {
      TopicArn: open,
      Label: "s",
      "AWSAccountId.member.1": otherAccount.accountId,
      "ActionName.member.1": "Subscribe",
    });
    const other = rig.sqs.root(otherAccount);
    const arn = (name: string) => `arn:aws:sqs:us-east-1:${otherAccount.accountId}:${name}`;
    const policy = (name: string) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "sns.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: arn(name),
          },
        ],
      });
    for (const name of ["own", "foreign"]) {
      await rig.sqs.call(other, "CreateQueue", { QueueName: name, Attributes: { Policy: policy(name) } });
    }
    const own = await rig.call(other, "Subscribe", { TopicArn: open, Protocol: "sqs", Endpoint: arn("own") });
    expect(textOf(own.result, "SubscriptionArn")).toMatch(/^arn:/);
    const foreign = await rig.ok("Subscribe", {
      TopicArn: open,
      Protocol: "sqs",
      Endpoint: arn("foreign"),
      ...entries("Attributes", { RawMessageDelivery: "true" }),
    });
    expect(textOf(foreign, "SubscriptionArn")).toBe("pending confirmation");
    await rig.deliver();
    const { result } = await rig.sqs.call(other, "ReceiveMessage", {
      QueueUrl: `http://sqs.test/${otherAccount.accountId}/foreign`,
    });
    const { Type, Token } = JSON.parse(result.Messages[0].Body);
    expect(Type).toBe("SubscriptionConfirmation");
    expect((await rig.call(other, "ConfirmSubscription", { TopicArn: open, Token })).status).toBe(200);
  });
});
