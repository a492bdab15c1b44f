import { afterAll, beforeAll, expect, test } from "vitest";
import { firstAccount } from "../../../src/auth/principal.ts";
import { deleteEntity, makeEntity } from "../../support/entities.ts";
import { SqsRig } from "./support/sqs.ts";

const FIRST = "AIDAFIRSTANNOFALL";
const SECOND = "AIDASECONDANNAFTER";
const ann = `arn:aws:iam::${firstAccount.accountId}:user/ann`;

let rig: SqsRig;
beforeAll(async () => {
  rig = await SqsRig.open();
});
afterAll(() => rig.dispose());

const annAs = (uniqueId: string) => rig.caller({ kind: "user", ...firstAccount, arn: ann, name: "ann", uniqueId }, []);
const policyFor = (AWS: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Sid: "ann", Effect: "Allow", Principal: { AWS }, Action: "sqs:SendMessage", Resource: "*" }],
  });
const policyOf = async (QueueUrl: string) =>
  (await rig.ok("GetQueueAttributes", { QueueUrl, AttributeNames: ["Policy"] })).Attributes.Policy;

test.each(["CreateQueue", "SetQueueAttributes"])(
  "a policy of %s means the user who has the name then",
  async (operation) => {
    await deleteEntity(rig.store, SECOND);
    await makeEntity(rig.store, { kind: "user", name: "ann", id: FIRST });
    const Attributes = { Policy: policyFor(ann) };
    const isMade = operation === "CreateQueue";
    const create = { QueueName: operation, ...(isMade && { Attributes }) };
    const { QueueUrl } = await rig.ok("CreateQueue", create);
    if (isMade) expect(await rig.ok("CreateQueue", create)).toEqual({ QueueUrl });
    else await rig.ok("SetQueueAttributes", { QueueUrl, Attributes });
    const send = async (uniqueId: string) =>
      (await rig.call(annAs(uniqueId), "SendMessage", { QueueUrl, MessageBody: "a" })).status;
    expect(await send(FIRST)).toBe(200);
    expect(await policyOf(QueueUrl)).toBe(policyFor(ann));
    await makeEntity(rig.store, { kind: "user", name: "ann", id: SECOND });
    expect(await send(SECOND)).toBe(403);
    expect(await policyOf(QueueUrl)).toBe(policyFor(FIRST));
    // What is added to it leaves the rest as it is.
    await rig.ok("AddPermission", {
      QueueUrl,
      Label: "b",
      AWSAccountIds: [firstAccount.accountId],
      Actions: ["PurgeQueue"],
    });
    expect(await send(SECOND)).toBe(403);
    await rig.ok("SetQueueAttributes", { QueueUrl, Attributes });
    expect([await send(SECOND), await send(FIRST)]).toEqual([200, 403]);
  },
);
