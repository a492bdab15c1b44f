import type { EntityRow } from "../../../metadata/identities/entities.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { roleDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { entityTarget, found } from "../model/targets.ts";
import { withShownTrust } from "../model/trust.ts";
import { operation } from "../operation.ts";

export const getRole = operation({
  fields: { RoleName: required(fields.roleName) },
  target: (call, { RoleName }) => entityTarget(call, "role", RoleName),
  async run(call, _input, target) {
    const [role] = await withShownTrust(call, [found(target)]);
    return { Role: roleDocument(role as EntityRow) };
  },
});
