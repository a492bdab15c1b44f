import { required, text } from "../../../protocols/aws-json/fields.ts";
import { isQueueName } from "../../../queues/settings.ts";
import { accountOf, type SqsCall } from "../model/call.ts";
import { invalidParameter, noSuchQueue } from "../model/errors.ts";
import { pageFields, queueUrlField } from "../model/fields.ts";
import { cutPage, pageOf } from "../model/pages.ts";
import { queueUrl } from "../model/queue-url.ts";
import { accountOperation, queueOfUrl, queueOperation } from "../operation.ts";
import { fresh } from "./queue-attributes.ts";

export const getQueueUrl = queueOperation({
  fields: { QueueName: required(text()), QueueOwnerAWSAccountId: text() },
  acrossAccounts: true,
  name({ QueueName: name, QueueOwnerAWSAccountId: owner }, call) {
    const accountId = owner ?? accountOf(call);
    if (!isQueueName(name)) throw noSuchQueue();
    if (accountId === null || !/^\d{12}$/.test(accountId)) throw invalidParameter("Invalid account id.");
    return { accountId, name };
  },
  run: async (call) => ({ QueueUrl: queueUrl(call.origin, await fresh(call)) }),
});

export const listQueues = accountOperation({
  fields: { QueueNamePrefix: text(), ...pageFields },
  async run(call, input) {
    const prefix = input.QueueNamePrefix ?? "";
    const { after, limit } = pageOf(input);
    const found = await call.context.tables.queues.list(call.accountId, { prefix, after, limit });
    const { names, NextToken } = cutPage(found, input);
    return { QueueUrls: names.length === 0 ? undefined : urlsOf(call, call.accountId, names), NextToken };
  },
});

export const listDeadLetterSourceQueues = queueOperation({
  fields: { ...queueUrlField, ...pageFields },
  acrossAccounts: true,
  name: queueOfUrl,
  async run(call, input) {
    const { accountId, name: deadLetter } = call.queue;
    const found = await call.context.tables.queues.sourcesOf(accountId, { deadLetter, ...pageOf(input) });
    const { names, NextToken } = cutPage(found, input);
    return { queueUrls: urlsOf(call, accountId, names), NextToken };
  },
});

function urlsOf({ origin }: SqsCall, accountId: string, names: readonly string[]): string[] {
  return names.map((name) => queueUrl(origin, { accountId, name }));
}
