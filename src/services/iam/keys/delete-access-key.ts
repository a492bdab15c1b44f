import { deleteKey } from "../../../metadata/identities/keys.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { keyOwner } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { findKeyOf } from "./find-key.ts";

export const deleteAccessKey = operation({
  fields: { UserName: fields.userName, AccessKeyId: required(fields.accessKeyId) },
  target: (call, { UserName }) => keyOwner(call, UserName),
  async run(call, { AccessKeyId }, target) {
    const key = await findKeyOf(call, target, AccessKeyId);
    await call.change([deleteKey(key.id)]);
    return null;
  },
});
