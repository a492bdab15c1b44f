import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { KmsRig } from "../kms/support/kms.ts";
import { otherAccount, SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
let kms: KmsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
  kms = await KmsRig.open({ beside: { test: rig.store, clock: rig.clock } });
  const sql = "INSERT INTO accounts (id, canonical_id, name, state, created_ms) VALUES (?1, ?2, 'other', 'active', 1)";
  const { d1 } = rig.store;
  await d1.batch([d1.prepare(sql).bind(otherAccount.accountId, otherAccount.canonicalId)]);
});
afterAll(() => rig.dispose());

const { accountId } = firstAccount;
const keyArn = (id: string) => `arn:aws:kms:us-east-1:${accountId}:key/${id}`;
const sqsOf = (name: string) => ({ Effect: "Allow", Action: "sqs:*", Resource: rig.arn(name) });
const mayUse = (...Action: string[]) => ({ Effect: "Allow", Action, Resource: "*" });

let keyId: string;
let name: string;
let QueueUrl: string;
let count = 0;
beforeEach(async () => {
  keyId = await kms.key();
  name = `queue-${count++}`;
  QueueUrl = await rig.queue(name, { KmsMasterKeyId: keyId });
});

interface StoredMessage {
  sealed_as: string;
  data_key: string | null;
  content: string;
}

async function stored(queue = name): Promise<StoredMessage[]> {
  const sql =
    "SELECT sealed_as, data_key, content FROM messages WHERE queue_id = (SELECT id FROM queues WHERE name = ?1) ORDER BY place";
  const { d1 } = rig.store;
  const [found] = await d1.batch<StoredMessage>([d1.prepare(sql).bind(queue)]);
  return found?.results ?? [];
}

