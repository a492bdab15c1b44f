import type { EntityKind } from "../../../metadata/identities/entities.ts";
import type { PolicyHolder } from "../../../metadata/identities/policies.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import { noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** What a filter lets through: LocalManagedPolicy and AWSManagedPolicy are values of the type that no entity has. */
const kindOfFilter: Readonly<Record<string, EntityKind | null>> = {
  User: "user",
  Group: "group",
  Role: "role",
  LocalManagedPolicy: null,
  AWSManagedPolicy: null,
};

export const listEntitiesForPolicy = operation({
  fields: {
    PolicyArn: required(fields.arn),
    EntityFilter: text({ oneOf: Object.keys(kindOfFilter) }),
    PathPrefix: fields.pathPrefix,
    PolicyUsageFilter: text({ oneOf: ["PermissionsPolicy", "PermissionsBoundary"] }),
    ...fields.page,
  },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { EntityFilter, PathPrefix = "/", PolicyUsageFilter, Marker, MaxItems }, target) {
    if (target.policy === null && target.managed === undefined) {
      throw noSuchEntity(`Policy ${target.arn} was not found.`);
    }
    const limit = pageSize(MaxItems);
    const kind = EntityFilter === undefined ? undefined : kindOfFilter[EntityFilter];
    const [afterId = ""] = decodeMarker(Marker, 1) ?? [];
    const asked = { accountId: call.account.id, arn: target.arn, afterId, limit, kind, pathPrefix: PathPrefix };
    // Without a filter both ways of use are listed; an entity that has the policy both ways is listed once.
    const attached =
      PolicyUsageFilter === "PermissionsBoundary"
        ? []
        : await call.identities.policies.holders({ ...asked, usage: "attached" });
    const bounded =
      PolicyUsageFilter === "PermissionsPolicy"
        ? []
        : await call.identities.policies.holders({ ...asked, usage: "boundary" });
    const all = new Map([...attached, ...bounded].map((holder) => [holder.id, holder]));
    const sorted = [...all.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    const { rows, end } = cutPage(sorted, limit, ({ id }) => [id]);
    const named = (one: EntityKind, document: (holder: PolicyHolder) => Record<string, string>) =>
      rows.filter((row) => row.kind === one).map(document);
    return {
      PolicyGroups: named("group", ({ name, id }) => ({ GroupName: name, GroupId: id })),
      PolicyUsers: named("user", ({ name, id }) => ({ UserName: name, UserId: id })),
      PolicyRoles: named("role", ({ name, id }) => ({ RoleName: name, RoleId: id })),
      ...end,
    };
  },
});
