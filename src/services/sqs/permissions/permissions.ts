import { required, text } from "../../../protocols/aws-json/fields.ts";
import { newRevision } from "../../../queues/ids.ts";
import type { QueueCall } from "../model/call.ts";
import { invalidParameter, invalidValue, missingParameter, sqsError } from "../model/errors.ts";
import { namesField, queueUrlField } from "../model/fields.ts";
import { checkQueuePolicy, PERMISSION_ACTIONS_MAX } from "../model/policies.ts";
import { queueOfUrl, queueOperation } from "../operation.ts";

/** What AddPermission can give: "AddPermission" in the SQS API Reference. */
const ACTIONS = [
  "*",
  ...["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl"],
  ...["ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage"],
];

interface Document {
  Version: string;
  Id?: string;
  Statement: { Sid?: string }[];
}

/** Adds a statement to the queue's policy. */
export const addPermission = queueOperation({
  fields: {
    ...queueUrlField,
    Label: required(text()),
    AWSAccountIds: required(namesField),
    Actions: required(namesField),
  },
  acrossAccounts: false,
  name: queueOfUrl,
  check({ Label, AWSAccountIds, Actions }) {
    if (!/^[\w-]{1,80}$/.test(Label))
      throw invalidValue(Label, "Label", "It must have 1 to 80 letters, digits, hyphens and underscores.");
    if (AWSAccountIds.length === 0) throw missingParameter("AWSAccountIds");
    if (Actions.length === 0) throw missingParameter("Actions");
    if (Actions.length > PERMISSION_ACTIONS_MAX) {
      throw sqsError(
        "OverLimit",
        `${Actions.length} Actions were found, maximum allowed is ${PERMISSION_ACTIONS_MAX}.`,
      );
    }
    const account = AWSAccountIds.find((id) => !/^\d{12}$/.test(id));
    if (account !== undefined) throw invalidValue(account, "PrincipalId", "Unable to verify.");
    const action = Actions.find((name) => !ACTIONS.includes(name));
    if (action !== undefined) throw invalidValue(action, "ActionName", `Must be one of ${ACTIONS.join(", ")}.`);
  },
  async run(call, { Label, AWSAccountIds, Actions }) {
    const document = documentOf(call);
    if (document.Statement.some(({ Sid }) => Sid === Label)) throw invalidValue(Label, "Label", "Already exists.");
    const statement = {
      Sid: Label,
      Effect: "Allow",
      Principal: { AWS: oneOrAll(AWSAccountIds.map((id) => `arn:aws:iam::${id}:root`)) },
      Action: oneOrAll(Actions.map((name) => `SQS:${name}`)),
      Resource: call.queue.arn,
    };
    return setPolicy(call, JSON.stringify({ ...document, Statement: [...document.Statement, statement] }));
  },
});

/** Takes a statement out of the queue's policy, whoever put it there. */
export const removePermission = queueOperation({
  fields: { ...queueUrlField, Label: required(text()) },
  acrossAccounts: false,
  name: queueOfUrl,
  async run(call, { Label }) {
    const document = documentOf(call);
    const kept = document.Statement.filter(({ Sid }) => Sid !== Label);
    if (kept.length === document.Statement.length) throw invalidValue(Label, "Label", "can't find label.");
    return setPolicy(call, kept.length === 0 ? null : JSON.stringify({ ...document, Statement: kept }));
  },
});

function oneOrAll(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] as string) : values;
}

/** The queue's policy, or the one that AWS begins with. */
function documentOf({ queue }: QueueCall): Document {
  const policy = queue.attributes.Policy;
  if (policy === undefined) return { Version: "2008-10-17", Id: `${queue.arn}/SQSDefaultPolicy`, Statement: [] };
  const document = JSON.parse(policy) as Omit<Document, "Statement"> & {
    Statement: Document["Statement"] | Document["Statement"][0];
  };
  return { ...document, Statement: [document.Statement].flat() };
}

async function setPolicy({ context, memory, queue, nowMs }: QueueCall, policy: string | null): Promise<null> {
  const { Policy: _, ...others } = queue.attributes;
  if (policy !== null) checkQueuePolicy(policy, queue.arn);
  const attributes = policy === null ? others : { ...others, Policy: policy };
  const deadLetter = deadLetterOf(attributes.RedrivePolicy);
  const revision = newRevision(context.random);
  await context.tables.queues.change(queue, { attributes, deadLetter, modifiedMs: nowMs, revision });
  memory.forget(queue);
  return null;
}

function deadLetterOf(redrive: string | undefined): string | null {
  if (redrive === undefined) return null;
  const name = (JSON.parse(redrive) as { deadLetterTargetArn: string }).deadLetterTargetArn.split(":").at(-1);
  if (name === undefined) throw invalidParameter("The queue has a redrive policy without a target.");
  return name;
}
