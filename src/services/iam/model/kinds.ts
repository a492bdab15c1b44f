import type { EntityKind } from "../../../metadata/identities/entities.ts";
import { type Field, required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "./fields.ts";

/** What differs between the operations on users, groups and roles that are otherwise the same. */
export interface KindNames {
  readonly kind: EntityKind;
  /** The parameter and member that names it. */
  readonly member: "UserName" | "GroupName" | "RoleName";
  readonly field: Field<string>;
}

export const kinds: Readonly<Record<EntityKind, KindNames>> = {
  user: { kind: "user", member: "UserName", field: required(fields.userName) },
  group: { kind: "group", member: "GroupName", field: required(fields.groupName) },
  role: { kind: "role", member: "RoleName", field: required(fields.roleName) },
};

/** The parameters of such an operation: the entity's name, and others. */
export function withName<F extends Readonly<Record<string, Field<unknown>>>>(
  { member, field }: KindNames,
  others: F,
): F & Readonly<Record<string, Field<unknown>>> {
  return { [member]: field, ...others };
}

/** The entity's name in the parameters of such an operation. */
export function nameIn({ member }: KindNames, input: Readonly<Record<string, unknown>>): string {
  return input[member] as string;
}
