import { afterAll, beforeAll, expect, it } from "vitest";
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
