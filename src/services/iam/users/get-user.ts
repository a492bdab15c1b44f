import { userDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { found, keyOwner } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const getUser = operation({
  fields: { UserName: fields.userName },
  target: (call, { UserName }) => keyOwner(call, UserName),
  async run({ account }, _, { arn, user }) {
    if (user !== null) return { User: userDocument(found(user)) };
    return { User: { UserId: account.id, Arn: arn, CreateDate: new Date(account.createdMs) } };
  },
});
