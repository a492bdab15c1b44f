import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snsOperationNames } from "../../../src/services/sns/operation-name.ts";
import { operations } from "../../../src/services/sns/operations.ts";
import { ACCOUNT, entries, mapOf, SnsRig, textOf, textsOf } from "./support/sns.ts";

let rig: SnsRig;
beforeAll(async () => {
  rig = await SnsRig.open();
});
afterAll(() => rig.dispose());

const arnOf = (name: string) => `arn:aws:sns:us-east-1:${ACCOUNT}:${name}`;

describe("topics", () => {
  it("are made once, with equal attributes and tags", async () => {
    const arn = await rig.topic("news", { DisplayName: "News" });
    expect(arn).toBe(arnOf("news"));
    expect(await rig.topic("news", { DisplayName: "News" })).toBe(arn);
    expect(await rig.topic("news")).toBe(arn);
    expect(await rig.error("CreateTopic", { Name: "news", ...entries("Attributes", { DisplayName: "Other" }) })).toBe(
      "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    );
    expect(await rig.error("CreateTopic", { Name: "news", "Tags.member.1.Key": "a", "Tags.member.1.Value": "b" })).toBe(
      "InvalidParameter: Invalid parameter: Tags Reason: Topic already exists with different tags",
    );
  });

  it.each([
    ["", "Invalid parameter: Name Reason: no value for required parameter"],
    ["with space", "Invalid parameter: Topic Name"],
    ["a".repeat(257), "Invalid parameter: Topic Name"],
    ["ordered.fifo", "Invalid parameter: Topic Name"],
  ])("cannot be called %j", async (Name, message) => {
    expect(await rig.error("CreateTopic", { Name })).toBe(`InvalidParameter: ${message}`);
  });

  it.each([
    [{ Unknown: "x" }, "InvalidParameter: Invalid parameter: AttributeName"],
    [{ SignatureVersion: "3" }, "InvalidParameter: Invalid parameter: SignatureVersion Reason: must be one of 1, 2"],
    [{ KmsMasterKeyId: "alias/x" }, "NotImplemented: The attribute KmsMasterKeyId is not implemented by this server."],
    [{ TracingConfig: "Active" }, "NotImplemented: The attribute TracingConfig is not implemented by this server."],
    [
      { HTTPFailureFeedbackRoleArn: "arn:aws:iam::100000000001:role/r" },
      "NotImplemented: The attribute HTTPFailureFeedbackRoleArn is not implemented by this server.",
    ],
    [
      { ContentBasedDeduplication: "true" },
      "InvalidParameter: Invalid parameter: Attributes Reason: ContentBasedDeduplication is for FIFO topics only",
    ],
    [{ Policy: "{" }, "InvalidParameter: Invalid parameter: Policy Reason: This policy contains invalid Json"],
    [
      {
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: arnOf("bad") }],
        }),
      },
      "InvalidParameter: Invalid parameter: Policy Reason: Policy statement action out of service scope!",
    ],
    [
      { DeliveryPolicy: '{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}' },
      "InvalidParameter: Invalid parameter: DeliveryPolicy Reason: numRetries must be a whole number between 0 and 100",
    ],
  ])("refuse attributes %j", async (given, message) => {
    expect(await rig.error("CreateTopic", { Name: "bad", ...entries("Attributes", given) })).toBe(message);
  });

  it("tell their attributes", async () => {
    const arn = await rig.topic("shown", { SignatureVersion: "2" });
    await rig.ok("SetTopicAttributes", { TopicArn: arn, AttributeName: "DisplayName", AttributeValue: "Shown" });
    const shown = mapOf(await rig.ok("GetTopicAttributes", { TopicArn: arn }));
    expect(shown).toMatchObject({
      ...{ TopicArn: arn, Owner: ACCOUNT, DisplayName: "Shown", SignatureVersion: "2" },
      ...{ SubscriptionsConfirmed: "0", SubscriptionsPending: "0", SubscriptionsDeleted: "0" },
    });
    expect(JSON.parse(shown.EffectiveDeliveryPolicy ?? "").http.defaultHealthyRetryPolicy.numRetries).toBe(3);
    expect(JSON.parse(shown.Policy ?? "").Statement[0].Sid).toBe("__default_statement_ID");
    await rig.ok("SetTopicAttributes", { TopicArn: arn, AttributeName: "DisplayName", AttributeValue: "" });
    expect(mapOf(await rig.ok("GetTopicAttributes", { TopicArn: arn })).DisplayName).toBe("");
  });

  it("of FIFO have their own attributes", async () => {
    const arn = await rig.topic("ordered.fifo", { ContentBasedDeduplication: "true" });
    expect(mapOf(await rig.ok("GetTopicAttributes", { TopicArn: arn }))).toMatchObject({
      ...{ FifoTopic: "true", ContentBasedDeduplication: "true", FifoThroughputScope: "Topic" },
    });
  });

  it("are listed by pages", async () => {
    const other = await SnsRig.open();
    for (let number = 0; number < 101; number++) await other.topic(`t${String(number).padStart(3, "0")}`);
    const first = await other.ok("ListTopics");
    expect(textsOf(first, "TopicArn")).toHaveLength(100);
    const last = await other.ok("ListTopics", { NextToken: textOf(first, "NextToken") });
    expect(textsOf(last, "TopicArn")).toEqual([arnOf("t100")]);
    expect(textOf(last, "NextToken")).toBe("");
    expect(await other.error("ListTopics", { NextToken: "!" })).toMatch(
      /^InvalidParameter: Invalid parameter: NextToken/,
    );
    await other.dispose();
  });

  it("go, and once more without an error", async () => {
    const arn = await rig.topic("gone");
    await rig.ok("DeleteTopic", { TopicArn: arn });
    await rig.ok("DeleteTopic", { TopicArn: arn });
    expect(await rig.error("GetTopicAttributes", { TopicArn: arn })).toBe("NotFound: Topic does not exist");
  });

  it("have tags", async () => {
    const ResourceArn = await rig.topic("tagged");
    await rig.ok("TagResource", {
      ResourceArn,
      "Tags.member.1.Key": "a",
      "Tags.member.1.Value": "1",
      "Tags.member.2.Key": "b",
      "Tags.member.2.Value": "2",
    });
    await rig.ok("UntagResource", { ResourceArn, "TagKeys.member.1": "a" });
    const tags = await rig.ok("ListTagsForResource", { ResourceArn });
    expect([textsOf(tags, "Key"), textsOf(tags, "Value")]).toEqual([["b"], ["2"]]);
    expect(
      await rig.error("TagResource", { ResourceArn, "Tags.member.1.Key": "aws:x", "Tags.member.1.Value": "" }),
    ).toMatch(/^InvalidParameter/);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`Tags.member.${at + 1}.Key`, `k${at}`]));
    expect(await rig.error("TagResource", { ResourceArn, ...many })).toMatch(/^TagLimitExceeded/);
    expect(await rig.error("ListTagsForResource", { ResourceArn: arnOf("none") })).toBe(
      "ResourceNotFound: Resource does not exist",
    );
  });

  it("have permissions by labels", async () => {
    const TopicArn = await rig.topic("open");
    const given = { TopicArn, Label: "l", "AWSAccountId.member.1": "222222222222", "ActionName.member.1": "Publish" };
    await rig.ok("AddPermission", given);
    const policy = async () => JSON.parse(mapOf(await rig.ok("GetTopicAttributes", { TopicArn })).Policy ?? "");
    expect((await policy()).Statement[1]).toEqual({
      ...{ Sid: "l", Effect: "Allow", Action: "SNS:Publish", Resource: TopicArn },
      Principal: { AWS: "arn:aws:iam::222222222222:root" },
    });
    expect(await rig.error("AddPermission", given)).toBe(
      "InvalidParameter: Invalid parameter: Statement already exists",
    );
    expect(await rig.error("AddPermission", { ...given, Label: "m", "ActionName.member.1": "Steal" })).toMatch(
      /out of service scope/,
    );
    await rig.ok("RemovePermission", { TopicArn, Label: "l" });
    expect((await policy()).Statement).toHaveLength(1);
  });
});

describe("operations", () => {
  it("that are not built are refused by name", async () => {
    for (const name of snsOperationNames.filter((one) => operations[one] === null)) {
      expect(await rig.error(name)).toBe(`NotImplemented: ${name} is not implemented by this server.`);
    }
    expect(await rig.error("Publish", { PhoneNumber: "+4912345", Message: "m" })).toBe(
      "NotImplemented: PhoneNumber (SMS) is not implemented by this server.",
    );
  });
});
