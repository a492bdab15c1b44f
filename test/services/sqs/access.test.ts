import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { type SqsOperationName, sqsOperationNames } from "../../../src/services/sqs/operation-name.ts";
import { otherAccount, SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const QueueUrl = `http://sqs.test/${firstAccount.accountId}/queue`;
const arn = (name: string) => `arn:aws:sqs:us-east-1:${firstAccount.accountId}:${name}`;

interface Sample {
  input: object;
  /** The resource that is asked for. */
  resource: string;
  /** Actions that are needed instead of its own name, or besides. */
  actions?: string[];
  /** Whether the queue's policy can allow it to another account. */
  acrossAccounts: boolean;
}

/** Filled in: they are made for each test. */
const HANDLE = "<handle>";
const TASK = "<task>";
const own = (input: object = {}): Sample => ({
  input: { QueueUrl, ...input },
  resource: arn("queue"),
  acrossAccounts: false,
});
const shared = (input: object = {}): Sample => ({ ...own(input), acrossAccounts: true });
const entry = { Id: "1", ReceiptHandle: HANDLE, VisibilityTimeout: 1 };

const samples: Record<SqsOperationName, Sample> = {
  AddPermission: own({ Label: "more", AWSAccountIds: [otherAccount.accountId], Actions: ["SendMessage"] }),
  CancelMessageMoveTask: { input: { TaskHandle: TASK }, resource: arn("dead"), acrossAccounts: false },
  ChangeMessageVisibility: shared({ ReceiptHandle: HANDLE, VisibilityTimeout: 1 }),
  ChangeMessageVisibilityBatch: { ...shared({ Entries: [entry] }), actions: ["sqs:ChangeMessageVisibility"] },
  CreateQueue: {
    ...{ input: { QueueName: "new", tags: { a: "b" } }, resource: arn("new"), acrossAccounts: false },
    actions: ["sqs:CreateQueue", "sqs:TagQueue"],
  },
  DeleteMessage: shared({ ReceiptHandle: HANDLE }),
  DeleteMessageBatch: { ...shared({ Entries: [entry] }), actions: ["sqs:DeleteMessage"] },
  DeleteQueue: own(),
  GetQueueAttributes: shared({ AttributeNames: ["All"] }),
  GetQueueUrl: {
    ...{ input: { QueueName: "queue", QueueOwnerAWSAccountId: firstAccount.accountId }, resource: arn("queue") },
    acrossAccounts: true,
  },
  ListDeadLetterSourceQueues: shared(),
  ListMessageMoveTasks: { input: { SourceArn: arn("dead") }, resource: arn("dead"), acrossAccounts: false },
  ListQueueTags: own(),
  ListQueues: { input: {}, resource: arn(""), acrossAccounts: false },
  PurgeQueue: shared(),
  ReceiveMessage: shared(),
  RemovePermission: own({ Label: "everyone" }),
  SendMessage: shared({ MessageBody: "a" }),
  SendMessageBatch: { ...shared({ Entries: [{ Id: "1", MessageBody: "a" }] }), actions: ["sqs:SendMessage"] },
  SetQueueAttributes: own({ Attributes: { DelaySeconds: "1" } }),
  StartMessageMoveTask: {
    ...{ input: { SourceArn: arn("dead"), DestinationArn: arn("queue") }, resource: arn("*"), acrossAccounts: false },
    actions: ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage"],
  },
  TagQueue: own({ Tags: { a: "b" } }),
  UntagQueue: own({ TagKeys: ["a"] }),
};

const actionsOf = (name: SqsOperationName) => samples[name].actions ?? [`sqs:${name}`];
const allow = (Action: readonly string[], Resource: string) => ({ Effect: "Allow", Action, Resource });
/** Reads that the caller has nothing to change by. */
const reading = /^(Get|List)/;

/** A policy for everybody, which says nothing of who may. */
const policy = (Principal: unknown, Action = "sqs:*", Resource = arn("queue"), Effect = "Allow") =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Sid: "everyone", Effect, Principal, Action, Resource }] });

let handle = "";
let task = "";