async function received(input: object = {}): Promise<string[]> {
  const { Messages = [] } = await rig.ok("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, ...input });
  return Messages.map(({ Body }: { Body: string }) => Body);
}

describe("a queue with a key of the KMS", () => {
  it("encrypts each message under a data key of it, bound to the queue", async () => {
    const MessageAttributes = { a: { DataType: "String", StringValue: "b" } };
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "a secret body", MessageAttributes });
    const [row] = await stored();
    expect(row?.content).not.toContain("secret");
    const [arn, queueArn, sealed = ""] = row?.data_key?.split(" ") ?? [];
    expect([arn, queueArn]).toEqual([keyArn(keyId), rig.arn(name)]);
    // The data key is a ciphertext of the KMS, as its own Decrypt opens it.
    const EncryptionContext = { "aws:sqs:arn": rig.arn(name) };
    const { Plaintext } = await kms.ok("Decrypt", { CiphertextBlob: sealed, EncryptionContext });
    expect(Buffer.from(Plaintext, "base64")).toHaveLength(32);
    expect(await kms.code(kms.root(), "Decrypt", { CiphertextBlob: sealed })).toBe("InvalidCiphertextException");
    const { Messages } = await rig.ok("ReceiveMessage", { QueueUrl, MessageAttributeNames: ["All"] }, rig.isolate());
    expect(Messages).toMatchObject([{ Body: "a secret body", MessageAttributes: { a: { StringValue: "b" } } }]);
  });

  it.each(["alias", "alias ARN", "key ARN"])("may be told the key by its %s", async (form) => {
    const alias = `alias/${name}`;
    await kms.ok("CreateAlias", { AliasName: alias, TargetKeyId: keyId });
    const arn = keyArn(keyId).replace(`key/${keyId}`, alias);
    const KmsMasterKeyId = form === "alias" ? alias : form === "alias ARN" ? arn : keyArn(keyId);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "m" });
    expect((await stored())[0]?.data_key).toContain(keyArn(keyId));
    expect(await received()).toEqual(["m"]);
  });

  it("uses alias/aws/sqs, which is made on first use and works through SQS alone", async () => {
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "alias/aws/sqs" } });
    const user = rig.userWith([sqsOf(name)]);
    expect(await rig.call(user, "SendMessage", { QueueUrl, MessageBody: "m" })).toMatchObject({ status: 200 });
    expect(await received()).toEqual(["m"]);
    const { KeyMetadata } = await kms.ok("DescribeKey", { KeyId: "alias/aws/sqs" });
    expect(KeyMetadata).toMatchObject({ KeyManager: "AWS", Enabled: true });
    const direct = { KeyId: KeyMetadata.KeyId, KeySpec: "AES_256" };
    expect(await kms.code(kms.user("ann", [mayUse("kms:*")]), "GenerateDataKey", direct)).toBe("AccessDeniedException");
  });

  it("uses a data key again for one sender until its period is over", async () => {
    const dataKeys = async () => new Set((await stored()).map(({ data_key }) => data_key)).size;
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsDataKeyReusePeriodSeconds: "60" } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "1" });
    await rig.clock.advance(59_000);
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "2" });
    expect(await dataKeys()).toBe(1);
    const user = rig.userWith([sqsOf(name), mayUse("kms:GenerateDataKey", "kms:Decrypt")]);
    await rig.call(user, "SendMessage", { QueueUrl, MessageBody: "3" });
    expect(await dataKeys()).toBe(2);
    await rig.clock.advance(1_000);
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "4" });
    expect(await dataKeys()).toBe(3);
    expect((await received()).sort()).toEqual(["1", "2", "3", "4"]);
  });

  it("costs one D1 round trip a call once the key is known", async () => {
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "1" });
    await received();
    rig.store.takeCost();
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "2" });
    expect(rig.store.takeCost().roundTrips).toBe(1);
    expect(await received()).toEqual(["2"]);
    expect(rig.store.takeCost().roundTrips).toBe(1);
  });

  it("keeps the order of a FIFO queue, and its duplicates", async () => {
    QueueUrl = await rig.queue(`${name}.fifo`, { KmsMasterKeyId: keyId, ContentBasedDeduplication: "true" });
    const Entries = ["a", "b", "a"].map((MessageBody, n) => ({ Id: `${n}`, MessageBody, MessageGroupId: "g" }));
    await rig.ok("SendMessageBatch", { QueueUrl, Entries });
    expect(await stored(`${name}.fifo`)).toHaveLength(2);
    expect(await received()).toEqual(["a", "b"]);
  });
});

