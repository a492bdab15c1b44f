import { bindPrincipals, showPrincipals } from "../../../auth/policy-principals.ts";
import { updateKey } from "../../../metadata/keyring/keys.ts";
import { flag, required } from "../../../protocols/aws-json/fields.ts";
import { notFound } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { checkKeyPolicy } from "../model/policy.ts";
import { keyOperation } from "../operation.ts";

/** The only name that a policy of a key can have. */
const NAME = "default";

export const getKeyPolicy = keyOperation({
  fields: { PolicyName: fields.policyName },
  async run(call, { PolicyName }, { key }) {
    requireDefault(PolicyName);
    const [Policy = key.policy] = await showPrincipals(call.entities, [key.policy]);
    return { Policy, PolicyName: NAME };
  },
});

export const listKeyPolicies = keyOperation({
  fields: fields.page,
  run: async () => ({ PolicyNames: [NAME], Truncated: false }),
});

/** PutKeyPolicy. A policy that does not let the caller set the next one is refused, unless that is waived. */
export const putKeyPolicy = keyOperation({
  fields: {
    PolicyName: fields.policyName,
    Policy: required(fields.policy),
    BypassPolicyLockoutSafetyCheck: flag(),
  },
  use: ({ BypassPolicyLockoutSafetyCheck: waived = false }) => ({
    more: new Map([["kms:bypasspolicylockoutsafetycheck", `${waived}`]]),
  }),
  async run(call, { PolicyName, Policy: policy, BypassPolicyLockoutSafetyCheck: mayLockOut = false }, held) {
    requireDefault(PolicyName);
    checkKeyPolicy(call, { ...held, key: { ...held.key, policy } }, { mayLockOut });
    const bound = await bindPrincipals(call.entities, policy);
    await call.change({ id: held.key.accountId, epoch: held.epoch }, [updateKey(held.key.id, { policy: bound })]);
    return null;
  },
});

function requireDefault(name: string | undefined): void {
  if (name !== undefined && name !== NAME) throw notFound(`No such policy exists: ${name}`);
}
