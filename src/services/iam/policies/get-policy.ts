import { required } from "../../../protocols/aws-query/fields.ts";
import { policyDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { foundPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { managedPolicyDocument } from "./managed-documents.ts";
import { usageOf } from "./usage.ts";

export const getPolicy = operation({
  fields: { PolicyArn: required(fields.arn) },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, _, target) {
    const usage = await usageOf(call, [target.arn]);
    if (target.managed) {
      return { Policy: managedPolicyDocument(target.managed, usage(target.arn)) };
    }
    const policy = foundPolicy(target);
    const { Description, Tags, ...rest } = policyDocument(policy, usage(policy.arn).boundaries);
    return { Policy: { ...rest, Description, Tags: Tags ?? [] } };
  },
});
