import { bindPrincipals } from "../../../auth/policy-principals.ts";
import { count } from "../../../metadata/identities/accounts.ts";
import { type EntityRow, insertEntity } from "../../../metadata/identities/entities.ts";
import { notBuilt, required } from "../../../protocols/aws-query/fields.ts";
import { requireRoom } from "../account/counts.ts";
import { entityArn } from "../model/arns.ts";
import { checkTrustPolicy } from "../model/check-policy.ts";
import { listedRole, roleDocument } from "../model/documents.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { newUniqueId } from "../model/ids.ts";
import { newTags } from "../model/tags.ts";
import { requireAttachable } from "../model/targets.ts";
import { operation } from "../operation.ts";

const SESSION_SECONDS_DEFAULT = 3_600;

export const createRole = operation({
  fields: {
    RoleName: required(fields.roleName),
    AssumeRolePolicyDocument: required(fields.policyDocument),
    Path: fields.path,
    Description: fields.description,
    MaxSessionDuration: fields.maxSessionDuration,
    PermissionsBoundary: fields.arn,
    Tags: fields.tags,
    MaxSigninSessionDuration: notBuilt(),
  },
  target: ({ account }, { RoleName: name, Path: path = "/" }) => ({
    arn: entityArn({ accountId: account.id, kind: "role", path, name }),
  }),
  also: ({ Tags }) => (Tags.length > 0 ? ["iam:TagRole"] : []),
  async run(call, input) {
    const { account, identities, nowMs, random } = call;
    const document = input.AssumeRolePolicyDocument;
    checkTrustPolicy(document);
    if (await identities.entities.find(account.id, "role", input.RoleName)) {
      throw entityAlreadyExists(`Role with name ${input.RoleName} already exists.`);
    }
    if (input.PermissionsBoundary !== undefined) await requireAttachable(call, input.PermissionsBoundary);
    await requireRoom(call, "roles");
    const role: EntityRow = {
      id: newUniqueId("AROA", random),
      accountId: account.id,
      kind: "role",
      name: input.RoleName,
      path: input.Path ?? "/",
      createdMs: nowMs,
      tags: newTags(input.Tags),
      boundary: input.PermissionsBoundary ?? null,
      trust: await bindPrincipals(identities.entities, document),
      description: input.Description ?? null,
      maxSessionSeconds: input.MaxSessionDuration ?? SESSION_SECONDS_DEFAULT,
      usedMs: null,
      usedRegion: null,
    };
    await call.change([insertEntity(role), count(account.id, "roles", 1)]);
    const { Tags, PermissionsBoundary } = roleDocument(role);
    return { Role: { ...listedRole({ ...role, trust: document }), Tags, PermissionsBoundary } };
  },
});
