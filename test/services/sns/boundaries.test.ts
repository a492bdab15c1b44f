import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parsePublicOrigin } from "../../../src/topics/open-topics.ts";
import { maskedUrl } from "../../../src/topics/webhook.ts";
import { otherAccount } from "../sqs/support/sqs.ts";
import { ACCOUNT, entries, SnsRig, textOf } from "./support/sns.ts";

let rig: SnsRig;
let topic: string;
beforeEach(async () => {
  rig = await SnsRig.open();
  topic = await rig.topic("news");
});
afterEach(() => rig.dispose());

const FOREIGN = otherAccount.accountId;

/** Lets the other account use the topic. */
async function share(): Promise<void> {
  const statement = {
    ...{ Effect: "Allow", Principal: { AWS: FOREIGN }, Resource: topic },
    Action: ["sns:Subscribe", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"],
  };
  const AttributeValue = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await rig.ok("SetTopicAttributes", { TopicArn: topic, AttributeName: "Policy", AttributeValue });
}

describe("queues of other accounts", () => {
  it("are not told from queues that are not there", async () => {
    await share();
    await rig.queue("here");
    const stranger = rig.sqs.root(otherAccount);
    for (const name of ["here", "none"]) {
      const parameters = { TopicArn: topic, Protocol: "sqs", Endpoint: `arn:aws:sqs:us-east-1:${ACCOUNT}:${name}` };
      const { status, result } = await rig.call(stranger, "Subscribe", parameters);
      expect([name, status, textOf(result, "SubscriptionArn")]).toEqual([name, 200, "pending confirmation"]);
    }
  });

  it("are no dead letter queues: those are the subscriber's", async () => {
    await share();
    const dead = await rig.queue("dead");
    const stranger = rig.sqs.root(otherAccount);
    const parameters = (name: string) => ({
      ...{ TopicArn: topic, Protocol: "https", Endpoint: "https://hooks.example.com/" },
      ...entries("Attributes", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: name }) }),
    });
    const answers = [];
    for (const arn of [dead.arn, `${dead.arn}-none`, `${dead.arn}.fifo`]) {
      const { code, message } = await rig.call(stranger, "Subscribe", parameters(arn));
      answers.push(`${code}: ${message}`);
    }
    expect(answers[0]).toMatch(/^InvalidParameter: .*in the account and region of the subscription$/);
    expect(new Set(answers).size).toBe(1);
    await rig.subscribe(topic, "https://hooks.example.com/own", {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
  });
});

it("access that was taken away by another isolate reads nothing any more", async () => {
  await share();
  const stranger = rig.sqs.root(otherAccount);
  expect((await rig.call(stranger, "GetTopicAttributes", { TopicArn: topic })).status).toBe(200);
  const revoked = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: ACCOUNT }, Action: "sns:Publish", Resource: topic }],
  });
  const { d1 } = rig.sqs.store;
  await d1.batch([
    d1.prepare("UPDATE topics SET revision = 'another', attributes = ?1").bind(JSON.stringify({ Policy: revoked })),
  ]);
  for (const operation of ["GetTopicAttributes", "ListSubscriptionsByTopic", "Subscribe"]) {
    const parameters = { TopicArn: topic, Protocol: "https", Endpoint: "https://hooks.example.com/" };
    expect([operation, (await rig.call(stranger, operation, parameters)).code]).toEqual([
      operation,
      "AuthorizationError",
    ]);
  }
});

it("a pending endpoint is asked once a minute, however often it is subscribed", async () => {
  const hook = "https://hooks.example.com/";
  for (let count = 0; count < 5; count++) await rig.subscribe(topic, hook);
  await rig.deliver();
  expect(rig.calls.length).toBe(1);
  await rig.sqs.clock.advance(60_000);
  for (let count = 0; count < 5; count++) await rig.subscribe(topic, hook);
  await rig.deliver();
  expect(rig.calls.length).toBe(2);
});

it.each([
  ["https://ann:p@ss@hooks.example.com/", "https://ann:****@hooks.example.com/"],
  ["https:hooks:secret@h.example/", "https://hooks:****@h.example/"],
])("the password of %s is not shown", (url, shown) => {
  expect(maskedUrl(url)).toBe(shown);
});

it("documents name SHERD_PUBLIC_URL, whatever host the subscriber's request named", async () => {
  await rig.dispose();
  rig = await SnsRig.open({ SHERD_PUBLIC_URL: "https://files.example.com" });
  const news = await rig.topic("news");
  await rig.subscribe(news, "https://hooks.example.com/");
  await rig.deliver();
  const { SubscribeURL, SigningCertURL } = JSON.parse(rig.calls[0]?.body ?? "");
  expect(SubscribeURL).toMatch(/^https:\/\/files\.example\.com\/\?Action=ConfirmSubscription&/);
  expect(SigningCertURL).toMatch(/^https:\/\/files\.example\.com\/-\/sns\//);
});

it("SHERD_PUBLIC_URL is a scheme and a host", () => {
  expect([parsePublicOrigin({}), parsePublicOrigin({ SHERD_PUBLIC_URL: " https://a.example:8443 " })]).toEqual([
    null,
    "https://a.example:8443",
  ]);
  for (const value of ["files.example.com", "ftp://a.example", "https://a.example/path", "https://u:p@a.example"]) {
    expect(() => parsePublicOrigin({ SHERD_PUBLIC_URL: value })).toThrow("SHERD_PUBLIC_URL must be");
  }
});
