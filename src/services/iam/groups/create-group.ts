import { count } from "../../../metadata/identities/accounts.ts";
import { type EntityRow, insertEntity } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { requireRoom } from "../account/counts.ts";
import { entityArn } from "../model/arns.ts";
import { groupDocument } from "../model/documents.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { newUniqueId } from "../model/ids.ts";
import { operation } from "../operation.ts";

export const createGroup = operation({
  fields: { GroupName: required(fields.groupName), Path: fields.path },
  target: ({ account }, { GroupName: name, Path: path = "/" }) => ({
    arn: entityArn({ accountId: account.id, kind: "group", path, name }),
  }),
  async run(call, { GroupName, Path }) {
    const { account, identities, nowMs, random } = call;
    if (await identities.entities.find(account.id, "group", GroupName)) {
      throw entityAlreadyExists(`Group with name ${GroupName} already exists.`);
    }
    await requireRoom(call, "groups");
    const group: EntityRow = {
      id: newUniqueId("AGPA", random),
      accountId: account.id,
      kind: "group",
      name: GroupName,
      path: Path ?? "/",
      createdMs: nowMs,
      tags: [],
      boundary: null,
      trust: null,
      description: null,
      maxSessionSeconds: null,
      usedMs: null,
      usedRegion: null,
    };
    await call.change([insertEntity(group), count(account.id, "groups", 1)]);
    return { Group: groupDocument(group) };
  },
});
