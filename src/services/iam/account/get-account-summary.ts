import { policyLimits } from "../../../auth/policy/limits.ts";
import { FIRST_ACCOUNT_ID } from "../../../metadata/identities/accounts.ts";
import { quotas } from "../model/quotas.ts";
import { anything } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** What is not built is 0, and so is its quota left out. */
export const getAccountSummary = operation({
  fields: {},
  target: anything,
  async run({ account, identities }) {
    const counts = await identities.accounts.counts(account.id);
    const rootKeys = await identities.keys.ofOwner(account.id);
    // The first account's root always has one: a secret of the Worker.
    const hasRootKey = rootKeys.length > 0 || account.id === FIRST_ACCOUNT_ID;
    const summary = {
      AccessKeysPerUserQuota: quotas.accessKeysPerUser,
      AccountAccessKeysPresent: hasRootKey ? 1 : 0,
      AccountMFAEnabled: 0,
      AccountPasswordPresent: 0,
      AccountSigningCertificatesPresent: 0,
      AssumeRolePolicySizeQuota: policyLimits.trustCharacters,
      AttachedPoliciesPerGroupQuota: quotas.attachedPoliciesPerEntity,
      AttachedPoliciesPerRoleQuota: quotas.attachedPoliciesPerEntity,
      AttachedPoliciesPerUserQuota: quotas.attachedPoliciesPerEntity,
      GroupPolicySizeQuota: policyLimits.groupInlineCharacters,
      Groups: counts?.groups ?? 0,
      GroupsPerUserQuota: quotas.groupsPerUser,
      GroupsQuota: quotas.groups,
      InstanceProfiles: 0,
      MFADevices: 0,
      MFADevicesInUse: 0,
      Policies: counts?.policies ?? 0,
      PoliciesQuota: quotas.policies,
      PolicySizeQuota: policyLimits.managedCharacters,
      PolicyVersionsInUse: counts?.policyVersions ?? 0,
      PolicyVersionsInUseQuota: quotas.policies * quotas.versionsPerPolicy,
      Providers: counts?.providers ?? 0,
      RolePolicySizeQuota: policyLimits.roleInlineCharacters,
      Roles: counts?.roles ?? 0,
      RolesQuota: quotas.roles,
      ServerCertificates: 0,
      UserPolicySizeQuota: policyLimits.userInlineCharacters,
      Users: counts?.users ?? 0,
      UsersQuota: quotas.users,
      VersionsPerPolicyQuota: quotas.versionsPerPolicy,
    };
    return { SummaryMap: new Map(Object.entries(summary)) };
  },
});
