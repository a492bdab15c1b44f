// SQS and SNS by the SDK for JavaScript, sqs-consumer, and webhooks that sns-validator verifies. Prints a JSON line for each job.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

// The packages lie outside the project.
const require = createRequire(join(process.env.CLIENTS_PACKAGES, "package.json"));
const sqsApi = require("@aws-sdk/client-sqs");
const snsApi = require("@aws-sdk/client-sns");
const MessageValidator = require("sns-validator");
const { Consumer } = await import(require.resolve("sqs-consumer"));

const endpoint = process.env.CLIENTS_ENDPOINT;
const tlsEndpoint = process.env.CLIENTS_TLS_ENDPOINT;
const credentials = {
  accessKeyId: process.env.AWS_ACCESS_KEY_ID,
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
};
const region = process.env.AWS_DEFAULT_REGION;
const sqs = new sqsApi.SQS({ endpoint, credentials, region });
const sns = new snsApi.SNS({ endpoint, credentials, region });

const unique = (kind) => `${kind}-${randomUUID()}`;

async function queue(name, Attributes) {
  const { QueueUrl } = await sqs.createQueue({ QueueName: name, Attributes });
  const found = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn"] });
  return { QueueUrl, arn: found.Attributes.QueueArn };
}

/** Everything that comes until there are so many bodies. */
async function receive(QueueUrl, count) {
  const bodies = [];
  while (bodies.length < count) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 });
    assert.ok(Messages.length > 0, `${bodies.length} of ${count} messages came`);
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle }));
    assert.equal((await sqs.deleteMessageBatch({ QueueUrl, Entries })).Successful.length, Entries.length);
    bodies.push(...Messages.map(({ Body }) => Body));
  }
  return bodies;
}

async function queues() {
  const name = unique("js");
  const { QueueUrl } = await queue(name, { VisibilityTimeout: "60" });
  assert.equal((await sqs.getQueueUrl({ QueueName: name })).QueueUrl, QueueUrl);
  const MessageAttributes = {
    Author: { DataType: "String", StringValue: "ann" },
    Picture: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) },
  };
  // The SDK checks the MD5s of what is sent and received by itself.
  await sqs.sendMessage({ QueueUrl, MessageBody: "größe", MessageAttributes });
  const one = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ["All"] });
  assert.equal(one.Messages[0].Body, "größe");
  assert.equal(one.Messages[0].MessageAttributes.Author.StringValue, "ann");
  assert.deepEqual([...one.Messages[0].MessageAttributes.Picture.BinaryValue], [0, 1, 255]);
  const ReceiptHandle = one.Messages[0].ReceiptHandle;
  await sqs.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 });
  assert.deepEqual(await receive(QueueUrl, 1), ["größe"]);
  const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: `${at}`, MessageBody: `m${at}` }));
  assert.equal((await sqs.sendMessageBatch({ QueueUrl, Entries })).Successful.length, 10);
  assert.equal(new Set(await receive(QueueUrl, 10)).size, 10);
  await assert.rejects(
    sqs.receiveMessage({ QueueUrl: `${QueueUrl}-none` }),
    (error) => error instanceof sqsApi.QueueDoesNotExist,
  );
  await sqs.deleteQueue({ QueueUrl });
}

async function fifo() {
  const attributes = { FifoQueue: "true", ContentBasedDeduplication: "true" };
  const { QueueUrl } = await queue(`${unique("js")}.fifo`, attributes);
  for (const MessageBody of ["a", "b", "a", "c"]) await sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId: "g" });
  assert.deepEqual(await receive(QueueUrl, 3), ["a", "b", "c"]);
}

async function subscribedQueue(TopicArn) {
  const { QueueUrl, arn } = await queue(unique("js-sub"));
  const statement = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" };
  const Statement = [{ ...statement, Resource: arn, Condition: { ArnEquals: { "aws:SourceArn": TopicArn } } }];
  await sqs.setQueueAttributes({
    QueueUrl,
    Attributes: { Policy: JSON.stringify({ Version: "2012-10-17", Statement }) },
  });
  await sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint: arn, Attributes: { RawMessageDelivery: "true" } });
  return QueueUrl;
}

async function topics() {
  const { TopicArn } = await sns.createTopic({ Name: unique("js") });
  const QueueUrl = await subscribedQueue(TopicArn);
  await sns.publish({ TopicArn, Message: "one" });
  const PublishBatchRequestEntries = ["two", "three"].map((Message) => ({ Id: Message, Message }));
  assert.equal((await sns.publishBatch({ TopicArn, PublishBatchRequestEntries })).Successful.length, 2);
  assert.deepEqual((await receive(QueueUrl, 3)).sort(), ["one", "three", "two"]);
  const listed = [];
  for await (const page of snsApi.paginateListSubscriptionsByTopic({ client: sns }, { TopicArn })) {
    listed.push(...page.Subscriptions);
  }
  assert.equal(listed.length, 1);
  const wrong = sns.publish({ TopicArn: `${TopicArn}x`, Message: "m" });
  await assert.rejects(wrong, (error) => error instanceof snsApi.NotFoundException);
  await sns.deleteTopic({ TopicArn });
}