describe("the sender", () => {
  it.each([[[]], [["kms:GenerateDataKey"]], [["kms:Decrypt"]]])("with %j on the key sends nothing", async (actions) => {
    const user = rig.userWith([sqsOf(name), ...actions.map((one) => mayUse(one))]);
    const { status, type, queryError, result } = await rig.call(user, "SendMessage", { QueueUrl, MessageBody: "m" });
    expect([status, type, queryError]).toEqual([400, "KmsAccessDenied", "KMS.AccessDeniedException;Sender"]);
    expect(result.message).toMatch(
      /is not authorized to perform: kms:(GenerateDataKey|Decrypt) on resource: arn:aws:kms/,
    );
    const Entries = [{ Id: "1", MessageBody: "m" }];
    expect(await rig.call(user, "SendMessageBatch", { QueueUrl, Entries })).toMatchObject({ type: "KmsAccessDenied" });
    expect(await stored()).toEqual([]);
  });

  it("of another account needs the policies of the queue and of the key", async () => {
    const theirs = rig.userWith([mayUse("sqs:*", "kms:*")], otherAccount);
    const arn = keyArn(keyId);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: arn } });
    const Principal = { AWS: otherAccount.accountId };
    const statement = { Effect: "Allow", Principal, Action: "sqs:*", Resource: rig.arn(name) };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { Policy } });
    const send = () => rig.call(theirs, "SendMessage", { QueueUrl, MessageBody: "m" });
    expect(await send()).toMatchObject({ type: "KmsAccessDenied" });
    const admin = { Effect: "Allow", Principal: { AWS: accountId }, Action: "kms:*", Resource: "*" };
    const guests = { Effect: "Allow", Principal, Action: ["kms:GenerateDataKey", "kms:Decrypt"], Resource: "*" };
    const Condition = { StringEquals: { "kms:ViaService": "sqs.us-east-1.amazonaws.com" } };
    const both = { Version: "2012-10-17", Statement: [admin, { ...guests, Condition }] };
    await kms.ok("PutKeyPolicy", { KeyId: keyId, Policy: JSON.stringify(both) });
    expect(await send()).toMatchObject({ status: 200 });
    expect(await rig.call(theirs, "ReceiveMessage", { QueueUrl })).toMatchObject({
      result: { Messages: [{ Body: "m" }] },
    });
    expect(await rig.call(rig.anonymous(), "SendMessage", { QueueUrl, MessageBody: "m" })).not.toMatchObject({
      status: 200,
    });
  });

  it.each([
    ["disabled", "DisableKey", "KmsDisabled"],
    ["pending deletion", "ScheduleKeyDeletion", "KmsInvalidState"],
  ])("is refused as soon as the key is %s, in every isolate", async (_, operation, error) => {
    const isolates = [rig.service, rig.isolate()];
    for (const service of isolates) await rig.ok("SendMessage", { QueueUrl, MessageBody: "m" }, service);
    await kms.ok(operation, { KeyId: keyId });
    for (const service of isolates) {
      expect(await rig.call(rig.root(), "SendMessage", { QueueUrl, MessageBody: "m" }, service)).toMatchObject({
        type: error,
      });
      expect(await rig.call(rig.root(), "ReceiveMessage", { QueueUrl }, service)).toMatchObject({ type: error });
    }
    expect(await stored()).toHaveLength(2);
  });

  it("is told of a key that is not there", async () => {
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "alias/none" } });
    expect(await rig.error("SendMessage", { QueueUrl, MessageBody: "m" })).toBe(
      `KmsNotFound: Alias arn:aws:kms:us-east-1:${accountId}:alias/none is not found.`,
    );
  });
});

