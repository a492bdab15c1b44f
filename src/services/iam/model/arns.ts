import { parseArn } from "../../../base/arn.ts";
import type { EntityKind, EntityRow } from "../../../metadata/identities/entities.ts";

/** The ARN of a user, group or role. `path` begins and ends with a slash. */
export function entityArn(entity: Pick<EntityRow, "accountId" | "kind" | "path" | "name">): string {
  return iamArn(entity.accountId, `${entity.kind}${entity.path}${entity.name}`);
}

export function policyArn(accountId: string, path: string, name: string): string {
  return iamArn(accountId, `policy${path}${name}`);
}

/** `url` without `https://`. */
export function providerArn(accountId: string, url: string): string {
  return iamArn(accountId, `oidc-provider/${url}`);
}

/** What a listing of users and the like is about. */
export function listArn(accountId: string, kind: EntityKind | "policy", pathPrefix: string): string {
  return iamArn(accountId, kind + pathPrefix);
}

export function iamArn(accountId: string, resource: string): string {
  return `arn:aws:iam::${accountId}:${resource}`;
}

/** Account, kind, path and name of an ARN of IAM's; null if it is none. Of a root: kind `root` and no name. */
export function parseIamArn(arn: string): { accountId: string; kind: string; path: string; name: string } | null {
  const parsed = parseArn(arn);
  if (parsed === null || parsed.service !== "iam" || parsed.partition !== "aws" || parsed.region !== "") return null;
  const first = parsed.resource.indexOf("/");
  if (first < 0) return { accountId: parsed.accountId, kind: parsed.resource, path: "", name: "" };
  const last = parsed.resource.lastIndexOf("/");
  return {
    accountId: parsed.accountId,
    kind: parsed.resource.slice(0, first),
    path: parsed.resource.slice(first, last + 1),
    name: parsed.resource.slice(last + 1),
  };
}
