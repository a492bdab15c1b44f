import { findManagedPolicy, type ManagedPolicy } from "../../../auth/policy/managed-policies.ts";
import type { EntityKind, EntityRow } from "../../../metadata/identities/entities.ts";
import type { PolicyRow } from "../../../metadata/identities/policies.ts";
import { QueryError, validationError } from "../../../protocols/aws-query/error.ts";
import type { Target } from "../operation.ts";
import { entityArn, iamArn, listArn, parseIamArn } from "./arns.ts";
import type { IamCall } from "./call.ts";
import { invalidInput, noSuchEntity } from "./errors.ts";

/** A user, group or role by name, whether it exists or not. */
export interface EntityTarget extends Target {
  readonly kind: EntityKind;
  readonly name: string;
  readonly entity: EntityRow | null;
}

/** Operations on everything of a kind, or on nothing in particular. */
export const anything = (): Target => ({ arn: "*" });

export function listOf(kind: EntityKind | "policy", call: IamCall, prefix = "/"): Target {
  return { arn: listArn(call.account.id, kind, prefix) };
}

export async function entityTarget(call: IamCall, kind: EntityKind, name: string): Promise<EntityTarget> {
  const entity = await call.identities.entities.find(call.account.id, kind, name);
  if (entity !== null) return targetOf(entity);
  return { arn: iamArn(call.account.id, `${kind}/${name}`), kind, name, entity };
}

function targetOf(entity: EntityRow): EntityTarget {
  const { kind, name, tags, boundary } = entity;
  return { arn: entityArn(entity), kind, name, entity, tags, boundary };
}

/** The entity of a target, or AWS's NoSuchEntity. */
export function found({ kind, name, entity }: EntityTarget): EntityRow {
  if (entity === null) throw noSuchEntity(`The ${kind} with name ${name} cannot be found.`);
  return entity;
}

/** Who an operation on access keys is about: a user, or the account's root. */
export interface KeyOwnerTarget extends Target {
  /** Null: the root. */
  readonly user: EntityTarget | null;
}

/** The named user, or the caller itself if no name is given. */
export async function keyOwner(call: IamCall, name: string | undefined): Promise<KeyOwnerTarget> {
  const user = await userOrSelf(call, name);
  return user === null ? { arn: iamArn(call.account.id, "root"), user } : { ...user, user };
}

/** The id under which an owner's keys lie. Throws NoSuchEntity. */
export function ownerId(call: IamCall, { user }: KeyOwnerTarget): string {
  return user === null ? call.account.id : found(user).id;
}

/** The named user, or the calling user; null if the caller is the root and names nobody. */
async function userOrSelf(call: IamCall, name: string | undefined): Promise<EntityTarget | null> {
  const { principal } = call.caller;
  if (name !== undefined) return entityTarget(call, "user", name);
  if (principal.kind === "user") return entityTarget(call, "user", principal.name);
  if (principal.kind === "root") return null;
  throw validationError("Must specify userName when calling with non-User credentials");
}

/** A managed policy by ARN: the account's own, or one of AWS's. */
export interface PolicyTarget extends Target {
  readonly policy: PolicyRow | null;
  readonly managed: ManagedPolicy | undefined;
}

/** Throws InvalidInput if the ARN is no policy's. */
export async function policyTarget(call: IamCall, arn: string): Promise<PolicyTarget> {
  requirePolicyArn(arn);
  const managed = findManagedPolicy(arn);
  const row = managed === undefined ? await call.identities.policies.find(arn) : null;
  const policy = row?.accountId === call.account.id ? row : null;
  return { arn, policy, managed, ...(policy === null ? {} : { tags: policy.tags }) };
}

export function requirePolicyArn(arn: string): void {
  const parsed = parseIamArn(arn);
  const isPolicy = parsed?.kind === "policy" && /^(aws|\d{12})$/.test(parsed.accountId) && parsed.name !== "";
  if (!isPolicy) throw invalidInput(`ARN ${arn.slice(0, 256)} is not valid.`);
}

/** The account's own policy, to be changed. AWS's own policies cannot be, whoever asks. */
export function ownPolicy(target: PolicyTarget): PolicyRow {
  if (target.managed === undefined) return foundPolicy(target);
  throw new QueryError(
    "AccessDenied",
    403,
    "Cannot perform the operation on the protected policy: it is one of AWS's own.",
  );
}

/** The account's own policy, or NoSuchEntity. */
export function foundPolicy({ arn, policy }: PolicyTarget): PolicyRow {
  if (policy === null) throw noSuchEntity(`Policy ${arn} was not found.`);
  return policy;
}

/** Throws NoSuchEntity unless the policy can be attached, as a policy or as a boundary. */
export async function requireAttachable(call: IamCall, arn: string): Promise<void> {
  const { policy, managed } = await policyTarget(call, arn);
  if (policy === null && managed === undefined) {
    throw noSuchEntity(`Policy ${arn} does not exist or is not attachable.`);
  }
}
