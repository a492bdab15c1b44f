import type { EntityRow } from "../../../metadata/identities/entities.ts";
import type { AccessKeyRow, ListedKey } from "../../../metadata/identities/keys.ts";
import type { PolicyRow, PolicyVersionRow } from "../../../metadata/identities/policies.ts";
import type { TagRow } from "../../../metadata/rows.ts";
import type { QueryResult } from "../../../protocols/aws-query/answer.ts";
import { entityArn } from "./arns.ts";

/** The structures of IAM's answers. Their members are those of the data types in the IAM API Reference. */

export function userDocument(user: EntityRow): QueryResult {
  return {
    Path: user.path,
    UserName: user.name,
    UserId: user.id,
    Arn: entityArn(user),
    CreateDate: new Date(user.createdMs),
    PermissionsBoundary: boundaryDocument(user.boundary),
    Tags: tagsOrNothing(user.tags),
  };
}

/** As listings show it: without tags and boundary. */
export function listedUser(user: EntityRow): QueryResult {
  return { ...userDocument(user), PermissionsBoundary: undefined, Tags: undefined };
}

export function groupDocument(group: EntityRow): QueryResult {
  return {
    Path: group.path,
    GroupName: group.name,
    GroupId: group.id,
    Arn: entityArn(group),
    CreateDate: new Date(group.createdMs),
  };
}

export function roleDocument(role: EntityRow): QueryResult {
  return {
    ...listedRole(role),
    PermissionsBoundary: boundaryDocument(role.boundary),
    Tags: tagsOrNothing(role.tags),
    RoleLastUsed: lastUsed(role),
  };
}

/** As listings show it: without tags, boundary and last use. */
export function listedRole(role: EntityRow): QueryResult {
  return {
    Path: role.path,
    RoleName: role.name,
    RoleId: role.id,
    Arn: entityArn(role),
    CreateDate: new Date(role.createdMs),
    AssumeRolePolicyDocument: encodeDocument(role.trust ?? ""),
    Description: role.description,
    MaxSessionDuration: role.maxSessionSeconds,
  };
}

function lastUsed(role: EntityRow): QueryResult {
  return role.usedMs === null ? {} : { LastUsedDate: new Date(role.usedMs), Region: role.usedRegion };
}

function boundaryDocument(arn: string | null): QueryResult | undefined {
  if (arn === null) return undefined;
  return { PermissionsBoundaryType: "PermissionsBoundaryPolicy", PermissionsBoundaryArn: arn };
}

export function policyDocument(policy: PolicyRow, boundaries: number): QueryResult {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: `v${policy.defaultVersion}`,
    AttachmentCount: policy.attachments,
    PermissionsBoundaryUsageCount: boundaries,
    IsAttachable: true,
    Description: policy.description,
    CreateDate: new Date(policy.createdMs),
    UpdateDate: new Date(policy.updatedMs),
    Tags: tagsOrNothing(policy.tags),
  };
}

export function versionDocument(
  version: PolicyVersionRow,
  defaultVersion: number,
  options: { withDocument: boolean },
): QueryResult {
  return {
    Document: options.withDocument ? encodeDocument(version.document) : undefined,
    VersionId: `v${version.version}`,
    IsDefaultVersion: version.version === defaultVersion,
    CreateDate: new Date(version.createdMs),
  };
}

/** A key as listings show it. Root keys have no user. */
export function keyMetadata(key: ListedKey, userName: string | undefined): QueryResult {
  return { UserName: userName, AccessKeyId: key.id, Status: key.status, CreateDate: new Date(key.createdMs) };
}

/** The only answer that has the secret in it. */
export function newKeyDocument(
  key: Pick<AccessKeyRow, "id" | "createdMs">,
  secret: string,
  userName: string | undefined,
): QueryResult {
  return {
    UserName: userName ?? "",
    AccessKeyId: key.id,
    Status: "Active",
    SecretAccessKey: secret,
    CreateDate: new Date(key.createdMs),
  };
}

export function tagDocuments(tags: readonly TagRow[]): QueryResult[] {
  return tags.map(([Key, Value]) => ({ Key, Value }));
}

function tagsOrNothing(tags: readonly TagRow[]): QueryResult[] | undefined {
  return tags.length === 0 ? undefined : tagDocuments(tags);
}

/** Policies travel percent-encoded (RFC 3986) in IAM's answers. */
export function encodeDocument(document: string): string {
  return encodeURIComponent(document).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
