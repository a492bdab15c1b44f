import { createAccountAlias, deleteAccountAlias, listAccountAliases } from "./account/aliases.ts";
import { generateCredentialReport, getCredentialReport } from "./account/credential-report.ts";
import { getAccountAuthorizationDetails } from "./account/get-account-authorization-details.ts";
import { getAccountSummary } from "./account/get-account-summary.ts";
import { addUserToGroup } from "./groups/add-user-to-group.ts";
import { createGroup } from "./groups/create-group.ts";
import { deleteGroup } from "./groups/delete-group.ts";
import { getGroup } from "./groups/get-group.ts";
import { listGroups } from "./groups/list-groups.ts";
import { removeUserFromGroup } from "./groups/remove-user-from-group.ts";
import { updateGroup } from "./groups/update-group.ts";
import { attachPolicy, detachPolicy, listAttachedPolicies } from "./held/attached-policies.ts";
import { deleteBoundary, putBoundary } from "./held/boundaries.ts";
import { getInlinePolicy, listInlinePolicies, putInlinePolicy, removeInlinePolicy } from "./held/inline-policies.ts";
import { listEntityTags, tagEntity, untagEntity } from "./held/tagging.ts";
import { createAccessKey } from "./keys/create-access-key.ts";
import { deleteAccessKey } from "./keys/delete-access-key.ts";
import { getAccessKeyLastUsed } from "./keys/get-access-key-last-used.ts";
import { listAccessKeys } from "./keys/list-access-keys.ts";
import { updateAccessKey } from "./keys/update-access-key.ts";
import { createOpenIDConnectProvider } from "./oidc/create-provider.ts";
import { deleteOpenIDConnectProvider } from "./oidc/delete-provider.ts";
import { getOpenIDConnectProvider } from "./oidc/get-provider.ts";
import { listOpenIDConnectProviders } from "./oidc/list-providers.ts";
import {
  addClientIdToProvider,
  listProviderTags,
  removeClientIdFromProvider,
  tagProvider,
  untagProvider,
  updateProviderThumbprint,
} from "./oidc/update-provider.ts";
import type { IamOperation } from "./operation.ts";
import type { IamOperationName } from "./operation-name.ts";
import { createPolicy } from "./policies/create-policy.ts";
import { createPolicyVersion } from "./policies/create-policy-version.ts";
import { deletePolicy } from "./policies/delete-policy.ts";
import { deletePolicyVersion } from "./policies/delete-policy-version.ts";
import { getPolicy } from "./policies/get-policy.ts";
import { getPolicyVersion } from "./policies/get-policy-version.ts";
import { listEntitiesForPolicy } from "./policies/list-entities-for-policy.ts";
import { listPolicies } from "./policies/list-policies.ts";
import { listPolicyVersions } from "./policies/list-policy-versions.ts";
import { listPolicyTags, tagPolicy, untagPolicy } from "./policies/policy-tags.ts";
import { setDefaultPolicyVersion } from "./policies/set-default-policy-version.ts";
import { createRole } from "./roles/create-role.ts";
import { deleteRole } from "./roles/delete-role.ts";
import { getRole } from "./roles/get-role.ts";
import { listRoles } from "./roles/list-roles.ts";
import { updateAssumeRolePolicy } from "./roles/update-assume-role-policy.ts";
import { updateRole, updateRoleDescription } from "./roles/update-role.ts";
import { getContextKeysForCustomPolicy, getContextKeysForPrincipalPolicy } from "./simulate/get-context-keys.ts";
import { simulateCustomPolicy } from "./simulate/simulate-custom-policy.ts";
import { simulatePrincipalPolicy } from "./simulate/simulate-principal-policy.ts";
import { listInstanceProfilesForRole, noneOfAccount, noneOfUser } from "./unbuilt/empty-lists.ts";
import { missingLoginProfile, missingPasswordPolicy } from "./unbuilt/passwords.ts";
import { createUser } from "./users/create-user.ts";
import { deleteUser } from "./users/delete-user.ts";
import { getUser } from "./users/get-user.ts";
import { listGroupsForUser } from "./users/list-groups-for-user.ts";
import { listUsers } from "./users/list-users.ts";
import { updateUser } from "./users/update-user.ts";

/**
 * Every operation of IAM. A missing row does not compile. Null: it is not built, which is answered by name. The permission of
 * each is its own name, `iam:CreateUser`.
 */
