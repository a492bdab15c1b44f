import { count } from "../../../metadata/identities/accounts.ts";
import { type EntityRow, insertEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { requireRoom } from "../account/counts.ts";
import { entityArn } from "../model/arns.ts";
import { userDocument } from "../model/documents.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { newUniqueId } from "../model/ids.ts";
import { newTags } from "../model/tags.ts";
import { requireAttachable } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const createUser = operation({
  fields: {
    UserName: required(fields.userName),
    Path: fields.path,
    PermissionsBoundary: fields.arn,
    Tags: fields.tags,
  },
  target: ({ account }, { UserName: name, Path: path = "/" }) => ({
    arn: entityArn({ accountId: account.id, kind: "user", path, name }),
  }),
  also: ({ Tags }) => (Tags.length > 0 ? ["iam:TagUser"] : []),
  async run(call, input) {
    const { account, identities, nowMs, random } = call;
    if (await identities.entities.find(account.id, "user", input.UserName)) {
      throw entityAlreadyExists(`User with name ${input.UserName} already exists.`);
    }
    if (input.PermissionsBoundary !== undefined) await requireAttachable(call, input.PermissionsBoundary);
    await requireRoom(call, "users");
    const user: EntityRow = {
      id: newUniqueId("AIDA", random),
      accountId: account.id,
      kind: "user",
      name: input.UserName,
      path: input.Path ?? "/",
      createdMs: nowMs,
      tags: newTags(input.Tags),
      boundary: input.PermissionsBoundary ?? null,
      trust: null,
      description: null,
      maxSessionSeconds: null,
      usedMs: null,
      usedRegion: null,
    };
    await call.change([insertEntity(user), count(account.id, "users", 1)]);
    return { User: userDocument(user) };
  },
});