describe("the receiver", () => {
  it("without kms:Decrypt gets nothing, and takes nothing from others", async () => {
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "m" });
    const user = rig.userWith([sqsOf(name), mayUse("kms:GenerateDataKey")]);
    const { status, type } = await rig.call(user, "ReceiveMessage", { QueueUrl });
    expect([status, type]).toEqual([400, "KmsAccessDenied"]);
    const able = rig.userWith([sqsOf(name), mayUse("kms:Decrypt")]);
    const { result } = await rig.call(able, "ReceiveMessage", {
      QueueUrl,
      AttributeNames: ["ApproximateReceiveCount"],
    });
    expect(result.Messages).toMatchObject([{ Body: "m", Attributes: { ApproximateReceiveCount: "1" } }]);
    const { ReceiptHandle } = result.Messages[0];
    // Whoever only deletes needs no key.
    expect(await rig.call(user, "DeleteMessage", { QueueUrl, ReceiptHandle })).toMatchObject({ status: 200 });
  });

  describe.each(["", ".fifo"])("of a queue%s with a dead letter queue", (suffix) => {
    const Bodies = ["a1", "a2", "a3"];
    const counted = async () => {
      const { Messages = [] } = await rig.ok("ReceiveMessage", {
        ...{ QueueUrl, MaxNumberOfMessages: 10, AttributeNames: ["ApproximateReceiveCount"] },
      });
      return Messages.map(
        ({ Body, Attributes }: { Body: string; Attributes: { ApproximateReceiveCount: string } }) =>
          `${Body} ${Attributes.ApproximateReceiveCount}`,
      ).sort();
    };
    beforeEach(async () => {
      await rig.queue(`${name}-dead${suffix}`);
      const deadLetterTargetArn = rig.arn(`${name}-dead${suffix}`);
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 2 });
      QueueUrl = await rig.queue(`${name}-source${suffix}`, { KmsMasterKeyId: keyId, RedrivePolicy });
      for (const MessageBody of Bodies) {
        const fifo = suffix && { MessageGroupId: "a", MessageDeduplicationId: MessageBody };
        await rig.ok("SendMessage", { QueueUrl, MessageBody, ...(fifo || {}) });
      }
    });

    it("loses no receive to a KMS that cannot be reached", async () => {
      rig.opensNoKeys = true;
      for (let attempt = 0; attempt < 5; attempt++) {
        const { status, type } = await rig.call(rig.root(), "ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10 });
        expect([status, type]).toEqual([503, "ServiceUnavailable"]);
      }
      rig.opensNoKeys = false;
      expect(await counted()).toEqual(Bodies.map((body) => `${body} 1`));
    });

    it("takes nothing from others that is not theirs to open", async () => {
      await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "" } });
      const user = rig.userWith([sqsOf(`${name}-source${suffix}`)]);
      for (let attempt = 0; attempt < 5; attempt++) {
        const input = { QueueUrl, MaxNumberOfMessages: 10, ReceiveRequestAttemptId: suffix ? "again" : undefined };
        expect(await rig.call(user, "ReceiveMessage", input)).toMatchObject({ type: "KmsAccessDenied" });
      }
      expect(await counted()).toEqual(Bodies.map((body) => `${body} 1`));
    });
  });

  it("of a FIFO queue who repeats an attempt in vain leaves the first one's receipt handles as they are", async () => {
    QueueUrl = await rig.queue(`${name}.fifo`, { KmsMasterKeyId: keyId, ContentBasedDeduplication: "true" });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "m", MessageGroupId: "g" });
    const attempt = { QueueUrl, ReceiveRequestAttemptId: "a" };
    const [{ ReceiptHandle }] = (await rig.ok("ReceiveMessage", attempt)).Messages;
    rig.opensNoKeys = true;
    expect(await rig.call(rig.root(), "ReceiveMessage", attempt)).toMatchObject({ status: 503 });
    rig.opensNoKeys = false;
    expect(await received()).toEqual([]);
    await rig.ok("DeleteMessage", { QueueUrl, ReceiptHandle });
    expect(await stored(`${name}.fifo`)).toEqual([]);
  });

  it("of another account whose key is taken away while they wait takes nothing", async () => {
    const theirs = rig.userWith([mayUse("sqs:*", "kms:*")], otherAccount);
    const Principal = { AWS: otherAccount.accountId };
    const statement = { Effect: "Allow", Principal, Action: "sqs:*", Resource: rig.arn(name) };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: keyArn(keyId), Policy } });
    const admin = { Effect: "Allow", Principal: { AWS: accountId }, Action: "kms:*", Resource: "*" };
    const guests = { Effect: "Allow", Principal, Action: "kms:Decrypt", Resource: "*" };
    const change = (...Statement: object[]) =>
      kms.ok("PutKeyPolicy", { KeyId: keyId, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
    await change(admin, guests);
    const waiting = rig.call(theirs, "ReceiveMessage", { QueueUrl, WaitTimeSeconds: 20 });
    await vi.waitUntil(() => rig.clock.waiting > 0);
    await change(admin);
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "m" });
    await rig.clock.advance(20_000);
    expect(await waiting).toMatchObject({ type: "KmsAccessDenied" });
    expect(await received()).toEqual(["m"]);
  });

  it("gets the messages of other keys than the queue has now, as far as they can be opened", async () => {
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "first key" });
    const second = await kms.key();
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: second } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "second key" });
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "no key" });
    await kms.ok("DisableKey", { KeyId: keyId });
    expect((await received({ VisibilityTimeout: 1 })).sort()).toEqual(["no key", "second key"]);
    await rig.clock.advance(1_000);
    await kms.ok("EnableKey", { KeyId: keyId });
    expect((await received()).sort()).toEqual(["first key", "no key", "second key"]);
  });

  it("of a FIFO queue gets nothing that is behind a message which cannot be opened", async () => {
    QueueUrl = await rig.queue(`${name}.fifo`, { KmsMasterKeyId: keyId, ContentBasedDeduplication: "true" });
    const send = (MessageBody: string, MessageGroupId: string) =>
      rig.ok("SendMessage", { QueueUrl, MessageBody, MessageGroupId });
    await send("a1", "a");
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    for (const [body, group] of [
      ["a2", "a"],
      ["b1", "b"],
    ] as const)
      await send(body, group);
    await kms.ok("DisableKey", { KeyId: keyId });
    expect(await received({ VisibilityTimeout: 1 })).toEqual(["b1"]);
    await rig.clock.advance(1_000);
    await kms.ok("EnableKey", { KeyId: keyId });
    expect((await received()).filter((body) => body.startsWith("a"))).toEqual(["a1", "a2"]);
  });

  it("opens what came into a dead letter queue, and was moved back, under the key that it was sent with", async () => {
    const dead = await rig.queue(`${name}-dead`);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: rig.arn(`${name}-dead`), maxReceiveCount: 1 });
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { RedrivePolicy } });
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "m" });
    expect(await received({ VisibilityTimeout: 0 })).toEqual(["m"]);
    expect(await received()).toEqual([]);
    const user = rig.userWith([sqsOf(`${name}-dead`)]);
    expect(await rig.call(user, "ReceiveMessage", { QueueUrl: dead, VisibilityTimeout: 0 })).toMatchObject({
      type: "KmsAccessDenied",
    });
    expect(await received({ QueueUrl: dead, VisibilityTimeout: 0 })).toEqual(["m"]);
    await rig.ok("StartMessageMoveTask", { SourceArn: rig.arn(`${name}-dead`) });
    await rig.jobs();
    expect(await received()).toEqual(["m"]);
  });
});

