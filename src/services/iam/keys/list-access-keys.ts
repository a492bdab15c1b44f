import { keyMetadata } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { keyOwner, ownerId } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** The first account's own root key is a secret of the Worker: it is not listed. */
export const listAccessKeys = operation({
  fields: { UserName: fields.userName, ...fields.page },
  target: (call, { UserName }) => keyOwner(call, UserName),
  async run(call, { Marker, MaxItems }, target) {
    const limit = pageSize(MaxItems);
    const [after = ""] = decodeMarker(Marker, 1) ?? [];
    const keys = await call.identities.keys.ofOwner(ownerId(call, target));
    const { rows, end } = cutPage(
      keys.filter(({ id }) => id > after),
      limit,
      ({ id }) => [id],
    );
    return { AccessKeyMetadata: rows.map((key) => keyMetadata(key, target.user?.entity?.name)), ...end };
  },
});
