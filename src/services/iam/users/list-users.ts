import { listedUser } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { listEntities } from "../model/list-entities.ts";
import { listOf } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const listUsers = operation({
  fields: { PathPrefix: fields.pathPrefix, ...fields.page },
  target: (call, { PathPrefix }) => listOf("user", call, PathPrefix),
  async run(call, input) {
    const { rows, end } = await listEntities(call, "user", input);
    return { Users: rows.map(listedUser), ...end };
  },
});
