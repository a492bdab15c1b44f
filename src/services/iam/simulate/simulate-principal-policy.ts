import { list, notBuilt, required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { found } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { entityPrincipal } from "./principal.ts";
import { boundaryOf, policiesOf } from "./principal-policies.ts";
import { checkInput, inputPolicies, resourceOwnerId, simulateAll, simulationFields } from "./run.ts";
import { sourceTarget } from "./source-target.ts";

export const simulatePrincipalPolicy = operation({
  fields: {
    PolicySourceArn: required(fields.arn),
    PolicyInputList: list(fields.policyDocument, { max: 100 }),
    PolicyExclusionList: notBuilt(),
    ...simulationFields,
  },
  target: (call, { PolicySourceArn }) => sourceTarget(call, PolicySourceArn),
  async run(call, input, target) {
    const entity = found(target);
    const { PolicyInputList, PermissionsBoundaryPolicyInputList, ResourcePolicy, ResourceOwner } = input;
    const given = inputPolicies("PermissionsBoundaryPolicyInputList", PermissionsBoundaryPolicyInputList)[0];
    const resource = { kind: "resource", arn: input.ResourceArns[0] ?? "*" } as const;
    return simulateAll(input, {
      principal: entityPrincipal(call.account, entity),
      identity: [...(await policiesOf(call, entity)), ...inputPolicies("PolicyInputList", PolicyInputList)],
      boundary: given ?? (await boundaryOf(call, entity)),
      resource:
        ResourcePolicy === undefined
          ? null
          : { id: "ResourcePolicy", type: "resource", policy: checkInput(ResourcePolicy, resource) },
      resourceAccountId: resourceOwnerId(ResourceOwner),
      nowMs: call.nowMs,
    });
  },
});
