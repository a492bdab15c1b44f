import { formatArn } from "../base/arn.ts";
import type { PolicyPrincipal, RootPrincipal } from "./policy/principal.ts";

/** Who makes a request: the members of an account, a service of Sherd's own, or nobody known. */
export type Principal = PolicyPrincipal;

/** A tenant. Buckets belong to accounts and record the canonical id of theirs. */
export interface Account {
  /** 12 digits. */
  readonly accountId: string;
  /** 64 hex digits, as S3 prints owners. */
  readonly canonicalId: string;
  readonly name: string;
}

/**
 * The account that the Worker's own key is the root key of. It is the same on every server and outlives a change of that key,
 * because buckets record its canonical id (SHA-256 of "sherd root account"). Migration 0006 has its row.
 */
export const firstAccount: Account = {
  accountId: "100000000001",
  canonicalId: "3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96",
  name: "root",
};

export const anonymous: Principal = { kind: "anonymous" };

/** The root user of an account. */
export function rootOf({ accountId, canonicalId }: Account): RootPrincipal {
  return { kind: "root", accountId, canonicalId, arn: rootArn(accountId) };
}

export function rootArn(accountId: string): string {
  return iamArn(accountId, "root");
}

/** `path` begins and ends with a slash. */
export function userArn(accountId: string, path: string, name: string): string {
  return iamArn(accountId, `user${path}${name}`);
}

export function roleArn(accountId: string, path: string, name: string): string {
  return iamArn(accountId, `role${path}${name}`);
}

/** The ARN of a session. It has no path, whatever the role's is. */
export function assumedRoleArn(accountId: string, roleName: string, sessionName: string): string {
  return formatArn({ ...sts, accountId, resource: `assumed-role/${roleName}/${sessionName}` });
}

export function federatedUserArn(accountId: string, name: string): string {
  return formatArn({ ...sts, accountId, resource: `federated-user/${name}` });
}

/** The unique id as GetCallerIdentity prints it (`UserId`) and as `aws:userid` has it; null for callers that have none. */
export function userIdOf(principal: Principal): string | null {
  switch (principal.kind) {
    case "root":
      return principal.accountId;
    case "user":
      return principal.uniqueId;
    case "roleSession":
      return `${principal.roleUniqueId}:${principal.sessionName}`;
    case "federatedUser":
      return `${principal.accountId}:${principal.name}`;
    case "webIdentity":
    case "service":
    case "anonymous":
      return null;
  }
}

/** The canonical id of a caller's account, which owns what they make; "" if they belong to none. */
export function canonicalIdOf(principal: Principal): string {
  return "canonicalId" in principal ? principal.canonicalId : "";
}

const sts = { partition: "aws", service: "sts", region: "" };

function iamArn(accountId: string, resource: string): string {
  return formatArn({ partition: "aws", service: "iam", region: "", accountId, resource });
}
