import type { AwsClient } from "./client.ts";
import { AwsError } from "./errors.ts";
import { at, members, textAt } from "./xml.ts";

type Parameters = Record<string, string>;

export interface Principal {
  name: string;
  arn: string;
  createdMs: number;
}

export type PrincipalKind = "user" | "group" | "role";

/** A principal by its name. */
export interface Subject {
  kind: PrincipalKind;
  name: string;
}

const PARENT = { user: "UserName", group: "GroupName", role: "RoleName" } as const;
const NOUN = { user: "User", group: "Group", role: "Role" } as const;

function principalOf(element: Element | null, kind: PrincipalKind): Principal {
  const created = Date.parse(textAt(element, "CreateDate"));
  return { name: textAt(element, PARENT[kind]), arn: textAt(element, "Arn"), createdMs: created };
}

export async function listPrincipals(client: AwsClient, kind: PrincipalKind): Promise<Principal[]> {
  const found = await client.queryAll("iam", `List${NOUN[kind]}s`, `${NOUN[kind]}s`);
  return found.map((element) => principalOf(element, kind));
}

/** Makes a user, group or role; a role says in `trust`, a policy, who may take it on. */
export async function createPrincipal(client: AwsClient, { kind, name }: Subject, trust = ""): Promise<void> {
  const more: Parameters = kind === "role" ? { AssumeRolePolicyDocument: trust } : {};
  await client.query("iam", `Create${NOUN[kind]}`, { [PARENT[kind]]: name, ...more });
}

/** Takes away all that belongs to it first, because IAM refuses to delete it otherwise: keys, policies, memberships. */
export async function deletePrincipal(client: AwsClient, { kind, name }: Subject): Promise<void> {
  const parent = { [PARENT[kind]]: name };
  if (kind === "user") {
    for (const { id } of await listKeys(client, name)) await deleteKey(client, name, id);
    for (const group of await groupsOf(client, name)) await changeMembership(client, "Remove", group, name);
  }
  if (kind === "group") {
    for (const user of await membersOf(client, name)) await changeMembership(client, "Remove", name, user);
  }
  if (kind !== "group") {
    const boundary = await permissionsBoundary(client, kind, name);
    if (boundary !== "") await client.query("iam", `Delete${NOUN[kind]}PermissionsBoundary`, parent);
  }
  for (const { arn } of await attachedPolicies(client, { kind, name }))
    await changeAttachment(client, "Detach", { kind, name }, arn);
  for (const policy of await inlinePolicies(client, { kind, name }))
    await deleteInlinePolicy(client, { kind, name }, policy);
  await client.query("iam", `Delete${NOUN[kind]}`, parent);
}

async function permissionsBoundary(client: AwsClient, kind: "user" | "role", name: string): Promise<string> {
  const found = await client.query("iam", `Get${NOUN[kind]}`, { [PARENT[kind]]: name });
  return textAt(found, NOUN[kind], "PermissionsBoundary", "PermissionsBoundaryArn");
}

export async function groupsOf(client: AwsClient, user: string): Promise<string[]> {
  const found = await client.queryAll("iam", "ListGroupsForUser", "Groups", { UserName: user });
  return found.map((element) => textAt(element, "GroupName"));
}

export async function membersOf(client: AwsClient, group: string): Promise<string[]> {
  const found = await client.queryAll("iam", "GetGroup", "Users", { GroupName: group });
  return found.map((element) => textAt(element, "UserName"));
}

export async function changeMembership(
  client: AwsClient,
  change: "Add" | "Remove",
  group: string,
  user: string,
): Promise<void> {
  await client.query("iam", change === "Add" ? "AddUserToGroup" : "RemoveUserFromGroup", {
    GroupName: group,
    UserName: user,
  });
}

export interface AccessKey {
  id: string;
  isActive: boolean;
  createdMs: number;
}