export const operations: Readonly<Record<IamOperationName, IamOperation | null>> = {
  AcceptDelegationRequest: null,
  AcquireRole: null,
  AddClientIDToOpenIDConnectProvider: addClientIdToProvider,
  AddRoleToInstanceProfile: null,
  AddUserToGroup: addUserToGroup,
  AssociateDelegationRequest: null,
  AttachGroupPolicy: attachPolicy("group"),
  AttachRolePolicy: attachPolicy("role"),
  AttachUserPolicy: attachPolicy("user"),
  ChangePassword: null,
  CreateAccessKey: createAccessKey,
  CreateAccountAlias: createAccountAlias,
  CreateDelegationRequest: null,
  CreateGroup: createGroup,
  CreateInstanceProfile: null,
  CreateLoginProfile: null,
  CreateOpenIDConnectProvider: createOpenIDConnectProvider,
  CreatePolicy: createPolicy,
  CreatePolicyVersion: createPolicyVersion,
  CreateRole: createRole,
  CreateSAMLProvider: null,
  CreateServiceLinkedRole: null,
  CreateServiceSpecificCredential: null,
  CreateUser: createUser,
  CreateVirtualMFADevice: null,
  DeactivateMFADevice: null,
  DeleteAccessKey: deleteAccessKey,
  DeleteAccountAlias: deleteAccountAlias,
  DeleteAccountPasswordPolicy: null,
  DeleteGroup: deleteGroup,
  DeleteGroupPolicy: removeInlinePolicy("group"),
  DeleteInstanceProfile: null,
  DeleteLoginProfile: missingLoginProfile,
  DeleteOpenIDConnectProvider: deleteOpenIDConnectProvider,
  DeletePolicy: deletePolicy,
  DeletePolicyVersion: deletePolicyVersion,
  DeleteRole: deleteRole,
  DeleteRolePermissionsBoundary: deleteBoundary("role"),
  DeleteRolePolicy: removeInlinePolicy("role"),
  DeleteSAMLProvider: null,
  DeleteSSHPublicKey: null,
  DeleteServerCertificate: null,
  DeleteServiceLinkedRole: null,
  DeleteServiceSpecificCredential: null,
  DeleteSigningCertificate: null,
  DeleteUser: deleteUser,
  DeleteUserPermissionsBoundary: deleteBoundary("user"),
  DeleteUserPolicy: removeInlinePolicy("user"),
  DeleteVirtualMFADevice: null,
  DetachGroupPolicy: detachPolicy("group"),
  DetachRolePolicy: detachPolicy("role"),
  DetachUserPolicy: detachPolicy("user"),
  DisableOrganizationsRootCredentialsManagement: null,
  DisableOrganizationsRootSessions: null,
  DisableOutboundWebIdentityFederation: null,
  EnableMFADevice: null,
  EnableOrganizationsRootCredentialsManagement: null,
  EnableOrganizationsRootSessions: null,
  EnableOutboundWebIdentityFederation: null,
  GenerateCredentialReport: generateCredentialReport,
  GenerateOrganizationsAccessReport: null,
  GenerateServiceLastAccessedDetails: null,
  GetAccessKeyLastUsed: getAccessKeyLastUsed,
  GetAccountAuthorizationDetails: getAccountAuthorizationDetails,
  GetAccountPasswordPolicy: missingPasswordPolicy,
  GetAccountProperties: null,
  GetAccountSummary: getAccountSummary,
  GetContextKeysForCustomPolicy: getContextKeysForCustomPolicy,
  GetContextKeysForPrincipalPolicy: getContextKeysForPrincipalPolicy,
  GetCredentialReport: getCredentialReport,
  GetDelegationRequest: null,
  GetGroup: getGroup,
  GetGroupPolicy: getInlinePolicy("group"),
  GetHumanReadableSummary: null,
  GetInstanceProfile: null,
  GetLoginProfile: missingLoginProfile,
  GetMFADevice: null,
  GetOpenIDConnectProvider: getOpenIDConnectProvider,
  GetOrganizationsAccessReport: null,
  GetOutboundWebIdentityFederationInfo: null,
  GetPolicy: getPolicy,
  GetPolicyVersion: getPolicyVersion,
  GetRole: getRole,
  GetRolePolicy: getInlinePolicy("role"),
  GetRoleTemplateVersion: null,
  GetSAMLProvider: null,
  GetSSHPublicKey: null,
  GetServerCertificate: null,
  GetServiceLastAccessedDetails: null,
  GetServiceLastAccessedDetailsWithEntities: null,
  GetServiceLinkedRoleDeletionStatus: null,
  GetUser: getUser,
  GetUserPolicy: getInlinePolicy("user"),
  ListAccessKeys: listAccessKeys,
  ListAccountAliases: listAccountAliases,
  ListAttachedGroupPolicies: listAttachedPolicies("group"),
  ListAttachedRolePolicies: listAttachedPolicies("role"),
  ListAttachedUserPolicies: listAttachedPolicies("user"),
  ListDelegationRequests: null,
  ListEntitiesForPolicy: listEntitiesForPolicy,
  ListGroupPolicies: listInlinePolicies("group"),
  ListGroups: listGroups,
  ListGroupsForUser: listGroupsForUser,
  ListInstanceProfileTags: null,
  ListInstanceProfiles: noneOfAccount("InstanceProfiles"),
  ListInstanceProfilesForRole: listInstanceProfilesForRole,
  ListMFADeviceTags: null,
  ListMFADevices: noneOfUser("MFADevices"),
  ListOpenIDConnectProviderTags: listProviderTags,
  ListOpenIDConnectProviders: listOpenIDConnectProviders,
  ListOrganizationsFeatures: null,
  ListPolicies: listPolicies,
  ListPoliciesGrantingServiceAccess: null,
  ListPolicyTags: listPolicyTags,
  ListPolicyVersions: listPolicyVersions,
  ListRolePolicies: listInlinePolicies("role"),
  ListRoleTags: listEntityTags("role"),
  ListRoles: listRoles,
  ListSAMLProviderTags: null,
  ListSAMLProviders: noneOfAccount("SAMLProviderList"),
  ListSSHPublicKeys: noneOfUser("SSHPublicKeys"),
  ListServerCertificateTags: null,
  ListServerCertificates: noneOfAccount("ServerCertificateMetadataList"),
  ListServiceSpecificCredentials: noneOfUser("ServiceSpecificCredentials"),
  ListSigningCertificates: noneOfUser("Certificates"),
  ListUserPolicies: listInlinePolicies("user"),
  ListUserTags: listEntityTags("user"),
  ListUsers: listUsers,
  ListVirtualMFADevices: noneOfAccount("VirtualMFADevices"),
  PutAccountProperties: null,
  PutGroupPolicy: putInlinePolicy("group"),
  PutRolePermissionsBoundary: putBoundary("role"),
  PutRolePolicy: putInlinePolicy("role"),
  PutUserPermissionsBoundary: putBoundary("user"),
  PutUserPolicy: putInlinePolicy("user"),
  RejectDelegationRequest: null,
  RemoveClientIDFromOpenIDConnectProvider: removeClientIdFromProvider,
  RemoveRoleFromInstanceProfile: null,
  RemoveUserFromGroup: removeUserFromGroup,
  ResetServiceSpecificCredential: null,
  ResyncMFADevice: null,
  SendDelegationToken: null,
  SetDefaultPolicyVersion: setDefaultPolicyVersion,
  SetSecurityTokenServicePreferences: null,
  SimulateCustomPolicy: simulateCustomPolicy,
  SimulatePrincipalPolicy: simulatePrincipalPolicy,
  TagInstanceProfile: null,
  TagMFADevice: null,
  TagOpenIDConnectProvider: tagProvider,
  TagPolicy: tagPolicy,
  TagRole: tagEntity("role"),
  TagSAMLProvider: null,
  TagServerCertificate: null,
  TagUser: tagEntity("user"),
  UntagInstanceProfile: null,
  UntagMFADevice: null,
  UntagOpenIDConnectProvider: untagProvider,
  UntagPolicy: untagPolicy,
  UntagRole: untagEntity("role"),
  UntagSAMLProvider: null,
  UntagServerCertificate: null,
  UntagUser: untagEntity("user"),
  UpdateAccessKey: updateAccessKey,
  UpdateAccountPasswordPolicy: null,
  UpdateAssumeRolePolicy: updateAssumeRolePolicy,
  UpdateDelegationRequest: null,
  UpdateGroup: updateGroup,
  UpdateLoginProfile: null,
  UpdateOpenIDConnectProvider: null,
  UpdateOpenIDConnectProviderThumbprint: updateProviderThumbprint,
  UpdateRole: updateRole,
  UpdateRoleDescription: updateRoleDescription,
  UpdateSAMLProvider: null,
  UpdateSSHPublicKey: null,
  UpdateServerCertificate: null,
  UpdateServiceSpecificCredential: null,
  UpdateSigningCertificate: null,
  UpdateUser: updateUser,
  UploadSSHPublicKey: null,
  UploadServerCertificate: null,
  UploadSigningCertificate: null,
};
