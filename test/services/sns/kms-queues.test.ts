import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GuardError } from "../../../src/metadata/database.ts";
import { KmsRig } from "../kms/support/kms.ts";
import { ACCOUNT, SnsRig } from "./support/sns.ts";

let rig: SnsRig;
let kms: KmsRig;
beforeAll(async () => {
  rig = await SnsRig.open();
  kms = await KmsRig.open({ beside: { test: rig.sqs.store, clock: rig.sqs.clock } });
});
afterAll(() => rig.dispose());

const statement = (Principal: object, Action: string | string[]) => ({
  Effect: "Allow",
  Principal,
  Action,
  Resource: "*",
});
const admin = statement({ AWS: `arn:aws:iam::${ACCOUNT}:root` }, "kms:*");

it("a topic sends to a queue with a key of the KMS where the key lets SNS in, and to the dead letter queue otherwise", async () => {
  const KeyId = await kms.key();
  const topic = await rig.topic("topic");
  const [queue, dead] = [await rig.queue("sealed"), await rig.queue("dead")];
  await rig.sqs.ok("SetQueueAttributes", { QueueUrl: queue.url, Attributes: { KmsMasterKeyId: KeyId } });
  await rig.subscribe(topic, queue.arn, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) });
  await rig.publish(topic, "refused");
  await rig.deliver();
  expect(rig.told.at(-1)).toContain("the key of the queue does not allow the topic to send (access-denied)");
  expect(await rig.texts(queue.url)).toEqual([]);
  expect(await rig.texts(dead.url)).toEqual(["refused"]);
  const sns = statement({ Service: "sns.amazonaws.com" }, ["kms:GenerateDataKey", "kms:Decrypt"]);
  const Condition = { ArnEquals: { "aws:SourceArn": topic }, StringEquals: { "aws:SourceAccount": ACCOUNT } };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [admin, { ...sns, Condition }] });
  await kms.ok("PutKeyPolicy", { KeyId, Policy });
  await rig.publish(topic, "let in");
  await rig.deliver();
  const { d1 } = rig.sqs.store;
  const [found] = await d1.batch<{ data_key: string }>([d1.prepare("SELECT data_key FROM messages")]);
  expect(found?.results[0]?.data_key).toContain(`key/${KeyId} ${queue.arn} `);
  expect(await rig.texts(queue.url)).toEqual(["let in"]);
});

async function failingWebhook(topic: string, attributes: Record<string, string>): Promise<void> {
  rig.answer = () => new Response(null, { status: 200 });
  await rig.subscribeWebhook(topic, "https://hooks.example.com/", attributes);
  rig.answer = () => new Response(null, { status: 500 });
}

describe("a KMS that cannot be reached", () => {
  async function sealedQueue(name: string) {
    const KeyId = await kms.key();
    const sns = statement({ Service: "sns.amazonaws.com" }, ["kms:GenerateDataKey", "kms:Decrypt"]);
    await kms.ok("PutKeyPolicy", {
      KeyId,
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [admin, sns] }),
    });
    const queue = await rig.queue(name);
    await rig.sqs.ok("SetQueueAttributes", { QueueUrl: queue.url, Attributes: { KmsMasterKeyId: KeyId } });
    return { ...queue, KeyId };
  }
  const outages = async (minutes: number) => {
    for (let minute = 0; minute < minutes; minute++) {
      await rig.sqs.clock.advance(60_000);
      await rig.deliver();
    }
  };

  it("delays the messages of its queue alone", async () => {
    const topic = await rig.topic("one-of-two");
    const [sealed, plain] = [await sealedQueue("out"), await rig.queue("in")];
    await rig.subscribe(topic, sealed.arn);
    await rig.subscribe(topic, plain.arn);
    rig.unreachableKeys.add(sealed.KeyId);
    await rig.publish(topic, "m");
    await rig.deliver();
    expect(await rig.texts(plain.url)).toEqual(["m"]);
    await outages(15);
    rig.unreachableKeys.clear();
    expect(await rig.texts(sealed.url)).toEqual([]);
    await outages(1);
    expect(await rig.texts(sealed.url)).toEqual(["m"]);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("of a dead letter queue delays what an endpoint did not take", async () => {
    const topic = await rig.topic("to-a-webhook");
    const dead = await sealedQueue("dead-letters");
    const attributes = {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
      DeliveryPolicy: JSON.stringify({ healthyRetryPolicy: { numRetries: 0 } }),
    };
    await failingWebhook(topic, attributes);
    rig.unreachableKeys.add(dead.KeyId);
    await rig.publish(topic, "m");
    await rig.deliver();
    await outages(5);
    rig.unreachableKeys.clear();
    expect(await rig.rows("deliveries")).toBe(1);
    await outages(1);
    expect(await rig.texts(dead.url)).toEqual(["m"]);
    expect(await rig.rows("deliveries")).toBe(0);
  });

  it("of a dead letter queue delays what a queue did not take", async () => {
    const topic = await rig.topic("refused");
    const [dead, closed] = [await sealedQueue("letters"), await rig.queue("closed")];
    await rig.subscribe(topic, closed.arn, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) });
    await rig.sqs.ok("SetQueueAttributes", { QueueUrl: closed.url, Attributes: { Policy: "" } });
    rig.unreachableKeys.add(dead.KeyId);
    await rig.publish(topic, "m");
    await rig.deliver();
    await outages(2);
    rig.unreachableKeys.clear();
    await outages(1);
    expect(await rig.texts(dead.url)).toEqual(["m"]);
  });
});

it("a key that changes while dead letters are sent loses none", async () => {
  const topic = await rig.topic("changing");
  const dead = await rig.queue("changing-dead");
  const attributes = {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    DeliveryPolicy: JSON.stringify({ healthyRetryPolicy: { numRetries: 0 } }),
  };
  await failingWebhook(topic, attributes);
  const { deliveries } = rig.topics.tables;
  const settle = deliveries.settle.bind(deliveries);
  const settling = vi.spyOn(deliveries, "settle").mockImplementation(settle);
  for (let failures = 0; failures < 2; failures++) settling.mockRejectedValueOnce(new GuardError("access_changed"));
  await rig.publish(topic, "m");
  await rig.deliver();
  expect(settling).toHaveBeenCalledTimes(3);
  expect(await rig.texts(dead.url)).toEqual(["m"]);
  for (let failures = 0; failures < 3; failures++) settling.mockRejectedValueOnce(new GuardError("access_changed"));
  await rig.publish(topic, "changes all the time");
  await rig.deliver();
  expect(await rig.rows("deliveries")).toBe(1);
  await rig.sqs.clock.advance(60_000);
  await rig.deliver();
  expect(await rig.texts(dead.url)).toEqual(["changes all the time"]);
  settling.mockRestore();
});
