import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstAccount, rootOf } from "../../../../src/auth/principal.ts";
import { deliver, type EventContext } from "../../../../src/events/deliver.ts";
import { openTargets } from "../../../../src/events/targets.ts";
import { Arrivals } from "../../../../src/queues/arrivals.ts";
import type { ServiceUse } from "../../../../src/sealing/data-keys.ts";
import { toS3Error } from "../../../../src/services/s3/errors/render-error.ts";
import { otherAccount, root, s3As, user } from "../../../support/s3-as.ts";
import { KmsRig } from "../../kms/support/kms.ts";
import { SqsRig } from "../../sqs/support/sqs.ts";

// From PutBucketNotificationConfiguration to ReceiveMessage, on one database.

let rig: SqsRig;
let events: EventContext;
let ask: ReturnType<typeof s3As>;
let url: string;
let isKmsOut = false;
const NO_ANSWER = { ok: false, failure: { kind: "unavailable", reason: "no answer" } } as const;
const ARN = "arn:aws:sqs:us-east-1:100000000001:news";

beforeAll(async () => {
  rig = await SqsRig.open();
  const { store } = rig.store;
  const { clock, sealer } = rig;
  const inside = { sealer, random: store.random, clock };
  const keyring = rig.dataKeyring();
  const keysOfService = (use: ServiceUse) => {
    const keys = keyring.forService(use);
    return isKmsOut ? { guard: keys.guard, generate: async () => NO_ANSWER } : keys;
  };
  const queues = { ...inside, bare: store.metadata.queues, arrivals: new Arrivals(clock), keysOfService };
  const topics = { ...inside, topics: store.metadata.topics.topics };
  events = {
    databases: [store.metadata],
    topics: null,
    targets: openTargets({ queues, topics }, { JOBS: binding }, new Map()),
    clock,
    settings: { retrySeconds: 60, deadLetterArn: null, busArn: null },
    tell: () => {},
  };
  ask = s3As(store, root, events);
  await ask({ method: "PUT", path: "/box" });
  url = (await rig.call(rig.root(), "CreateQueue", { QueueName: "news" })).result.QueueUrl;
  await rig.call(rig.root(), "CreateQueue", { QueueName: "ordered.fifo", Attributes: { FifoQueue: "true" } });
});
afterAll(() => rig.dispose());

const sent: unknown[] = [];
const binding = {
  sendBatch: async (messages: Iterable<unknown>) => {
    sent.push(...messages);
  },
};

function document(arn: string): string {
  const rule = `<QueueConfiguration><Id>r</Id><Queue>${arn}</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration>`;
  return `<NotificationConfiguration>${rule}</NotificationConfiguration>`;
}

function configure(arn: string, headers = {}) {
  return ask({ method: "PUT", path: "/box?notification", body: document(arn), headers });
}

async function letIn(...statements: object[]) {
  const policy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
  const Attributes = { Policy: statements.length === 0 ? "" : policy };
  await rig.call(rig.root(), "SetQueueAttributes", { QueueUrl: url, Attributes });
}

async function received(): Promise<string[]> {
  await deliver(events, () => false);
  const { result } = await rig.call(rig.root(), "ReceiveMessage", { QueueUrl: url, MaxNumberOfMessages: 10 });
  return (result.Messages ?? []).map(({ Body }: { Body: string }) => {
    const { Event, Records } = JSON.parse(Body);
    return Event ?? `${Records[0].eventName} ${Records[0].s3.object.key}`;
  });
}

const s3 = { Effect: "Allow", Principal: { Service: "s3.amazonaws.com" }, Action: "sqs:SendMessage", Resource: ARN };

