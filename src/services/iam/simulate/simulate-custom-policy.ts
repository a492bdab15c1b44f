import { list, notBuilt, required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { anything } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { customPrincipal } from "./principal.ts";
import { checkInput, inputPolicies, resourceOwnerId, simulateAll, simulationFields } from "./run.ts";

export const simulateCustomPolicy = operation({
  fields: {
    PolicyInputList: list(required(fields.policyDocument), { min: 1, max: 100 }),
    OrderedOrganizationPolicyInputList: notBuilt(),
    ...simulationFields,
  },
  target: anything,
  async run({ account, nowMs }, input) {
    const { PolicyInputList, PermissionsBoundaryPolicyInputList, ResourcePolicy, CallerArn, ResourceOwner } = input;
    const principal = customPrincipal(account, CallerArn);
    const resource = { kind: "resource", arn: input.ResourceArns[0] ?? "*" } as const;
    return simulateAll(input, {
      principal,
      identity: inputPolicies("PolicyInputList", PolicyInputList),
      boundary: inputPolicies("PermissionsBoundaryPolicyInputList", PermissionsBoundaryPolicyInputList)[0] ?? null,
      resource:
        ResourcePolicy === undefined
          ? null
          : { id: "ResourcePolicy", type: "resource", policy: checkInput(ResourcePolicy, resource) },
      resourceAccountId: resourceOwnerId(ResourceOwner),
      nowMs,
    });
  },
});