/** sqs-consumer handles 50 messages in batches; one handler fails once, and its message comes again. */
async function consumer() {
  const { QueueUrl } = await queue(unique("js-consumer"), { VisibilityTimeout: "5" });
  for (let ten = 0; ten < 5; ten++) {
    const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: `${at}`, MessageBody: `${10 * ten + at}` }));
    await sqs.sendMessageBatch({ QueueUrl, Entries });
  }
  const handled = new Set();
  let failures = 0;
  const done = Promise.withResolvers();
  const one = Consumer.create({
    ...{ queueUrl: QueueUrl, sqs, batchSize: 10, waitTimeSeconds: 2, terminateVisibilityTimeout: true },
    handleMessage: async (message) => {
      if (message.Body === "13" && failures++ === 0) throw new Error("not today");
      handled.add(message.Body);
      if (handled.size === 50) done.resolve();
      return message;
    },
  });
  one.on("error", done.reject);
  one.on("processing_error", () => {});
  one.start();
  await done.promise;
  const stopped = new Promise((resolve) => one.once("stopped", resolve));
  one.stop();
  await stopped;
  assert.equal(failures, 2, "the message whose handler failed came again");
  // The last one is deleted after its handler is done.
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
  const left = async () => Object.values((await sqs.getQueueAttributes({ QueueUrl, AttributeNames })).Attributes);
  for (let look = 0; look < 20 && `${await left()}` !== "0,0"; look++) await setTimeout(500);
  assert.deepEqual(await left(), ["0", "0"]);
}

/** A receiver as its guide has it: nothing is believed that sns-validator does not find signed by the server's own host. */
async function validator() {
  if (tlsEndpoint === undefined) return "no openssl, and so no TLS";
  const { host } = new URL(tlsEndpoint);
  // sns-validator compares host and port.
  const hosts = new RegExp(`^${host.replaceAll(".", "\\.")}$`);
  const validate = (checker, message) =>
    new Promise((resolve, reject) => {
      checker.validate(message, (error, valid) => (error ? reject(error) : resolve(valid)));
    });
  const waiting = [];
  const bodies = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.end();
    const body = Buffer.concat(chunks).toString();
    const take = waiting.shift();
    if (take) take(body);
    else bodies.push(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const next = () => (bodies.length > 0 ? bodies.shift() : new Promise((resolve) => waiting.push(resolve)));
  // Subscribed through the proxy that speaks TLS, which says so in a header.
  const proxied = new snsApi.SNS({ endpoint: tlsEndpoint, credentials, region });
  proxied.middlewareStack.add(
    (go) => (args) => {
      args.request.headers["x-forwarded-proto"] = "https";
      return go(args);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  try {
    for (const version of ["1", "2"]) {
      const { TopicArn } = await sns.createTopic({
        Name: unique("js-hook"),
        Attributes: { SignatureVersion: version },
      });
      const Endpoint = `http://127.0.0.1:${server.address().port}/hook`;
      await proxied.subscribe({ TopicArn, Protocol: "http", Endpoint });
      const confirmation = await validate(new MessageValidator(hosts), JSON.parse(await next()));
      assert.equal(confirmation.Type, "SubscriptionConfirmation");
      assert.equal((await fetch(confirmation.SubscribeURL)).status, 200);
      await sns.publish({ TopicArn, Message: "größe", Subject: "Subject" });
      const text = await next();
      const message = await validate(new MessageValidator(hosts), JSON.parse(text));
      assert.deepEqual([message.Message, message.SignatureVersion], ["größe", version]);
      const forged = { ...JSON.parse(text), Message: "gröse" };
      await assert.rejects(validate(new MessageValidator(hosts), forged), /signature is invalid/);
      // Without our host it believes AWS's hosts only.
      await assert.rejects(
        validate(new MessageValidator(), JSON.parse(text)),
        /certificate is located on an invalid domain/,
      );
      await sns.deleteTopic({ TopicArn });
    }
  } finally {
    server.close();
  }
  return undefined;
}

for (const [job, run] of Object.entries({
  queues,
  fifo,
  topics,
  "sqs-consumer": consumer,
  "sns-validator": validator,
})) {
  const startedAt = performance.now();
  const result = await run().then(
    (note) => ({ status: "ok", ...(note === undefined ? {} : { note }) }),
    (error) => ({ status: "failed", output: error.stack }),
  );
  process.stdout.write(`${JSON.stringify({ job, ms: Math.round(performance.now() - startedAt), ...result })}\n`);
}
process.exit(0);
