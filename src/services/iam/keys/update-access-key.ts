import { setKeyStatus } from "../../../metadata/identities/keys.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { keyOwner } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { findKeyOf } from "./find-key.ts";

const statuses = ["Active", "Inactive"] as const;

export const updateAccessKey = operation({
  fields: {
    UserName: fields.userName,
    AccessKeyId: required(fields.accessKeyId),
    Status: required(text({ oneOf: statuses })),
  },
  target: (call, { UserName }) => keyOwner(call, UserName),
  async run(call, { AccessKeyId, Status }, target) {
    const key = await findKeyOf(call, target, AccessKeyId);
    await call.change([setKeyStatus(key.id, Status as (typeof statuses)[number])]);
    return null;
  },
});
