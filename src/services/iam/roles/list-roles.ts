import { listedRole } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { listEntities } from "../model/list-entities.ts";
import { listOf } from "../model/targets.ts";
import { withShownTrust } from "../model/trust.ts";
import { operation } from "../operation.ts";

export const listRoles = operation({
  fields: { PathPrefix: fields.pathPrefix, ...fields.page },
  target: (call, { PathPrefix }) => listOf("role", call, PathPrefix),
  async run(call, input) {
    const { rows, end } = await listEntities(call, "role", input);
    return { Roles: (await withShownTrust(call, rows)).map(listedRole), ...end };
  },
});
