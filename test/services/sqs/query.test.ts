import { XMLParser } from "fast-xml-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SqsRig } from "./support/sqs.ts";

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false });

async function call(parameters: Record<string, string>, path = "/") {
  const body = new TextEncoder().encode(new URLSearchParams({ Version: "2012-11-05", ...parameters }).toString());
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const request = new Request(`http://sqs.test${path}`, { method: "POST", headers, body });
  const { status, text, headers: sent } = await rig.send(rig.root(), request, { body });
  const { "?xml": _, ...document } = parser.parse(text);
  return { status, document, sent, text };
}

describe("the query protocol", () => {
  it("does what JSON does, with flattened lists", async () => {
    const made = await call({
      Action: "CreateQueue",
      QueueName: "forms",
      "Attribute.1.Name": "DelaySeconds",
      "Attribute.1.Value": "0",
      "Tag.1.Key": "a",
      "Tag.1.Value": "b",
    });
    expect(made.document.CreateQueueResponse.CreateQueueResult).toEqual({
      QueueUrl: "http://sqs.test/100000000001/forms",
    });
    expect(made.text).toContain('xmlns="http://queue.amazonaws.com/doc/2012-11-05/"');
    const message = {
      "MessageAttribute.1.Name": "n",
      "MessageAttribute.1.Value.DataType": "Number",
      "MessageAttribute.1.Value.StringValue": "1",
    };
    const sent = await call(
      { Action: "SendMessage", MessageBody: "a <b>\r\n\u{1f600}", ...message },
      "/100000000001/forms",
    );
    expect(sent.document.SendMessageResponse.SendMessageResult).toMatchObject({
      MessageId: expect.any(String),
      MD5OfMessageAttributes: expect.any(String),
    });
    const received = await call(
      {
        Action: "ReceiveMessage",
        "AttributeName.1": "ApproximateReceiveCount",
        "AttributeName.2": "SenderId",
        "MessageAttributeName.1": "All",
      },
      "/100000000001/forms",
    );
    const { Message } = received.document.ReceiveMessageResponse.ReceiveMessageResult;
    expect(Message).toMatchObject({
      Body: "a <b>&#xd;\n\u{1f600}",
      Attribute: [{ Name: "SenderId" }, { Name: "ApproximateReceiveCount", Value: "1" }],
      MessageAttribute: { Name: "n", Value: { StringValue: "1", DataType: "Number" } },
    });
    const deleted = await call({
      Action: "DeleteMessageBatch",
      QueueUrl: "http://x/100000000001/forms",
      "DeleteMessageBatchRequestEntry.1.Id": "1",
      "DeleteMessageBatchRequestEntry.1.ReceiptHandle": Message.ReceiptHandle,
      "DeleteMessageBatchRequestEntry.2.Id": "2",
      "DeleteMessageBatchRequestEntry.2.ReceiptHandle": "x",
    });
    expect(deleted.document.DeleteMessageBatchResponse.DeleteMessageBatchResult).toMatchObject({
      DeleteMessageBatchResultEntry: { Id: "1" },
      BatchResultErrorEntry: { Id: "2", Code: "ReceiptHandleIsInvalid", SenderFault: "true" },
    });
    const tags = await call({ Action: "ListQueueTags" }, "/100000000001/forms");
    expect(tags.document.ListQueueTagsResponse.ListQueueTagsResult).toEqual({ Tag: { Key: "a", Value: "b" } });
    const purged = await call({ Action: "PurgeQueue" }, "/100000000001/forms");
    expect(purged.document).toEqual({ PurgeQueueResponse: { ResponseMetadata: { RequestId: "0123456789ABCDEF" } } });
    const empty = await call({ Action: "ReceiveMessage" }, "/100000000001/forms");
    expect(empty.text).toContain("<ReceiveMessageResult/>");
  });

  it.each<[Record<string, string>, string, number, string]>([
    [{ Action: "GetQueueUrl", QueueName: "none" }, "/", 400, "AWS.SimpleQueueService.NonExistentQueue"],
    [{ Action: "SendMessage", MessageBody: "a" }, "/", 400, "MissingParameter"],
    [{ Action: "SendMessage", MessageBody: "a", DelaySeconds: "no" }, "/100000000001/forms", 400, "MalformedInput"],
    [{ Action: "ReceiveMessage", MaxNumberOfMessages: "11" }, "/100000000001/forms", 400, "InvalidParameterValue"],
    [{ Action: "SendMessageBatch" }, "/100000000001/forms", 400, "MissingParameter"],
    [{ Action: "Dance" }, "/", 400, "InvalidAction"],
  ])("answers %j at %s with %i %s", async (parameters, path, status, code) => {
    await rig.queue("forms");
    const { status: got, document } = await call(parameters, path);
    expect([got, document.ErrorResponse.Error.Code, document.ErrorResponse.Error.Type]).toEqual([
      status,
      code,
      "Sender",
    ]);
  });
});

describe("an unsigned request", () => {
  const claims = (request: Request, form = "") => rig.service.claims?.(request, new TextEncoder().encode(form));
  const post = (path: string) => new Request(`http://sqs.test${path}`, { method: "POST" });

  it("is for a queue if it says so and a policy could allow it", () => {
    const target = { "x-amz-target": "AmazonSQS.SendMessage" };
    expect(claims(new Request("http://sqs.test/", { method: "POST", headers: target }))).toBe(true);
    expect(claims(post("/100000000001/forms"), "Action=SendMessage&MessageBody=a")).toBe(true);
    expect(claims(post("/"), "Action=ReceiveMessage&QueueUrl=x")).toBe(true);
    expect(claims(new Request("http://sqs.test/100000000001/forms?Action=ReceiveMessage"))).toBe(true);
  });

  it("is not otherwise", () => {
    expect(claims(post("/100000000001/forms"), "Action=DeleteQueue")).toBe(false);
    expect(claims(post("/bucket/forms"), "Action=SendMessage")).toBe(false);
    expect(claims(new Request("http://sqs.test/100000000001/forms"))).toBe(false);
    const other = { "x-amz-target": "TrentService.Encrypt" };
    expect(claims(new Request("http://sqs.test/", { method: "POST", headers: other }))).toBe(false);
  });
});