describe("events for a queue", () => {
  it.each([
    ["is not there", "arn:aws:sqs:us-east-1:100000000001:other"],
    ["is in another region by its name", "arn:aws:sqs:eu-west-1:100000000001:news"],
    ["is a FIFO queue", "arn:aws:sqs:us-east-1:100000000001:ordered.fifo"],
    ["has no policy", ARN],
    ["is no binding", "arn:cloudflare:queues:::NONE"],
  ])("are refused where it %s", async (_, arn) => {
    const { status, code } = await configure(arn);
    expect([status, code]).toEqual([400, "InvalidArgument"]);
    expect((await ask({ path: "/box?notification" })).text).not.toContain("<QueueConfiguration>");
  });

  it.each([
    ["another bucket", { ...s3, Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:s3:::other" } } }],
    ["another account", { ...s3, Condition: { StringEquals: { "aws:SourceAccount": "222222222222" } } }],
    ["another service", { ...s3, Principal: { Service: "sns.amazonaws.com" } }],
    ["another action", { ...s3, Action: "sqs:ReceiveMessage" }],
  ])("are refused where its policy lets in %s", async (_, statement) => {
    await letIn(statement);
    expect((await configure(ARN)).code).toBe("InvalidArgument");
  });

  it("arrive, after a test message", async () => {
    const Condition = { ArnEquals: { "aws:SourceArn": "arn:aws:s3:::box" } };
    await letIn({ ...s3, Condition });
    expect((await configure(ARN)).status).toBe(200);
    expect(await received()).toEqual(["s3:TestEvent"]);
    await ask({ method: "PUT", path: "/box/a%20b", body: "x" });
    expect(await received()).toEqual(["ObjectCreated:Put a+b"]);
  });

  it("wait as long as the queue lets nobody in, and then arrive", async () => {
    await letIn();
    await ask({ method: "PUT", path: "/box/later", body: "x" });
    expect(await received()).toEqual([]);
    await letIn(s3);
    await rig.clock.advance(10_000);
    expect(await received()).toEqual(["ObjectCreated:Put later"]);
  });

  it("reach one with a key of the KMS where the key lets S3 in, and wait otherwise", async () => {
    const kms = await KmsRig.open({ beside: { test: rig.store, clock: rig.clock } });
    const KeyId = await kms.key();
    await letIn(s3);
    await rig.ok("SetQueueAttributes", { QueueUrl: url, Attributes: { KmsMasterKeyId: KeyId } });
    expect((await configure(ARN)).code).toBe("InvalidArgument");
    const admin = { Effect: "Allow", Principal: { AWS: "100000000001" }, Action: "kms:*", Resource: "*" };
    const Action = ["kms:GenerateDataKey", "kms:Decrypt"];
    const open = { ...s3, Action, Resource: "*", Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:s3:::box" } } };
    const change = (...Statement: object[]) =>
      kms.ok("PutKeyPolicy", { KeyId, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) });
    await change(admin, open);
    expect((await configure(ARN)).status).toBe(200);
    isKmsOut = true;
    const thrown = await configure(ARN).catch((error: unknown) => error);
    expect(toS3Error(thrown)).toMatchObject({ status: 503, code: "ServiceUnavailable" });
    isKmsOut = false;
    await change(admin);
    await ask({ method: "PUT", path: "/box/sealed", body: "x" });
    expect(await received()).toEqual(["s3:TestEvent"]);
    await change(admin, open);
    await rig.clock.advance(10_000);
    expect(await received()).toEqual(["ObjectCreated:Put sealed"]);
    await rig.ok("SetQueueAttributes", { QueueUrl: url, Attributes: { KmsMasterKeyId: "" } });
  });

  it("may be asked for before it is there", async () => {
    const skip = { "x-amz-skip-destination-validation": "true" };
    expect((await configure("arn:aws:sqs:us-east-1:100000000001:other", skip)).status).toBe(200);
  });
});

describe("events for a Cloudflare Queue", () => {
  it("arrive as objects", async () => {
    expect((await configure("arn:cloudflare:queues:::JOBS")).status).toBe(200);
    sent.length = 0;
    await ask({ method: "PUT", path: "/box/job", body: "x" });
    await deliver(events, () => false);
    expect(sent).toMatchObject([{ contentType: "json", body: { Records: [{ s3: { object: { key: "job" } } }] } }]);
  });
});

describe("a bucket of another account", () => {
  it("reaches no binding of the server", async () => {
    const foreign = s3As(rig.store.store, { principal: rootOf(otherAccount) }, events);
    await foreign({ method: "PUT", path: "/foreign" });
    const put = { method: "PUT", path: "/foreign?notification", body: document("arn:cloudflare:queues:::JOBS") };
    expect((await foreign(put)).code).toBe("InvalidArgument");
    await foreign({ ...put, headers: { "x-amz-skip-destination-validation": "true" } });
    sent.length = 0;
    await foreign({ method: "PUT", path: "/foreign/key", body: "x" });
    await deliver(events, () => false);
    expect(sent).toEqual([]);
  });
});

describe("those who may not", () => {
  it("neither read nor set the configuration", async () => {
    const stranger = s3As(rig.store.store, user(firstAccount), events);
    expect((await stranger({ path: "/box?notification" })).code).toBe("AccessDenied");
    const put = { method: "PUT", path: "/box?notification", body: document(ARN) };
    sent.length = 0;
    expect((await stranger(put)).code).toBe("AccessDenied");
    expect(sent).toEqual([]);
  });
});