/** The queues anew: a queue with a message in flight, and a dead letter queue with a task. */
async function reset(policies: Record<string, string> = {}): Promise<void> {
  const { d1 } = rig.store;
  const tables = ["queues", "deleted_queues", "messages", "message_moves"];
  await d1.batch(tables.map((table) => d1.prepare(`DELETE FROM ${table}`).bind()));
  rig.service = rig.isolate();
  await rig.queue("dead", policies.dead ? { Policy: policies.dead } : {});
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn("dead"), maxReceiveCount: 5 });
  await rig.queue("queue", { RedrivePolicy, ...(policies.queue && { Policy: policies.queue }) });
  await rig.ok("SendMessage", { QueueUrl, MessageBody: "in flight" });
  handle = (await rig.ok("ReceiveMessage", { QueueUrl, VisibilityTimeout: 100 })).Messages[0].ReceiptHandle;
  await rig.ok("SendMessage", { QueueUrl, MessageBody: "waiting" });
}

async function startTask(): Promise<void> {
  const dead = `http://sqs.test/${firstAccount.accountId}/dead`;
  for (const MessageBody of ["a", "b", "c"]) await rig.ok("SendMessage", { QueueUrl: dead, MessageBody });
  task = (
    await rig.ok("StartMessageMoveTask", {
      SourceArn: arn("dead"),
      DestinationArn: arn("queue"),
      MaxNumberOfMessagesPerSecond: 1,
    })
  ).TaskHandle;
}

function inputOf(name: SqsOperationName): object {
  return JSON.parse(JSON.stringify(samples[name].input).replaceAll(HANDLE, handle).replaceAll(TASK, task));
}

async function contents(): Promise<unknown> {
  const { d1 } = rig.store;
  const tables = ["queues", "deleted_queues", "messages", "message_moves"];
  const results = await d1.batch(tables.map((table) => d1.prepare(`SELECT * FROM ${table}`).bind()));
  return results.map(({ results: rows }) => rows);
}

describe.each(sqsOperationNames)("%s", (name) => {
  const sample = samples[name];
  beforeEach(async () => {
    await reset();
    if (name === "CancelMessageMoveTask") await startTask();
    else if (name === "StartMessageMoveTask") {
      await rig.ok("SendMessage", { QueueUrl: `http://sqs.test/${firstAccount.accountId}/dead`, MessageBody: "a" });
    }
  });

  async function refused(caller: ReturnType<SqsRig["root"]>): Promise<void> {
    const before = await contents();
    const { status, type } = await rig.call(caller, name, inputOf(name));
    // Nobody can be allowed what needs an account of one's own: that is told before the queue is looked at.
    const isUnsigned = caller.principal.kind === "anonymous" && !sample.acrossAccounts;
    expect([status, type]).toEqual(
      isUnsigned ? [400, "MissingAuthenticationTokenException"] : [403, "AccessDeniedException"],
    );
    expect(await contents()).toEqual(before);
  }

  it("is allowed with its permission alone, and changes something if it is no read", { tags: ["slow"] }, async () => {
    if (name === "RemovePermission") await reset({ queue: policy({ AWS: otherAccount.accountId }) });
    const before = await contents();
    const user = rig.userWith([allow(actionsOf(name), sample.resource)]);
    expect(await rig.call(user, name, inputOf(name))).toMatchObject({ status: 200 });
    if (!reading.test(name)) expect(await contents()).not.toEqual(before);
  });

  it("is refused without it, and nothing is changed", async () => {
    await refused(rig.userWith([]));
    await refused(rig.userWith([allow(actionsOf(name), arn("another"))]));
    for (const missing of actionsOf(name)) {
      const others = [
        "s3:*",
        "iam:*",
        ...sqsOperationNames.map((one) => `sqs:${one}`).filter((one) => one !== missing),
      ];
      await refused(rig.userWith([allow(others, "*")]));
    }
    await refused(rig.userWith([allow(["*"], "*"), { Effect: "Deny", Action: actionsOf(name), Resource: "*" }]));
  });

  it("is refused to another account and to anybody, whatever they have themselves", async () => {
    if (name === "ListQueues" || name === "CreateQueue") return;
    await refused(rig.root(otherAccount));
    await refused(rig.userWith([allow(["*"], "*")], otherAccount));
    await refused(rig.anonymous());
  });

  it("is what the queue's policy makes of it for others", async () => {
    if (name === "ListQueues" || name === "CreateQueue") return;
    await reset({ queue: policy("*"), dead: policy("*", "sqs:*", arn("dead")) });
    if (name === "CancelMessageMoveTask") await startTask();
    const user = rig.userWith([allow(["*"], "*")], otherAccount);
    if (!sample.acrossAccounts) {
      await refused(rig.root(otherAccount));
      await refused(user);
      await refused(rig.anonymous());
      return;
    }
    await reset({ queue: policy("*") });
    expect(await rig.call(rig.anonymous(), name, inputOf(name))).toMatchObject({ status: 200 });
    await reset({ queue: policy({ AWS: otherAccount.accountId }) });
    expect(await rig.call(user, name, inputOf(name))).toMatchObject({ status: 200 });
    await reset({ queue: policy({ AWS: otherAccount.accountId }) });
    await refused(rig.userWith([], otherAccount));
    await refused(rig.anonymous());
  });

  it("is refused by a Deny of the queue's policy, to its own root too", async () => {
    if (name === "ListQueues" || name === "CreateQueue") return;
    const deny = policy("*", "sqs:*", arn("*"), "Deny");
    const { d1 } = rig.store;
    const sql = "UPDATE queues SET attributes = json_set(attributes, '$.Policy', ?1), revision = revision || 'x'";
    await d1.batch([d1.prepare(sql).bind(deny)]);
    rig.service = rig.isolate();
    await refused(rig.root());
  });
});

