import { updateEntity } from "../../../metadata/identities/entities.ts";
import type { TagRow } from "../../../metadata/rows.ts";

import { tagDocuments } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { kinds, nameIn, withName } from "../model/kinds.ts";
import { cutPage, decodeMarker, pageSize } from "../model/pages.ts";
import { mergeTags, withoutTags } from "../model/tags.ts";
import { type EntityTarget, entityTarget, found } from "../model/targets.ts";
import { type IamOperation, operation } from "../operation.ts";

/** TagUser, TagRole. */
export function tagEntity(kind: "user" | "role"): IamOperation {
  return operation({
    fields: withName(kinds[kind], { Tags: fields.tags }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { Tags }, target) {
      const entity = found(target);
      await call.change([updateEntity({ ...entity, tags: mergeTags(entity.tags, Tags) })]);
      return null;
    },
  });
}

/** UntagUser, UntagRole. */
export function untagEntity(kind: "user" | "role"): IamOperation {
  return operation({
    fields: withName(kinds[kind], { TagKeys: fields.tagKeys }),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    async run(call, { TagKeys }, target) {
      const entity = found(target);
      await call.change([updateEntity({ ...entity, tags: withoutTags(entity.tags, TagKeys) })]);
      return null;
    },
  });
}

/** ListUserTags, ListRoleTags. */
export function listEntityTags(kind: "user" | "role"): IamOperation {
  return operation({
    fields: withName(kinds[kind], fields.page),
    target: (call, input): Promise<EntityTarget> => entityTarget(call, kind, nameIn(kinds[kind], input)),
    run: async (_, page, target) => tagPage(found(target).tags, page),
  });
}

/** A page of tags, in the order of their keys. */
export function tagPage(
  tags: readonly TagRow[],
  { Marker, MaxItems }: { Marker: string | undefined; MaxItems: number | undefined },
) {
  const limit = pageSize(MaxItems);
  const [after] = decodeMarker(Marker, 1) ?? [];
  const sorted = tags.toSorted(([a], [b]) => (a < b ? -1 : 1)).filter(([key]) => after === undefined || key > after);
  const { rows, end } = cutPage(sorted, limit, ([key]) => [key]);
  return { Tags: tagDocuments(rows), ...end };
}
