import { parsePolicy } from "../../../auth/policy/parse.ts";
import type { Policy } from "../../../auth/policy/policy.ts";
import { parseArn } from "../../../base/arn.ts";
import type { AccountRow } from "../../../metadata/identities/accounts.ts";
import type { EntityRow } from "../../../metadata/identities/entities.ts";
import type { Identities } from "../../../metadata/identities/identities.ts";
import { validationError } from "../../../protocols/aws-query/error.ts";

export interface FoundRole {
  readonly role: EntityRow;
  readonly account: AccountRow;
  readonly trust: Policy;
}

/** The account that a role's ARN names. Throws ValidationError if it is no role's. */
export function accountOfRole(arn: string): string {
  const parsed = parseArn(arn);
  const isRole =
    parsed?.partition === "aws" && parsed.service === "iam" && /^role\/(?:.*\/)?[^/]+$/s.test(parsed.resource);
  if (parsed === null || !isRole || !/^\d{12}$/.test(parsed.accountId))
    throw validationError(`${arn.slice(0, 256)} is invalid`);
  return parsed.accountId;
}

/** The role of an ARN, path included; null if there is none. */
export async function findRole(identities: Identities, arn: string): Promise<FoundRole | null> {
  const accountId = accountOfRole(arn);
  const resource = parseArn(arn)?.resource ?? "";
  const [path, name] = [
    resource.slice(4, resource.lastIndexOf("/") + 1),
    resource.slice(resource.lastIndexOf("/") + 1),
  ];
  const role = await identities.entities.find(accountId, "role", name);
  if (role === null || role.path !== path || role.name !== name) return null;
  const account = await identities.accounts.find(accountId);
  const trust = parsePolicy(role.trust ?? "", { kind: "trust" });
  if (account === null || account.state !== "active" || !trust.ok) return null;
  return { role, account, trust: trust.policy };
}
