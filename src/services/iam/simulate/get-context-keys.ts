import { contextKeysOf } from "../../../auth/policy/simulate.ts";
import { list, required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { anything, found } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { policiesOf } from "./principal-policies.ts";
import { inputPolicies, type Source } from "./run.ts";
import { sourceTarget } from "./source-target.ts";

export const getContextKeysForCustomPolicy = operation({
  fields: { PolicyInputList: list(required(fields.policyDocument), { min: 1, max: 100 }) },
  target: anything,
  run: async (_call, { PolicyInputList }) => namesIn(inputPolicies("PolicyInputList", PolicyInputList)),
});

export const getContextKeysForPrincipalPolicy = operation({
  fields: { PolicySourceArn: required(fields.arn), PolicyInputList: list(fields.policyDocument, { max: 100 }) },
  target: (call, { PolicySourceArn }) => sourceTarget(call, PolicySourceArn),
  async run(call, { PolicyInputList }, target) {
    const held = await policiesOf(call, found(target));
    return namesIn([...held, ...inputPolicies("PolicyInputList", PolicyInputList)]);
  },
});

function namesIn(sources: readonly Source[]) {
  return { ContextKeyNames: [...new Set(sources.flatMap(({ policy }) => contextKeysOf(policy)))] };
}
