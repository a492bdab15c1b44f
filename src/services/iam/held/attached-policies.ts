import type { EntityKind } from "../../../metadata/identities/entities.ts";
import { attach, detach } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { parseIamArn } from "../model/arns.ts";
import { noSuchEntity, quotaExceeded } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { kinds, nameIn, withName } from "../model/kinds.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { quotas } from "../model/quotas.ts";
import { type EntityTarget, entityTarget, found, requireAttachable, requirePolicyArn } from "../model/targets.ts";
import { type IamOperation, operation } from "../operation.ts";

const quotaNames: Readonly<Record<EntityKind, string>> = {
  user: "PoliciesPerUser",
  group: "PoliciesPerGroup",
  role: "PoliciesPerRole",
};

/** AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy. A policy that is attached already stays so. */
export function attachPolicy(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PolicyArn: required(fields.arn) }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { PolicyArn }, target) {
      const entity = found(target);
      await requireAttachable(call, PolicyArn);
      const quota = quotas.attachedPoliciesPerEntity;
      const attached = await call.identities.entities.attached(entity.id, "", quota);
      if (attached.includes(PolicyArn)) return null;
      if (attached.length >= quota) throw quotaExceeded(quotaNames[kind], quota);
      await call.change(attach(call.account.id, entity.id, PolicyArn));
      return null;
    },
  });
}

/** DetachUserPolicy, DetachGroupPolicy, DetachRolePolicy. */
export function detachPolicy(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PolicyArn: required(fields.arn) }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { PolicyArn }, target) {
      const entity = found(target);
      requirePolicyArn(PolicyArn);
      const attached = await call.identities.entities.attached(entity.id, "", quotas.attachedPoliciesPerEntity);
      if (!attached.includes(PolicyArn)) throw noSuchEntity(`Policy ${PolicyArn} was not found.`);
      await call.change(detach(entity.id, PolicyArn));
      return null;
    },
  });
}

/** ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies. */
export function listAttachedPolicies(kind: EntityKind): IamOperation {
  return operation({
    fields: withName(kinds[kind], { PathPrefix: fields.pathPrefix, ...fields.page }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run({ identities }, { PathPrefix = "/", Marker, MaxItems }, target) {
      const limit = pageSize(MaxItems);
      const [after = ""] = decodeMarker(Marker, 1) ?? [];
      const attached = await identities.entities.attached(found(target).id, after, quotas.attachedPoliciesPerEntity);
      const matching = attached.filter((arn) => parseIamArn(arn)?.path.startsWith(PathPrefix));
      const { rows, end } = cutPage(matching, limit, (arn) => [arn]);
      return { AttachedPolicies: rows.map(attachedDocument), ...end };
    },
  });
}

export function attachedDocument(arn: string) {
  return { PolicyName: parseIamArn(arn)?.name, PolicyArn: arn };
}
