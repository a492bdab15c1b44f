import { required } from "../../../protocols/aws-query/fields.ts";
import { roleDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const getRole = operation({
  fields: { RoleName: required(fields.roleName) },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  run: async (_call, _input, target) => ({ Role: roleDocument(found(target)) }),
});