export async function listKeys(client: AwsClient, user: string): Promise<AccessKey[]> {
  const found = await client.queryAll("iam", "ListAccessKeys", "AccessKeyMetadata", { UserName: user });
  return found.map((element) => ({
    id: textAt(element, "AccessKeyId"),
    isActive: textAt(element, "Status") === "Active",
    createdMs: Date.parse(textAt(element, "CreateDate")),
  }));
}

/** Up to an hour late; null: never. */
export async function keyLastUsed(client: AwsClient, id: string): Promise<{ atMs: number; service: string } | null> {
  const used = at(await client.query("iam", "GetAccessKeyLastUsed", { AccessKeyId: id }), "AccessKeyLastUsed");
  const atMs = Date.parse(textAt(used, "LastUsedDate"));
  return Number.isNaN(atMs) ? null : { atMs, service: textAt(used, "ServiceName") };
}

/** The secret is told this once. */
export async function createKey(client: AwsClient, user: string): Promise<{ id: string; secret: string }> {
  const key = at(await client.query("iam", "CreateAccessKey", { UserName: user }), "AccessKey");
  return { id: textAt(key, "AccessKeyId"), secret: textAt(key, "SecretAccessKey") };
}

export async function setKeyActive(client: AwsClient, user: string, id: string, isActive: boolean): Promise<void> {
  await client.query("iam", "UpdateAccessKey", {
    UserName: user,
    AccessKeyId: id,
    Status: isActive ? "Active" : "Inactive",
  });
}

export async function deleteKey(client: AwsClient, user: string, id: string): Promise<void> {
  await client.query("iam", "DeleteAccessKey", { UserName: user, AccessKeyId: id });
}

export interface Policy {
  name: string;
  arn: string;
}

/** Managed policies: `Local` are the account's own, `AWS` those that are always there. */
export async function listPolicies(
  client: AwsClient,
  scope: "Local" | "AWS" | "All",
): Promise<(Policy & { uses: number })[]> {
  const found = await client.queryAll("iam", "ListPolicies", "Policies", { Scope: scope });
  return found.map((element) => ({
    name: textAt(element, "PolicyName"),
    arn: textAt(element, "Arn"),
    uses: Number(textAt(element, "AttachmentCount")),
  }));
}

export async function attachedPolicies(client: AwsClient, { kind, name }: Subject): Promise<Policy[]> {
  const found = await client.queryAll("iam", `ListAttached${NOUN[kind]}Policies`, "AttachedPolicies", {
    [PARENT[kind]]: name,
  });
  return found.map((element) => ({ name: textAt(element, "PolicyName"), arn: textAt(element, "PolicyArn") }));
}

export async function changeAttachment(
  client: AwsClient,
  change: "Attach" | "Detach",
  { kind, name }: Subject,
  arn: string,
): Promise<void> {
  await client.query("iam", `${change}${NOUN[kind]}Policy`, { [PARENT[kind]]: name, PolicyArn: arn });
}

export async function inlinePolicies(client: AwsClient, { kind, name }: Subject): Promise<string[]> {
  const found = await client.queryAll("iam", `List${NOUN[kind]}Policies`, "PolicyNames", { [PARENT[kind]]: name });
  return found.map((element) => element.textContent ?? "");
}

export async function getInlinePolicy(client: AwsClient, { kind, name }: Subject, policy: string): Promise<string> {
  const found = await client.query("iam", `Get${NOUN[kind]}Policy`, { [PARENT[kind]]: name, PolicyName: policy });
  return decodeURIComponent(textAt(found, "PolicyDocument"));
}

export async function putInlinePolicy(
  client: AwsClient,
  { kind, name }: Subject,
  { policy, document }: { policy: string; document: string },
): Promise<void> {
  await client.query("iam", `Put${NOUN[kind]}Policy`, {
    [PARENT[kind]]: name,
    PolicyName: policy,
    PolicyDocument: document,
  });
}

