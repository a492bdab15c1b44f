import { count } from "../../../metadata/identities/accounts.ts";
import { insertPolicy } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { requireRoom } from "../account/counts.ts";
import { policyArn } from "../model/arns.ts";
import { checkManagedPolicy } from "../model/check-policy.ts";
import { policyDocument } from "../model/documents.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { newUniqueId } from "../model/ids.ts";
import { newTags } from "../model/tags.ts";
import { operation } from "../operation.ts";

export const createPolicy = operation({
  fields: {
    PolicyName: required(fields.policyName),
    PolicyDocument: required(fields.policyDocument),
    Path: fields.policyPath,
    Description: fields.policyDescription,
    Tags: fields.tags,
  },
  target: ({ account }, { PolicyName, Path = "/" }) => ({ arn: policyArn(account.id, Path, PolicyName) }),
  also: ({ Tags }) => (Tags.length > 0 ? ["iam:TagPolicy"] : []),
  async run(call, { PolicyName: name, PolicyDocument: document, Path = "/", Description, Tags }, { arn }) {
    const { account, identities, nowMs, random } = call;
    checkManagedPolicy(document);
    if (await identities.policies.findByName(account.id, name)) {
      throw entityAlreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
    }
    await requireRoom(call, "policies");
    const policy = {
      arn,
      id: newUniqueId("ANPA", random),
      accountId: account.id,
      name,
      path: Path,
      description: Description ?? null,
      createdMs: nowMs,
      updatedMs: nowMs,
      tags: newTags(Tags),
      document,
    };
    await call.change([
      ...insertPolicy(policy),
      count(account.id, "policies", 1),
      count(account.id, "policyVersions", 1),
    ]);
    return { Policy: policyDocument({ ...policy, defaultVersion: 1, lastVersion: 1, attachments: 0 }, 0) };
  },
});
