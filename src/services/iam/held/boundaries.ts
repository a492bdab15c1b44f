import { updateEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { kinds, nameIn, withName } from "../model/kinds.ts";
import { type EntityTarget, entityTarget, found, requireAttachable } from "../model/targets.ts";
import { type IamOperation, operation } from "../operation.ts";

/** PutUserPermissionsBoundary, PutRolePermissionsBoundary. */
export function putBoundary(kind: "user" | "role"): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PermissionsBoundary: required(fields.arn) }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { PermissionsBoundary }, target) {
      const entity = found(target);
      await requireAttachable(call, PermissionsBoundary);
      await call.change([updateEntity({ ...entity, boundary: PermissionsBoundary })]);
      return null;
    },
  });
}

/** DeleteUserPermissionsBoundary, DeleteRolePermissionsBoundary. */
export function deleteBoundary(kind: "user" | "role"): IamOperation {
  return operation({
    fields: withName(kinds[kind], {}),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, _, target) {
      const entity = found(target);
      if (entity.boundary === null) {
        throw noSuchEntity(`The ${kind} with name ${entity.name} does not have a permissions boundary.`);
      }
      await call.change([updateEntity({ ...entity, boundary: null })]);
      return null;
    },
  });
}