export async function deleteInlinePolicy(client: AwsClient, { kind, name }: Subject, policy: string): Promise<void> {
  await client.query("iam", `Delete${NOUN[kind]}Policy`, { [PARENT[kind]]: name, PolicyName: policy });
}

export async function createPolicy(client: AwsClient, name: string, document: string): Promise<void> {
  await client.query("iam", "CreatePolicy", { PolicyName: name, PolicyDocument: document });
}

/** The document of a managed policy's default version. */
export async function getPolicyDocument(client: AwsClient, arn: string): Promise<string> {
  const version = textAt(await client.query("iam", "GetPolicy", { PolicyArn: arn }), "Policy", "DefaultVersionId");
  const found = await client.query("iam", "GetPolicyVersion", { PolicyArn: arn, VersionId: version });
  return decodeURIComponent(textAt(found, "PolicyVersion", "Document"));
}

/** A new default version. A policy has five at most, so the oldest goes when there are that many. */
export async function replacePolicyDocument(client: AwsClient, arn: string, document: string): Promise<void> {
  const versions = await policyVersions(client, arn);
  const oldest = versions.filter(({ isDefault }) => !isDefault).at(-1);
  if (versions.length >= 5 && oldest)
    await client.query("iam", "DeletePolicyVersion", { PolicyArn: arn, VersionId: oldest.id });
  await client.query("iam", "CreatePolicyVersion", { PolicyArn: arn, PolicyDocument: document, SetAsDefault: "true" });
}

/** The newest first. */
async function policyVersions(client: AwsClient, arn: string): Promise<{ id: string; isDefault: boolean }[]> {
  const found = await client.queryAll("iam", "ListPolicyVersions", "Versions", { PolicyArn: arn });
  return found.map((element) => ({
    id: textAt(element, "VersionId"),
    isDefault: textAt(element, "IsDefaultVersion") === "true",
  }));
}

/** Refused while it is attached to anything. */
export async function deletePolicy(client: AwsClient, arn: string): Promise<void> {
  for (const { id, isDefault } of await policyVersions(client, arn)) {
    if (!isDefault) await client.query("iam", "DeletePolicyVersion", { PolicyArn: arn, VersionId: id });
  }
  await client.query("iam", "DeletePolicy", { PolicyArn: arn });
}

export async function getTrust(client: AwsClient, role: string): Promise<string> {
  const found = await client.query("iam", "GetRole", { RoleName: role });
  return decodeURIComponent(textAt(found, "Role", "AssumeRolePolicyDocument"));
}

export async function putTrust(client: AwsClient, role: string, document: string): Promise<void> {
  await client.query("iam", "UpdateAssumeRolePolicy", { RoleName: role, PolicyDocument: document });
}

export interface Question {
  action: string;
  resource: string;
  /** The bucket's policy, if it has one. */
  resourcePolicy: string | null;
  accountId: string;
}

export type Decision = "allowed" | "explicitDeny" | "implicitDeny";

/** What the simulator says of a user or role. Requests that it makes up have no other conditions than their own. */
export async function simulate(
  client: AwsClient,
  principalArn: string,
  { action, resource, resourcePolicy, accountId }: Question,
): Promise<Decision> {
  const policy: Parameters =
    resourcePolicy === null ? {} : { ResourcePolicy: resourcePolicy, ResourceOwner: `arn:aws:iam::${accountId}:root` };
  const found = await client.query("iam", "SimulatePrincipalPolicy", {
    PolicySourceArn: principalArn,
    "ActionNames.member.1": action,
    "ResourceArns.member.1": resource,
    ...policy,
  });
  const decision = textAt(members(found, "EvaluationResults")[0] ?? null, "EvalDecision");
  if (decision === "allowed" || decision === "explicitDeny" || decision === "implicitDeny") return decision;
  throw new AwsError({ code: "InvalidResponse", message: decision, status: 200 });
}
