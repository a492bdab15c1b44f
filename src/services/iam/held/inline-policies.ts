import {
  deleteInlinePolicy,
  type EntityKind,
  putInlinePolicy as putRow,
} from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { checkInlinePolicy } from "../model/check-policy.ts";
import { encodeDocument } from "../model/documents.ts";
import { noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { kinds, nameIn, withName } from "../model/kinds.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { type EntityTarget, entityTarget, found } from "../model/targets.ts";
import { type IamOperation, operation } from "../operation.ts";

/** More inline policies than the size quota leaves room for. */
const INLINE_POLICIES_MAX = 1_000;

/** PutUserPolicy, PutGroupPolicy, PutRolePolicy. */
export function putInlinePolicy(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], {
      PolicyName: required(fields.policyName),
      PolicyDocument: required(fields.policyDocument),
    }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { PolicyName: name, PolicyDocument: document }, target) {
      const entity = found(target);
      const existing = await call.identities.entities.inlinePolicies(entity.id, "", INLINE_POLICIES_MAX);
      checkInlinePolicy(entity, { name, document }, existing);
      await call.change([putRow(entity.id, { name, document })]);
      return null;
    },
  });
}

/** GetUserPolicy, GetGroupPolicy, GetRolePolicy. */
export function getInlinePolicy(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PolicyName: required(fields.policyName) }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run({ identities }, { PolicyName }, target) {
      const entity = found(target);
      const document = await identities.entities.inlinePolicy(entity.id, PolicyName);
      if (document === null) throw missing(kind, PolicyName);
      return { [kinds[kind].member]: entity.name, PolicyName, PolicyDocument: encodeDocument(document) };
    },
  });
}

/** DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy. */
export function removeInlinePolicy(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PolicyName: required(fields.policyName) }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { PolicyName }, target) {
      const entity = found(target);
      const document = await call.identities.entities.inlinePolicy(entity.id, PolicyName);
      if (document === null) throw missing(kind, PolicyName);
      await call.change([deleteInlinePolicy(entity.id, PolicyName)]);
      return null;
    },
  });
}

/** ListUserPolicies, ListGroupPolicies, ListRolePolicies. */
export function listInlinePolicies(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], fields.page),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run({ identities }, { Marker, MaxItems }, target) {
      const limit = pageSize(MaxItems);
      const [after = ""] = decodeMarker(Marker, 1) ?? [];
      const policies = await identities.entities.inlinePolicies(found(target).id, after, limit);
      const { rows, end } = cutPage(policies, limit, ({ name }) => [name]);
      return { PolicyNames: rows.map(({ name }) => name), ...end };
    },
  });
}

function missing(kind: EntityKind, name: string) {
  return noSuchEntity(`The ${kind} policy with name ${name} cannot be found.`);
}