describe("the attributes", () => {
  const attributes = async () => {
    const { Attributes } = await rig.ok("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
    const { KmsMasterKeyId, KmsDataKeyReusePeriodSeconds, SqsManagedSseEnabled } = Attributes;
    return [KmsMasterKeyId, KmsDataKeyReusePeriodSeconds, SqsManagedSseEnabled];
  };

  it("name one encryption at a time", async () => {
    expect(await attributes()).toEqual([keyId, "300", "false"]);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { SqsManagedSseEnabled: "true" } });
    expect(await attributes()).toEqual([undefined, undefined, "true"]);
    const Attributes = { KmsMasterKeyId: "alias/aws/sqs", KmsDataKeyReusePeriodSeconds: "86400" };
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes });
    expect(await attributes()).toEqual(["alias/aws/sqs", "86400", "false"]);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    expect(await attributes()).toEqual([undefined, "86400", "true"]);
    await rig.ok("SendMessage", { QueueUrl, MessageBody: "sealed again" });
    expect(await stored()).toMatchObject([{ sealed_as: expect.any(String), data_key: null }]);
  });

  it("leave a queue plain that was asked to be", async () => {
    await rig.ok("SetQueueAttributes", {
      QueueUrl,
      Attributes: { KmsMasterKeyId: "", SqsManagedSseEnabled: "false" },
    });
    expect(await attributes()).toEqual([undefined, undefined, "false"]);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes: { KmsMasterKeyId: "" } });
    expect(await attributes()).toEqual([undefined, undefined, "false"]);
  });

  it("are compared when the queue is made again", async () => {
    expect(await rig.queue(name, { KmsMasterKeyId: keyId, KmsDataKeyReusePeriodSeconds: "300" })).toBe(QueueUrl);
    const Attributes = { KmsMasterKeyId: "alias/other" };
    expect(await rig.error("CreateQueue", { QueueName: name, Attributes })).toContain("QueueNameExists: ");
  });
});