it("an operation with the permission of a queue's owner cannot reach another account's queue of the same name", async () => {
  await reset();
  const answered = await rig.call(rig.root(otherAccount), "GetQueueUrl", { QueueName: "queue" });
  expect(answered.type).toBe("QueueDoesNotExist");
  const url = `http://sqs.test/${otherAccount.accountId}/queue`;
  await rig.call(rig.root(otherAccount), "CreateQueue", { QueueName: "queue" });
  expect(await rig.call(rig.root(otherAccount), "ReceiveMessage", { QueueUrl: url })).toMatchObject({
    status: 200,
    result: {},
  });
  const foreign = await rig.call(rig.root(otherAccount), "DeleteMessage", { QueueUrl: url, ReceiptHandle: handle });
  expect(foreign.type).toBe("ReceiptHandleIsInvalid");
});

it("AddPermission and RemovePermission write the policy as AWS does", async () => {
  await reset();
  const add = (Label: string, more: object = {}) =>
    rig.call(rig.root(), "AddPermission", {
      QueueUrl,
      Label,
      AWSAccountIds: [otherAccount.accountId],
      Actions: ["ReceiveMessage"],
      ...more,
    });
  const current = async () =>
    (await rig.ok("GetQueueAttributes", { QueueUrl, AttributeNames: ["Policy"] })).Attributes?.Policy;
  await add("one");
  expect(JSON.parse(await current())).toEqual({
    Version: "2008-10-17",
    Id: `${arn("queue")}/SQSDefaultPolicy`,
    Statement: [
      {
        Sid: "one",
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${otherAccount.accountId}:root` },
        Action: "SQS:ReceiveMessage",
        Resource: arn("queue"),
      },
    ],
  });
  expect((await rig.call(rig.root(otherAccount), "ReceiveMessage", { QueueUrl })).status).toBe(200);
  expect((await add("one")).result.message).toBe("Value one for parameter Label is invalid. Reason: Already exists.");
  expect((await add("two", { Actions: ["CreateQueue"] })).type).toBe("InvalidParameterValueException");
  expect((await add("two", { AWSAccountIds: ["1"] })).type).toBe("InvalidParameterValueException");
  await rig.ok("RemovePermission", { QueueUrl, Label: "one" });
  expect(await current()).toBe(undefined);
  expect((await rig.call(rig.root(otherAccount), "ReceiveMessage", { QueueUrl })).status).toBe(403);
  const missing = await rig.error("RemovePermission", { QueueUrl, Label: "one" });
  expect(missing).toBe(
    "InvalidParameterValueException: Value one for parameter Label is invalid. Reason: can't find label.",
  );
});
