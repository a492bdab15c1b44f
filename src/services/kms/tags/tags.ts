import { updateKey } from "../../../metadata/keyring/keys.ts";
import { required } from "../../../protocols/aws-json/fields.ts";
import { tagDocuments } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutList } from "../model/pages.ts";
import { mergeTags, tagFacts } from "../model/tags.ts";
import { requireNotPending } from "../model/targets.ts";
import { keyOperation } from "../operation.ts";

const PAGE_DEFAULT = 50;

export const tagResource = keyOperation({
  fields: { Tags: required(fields.tags) },
  use: ({ Tags }) => ({ more: tagFacts(Tags) }),
  async run(call, { Tags }, held) {
    requireNotPending(held, call);
    const { key, epoch } = held;
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { tags: mergeTags(key.tags, Tags) })]);
    return null;
  },
});

/** UntagResource. Keys that are not there do not matter. */
export const untagResource = keyOperation({
  fields: { TagKeys: fields.tagKeys },
  use: ({ TagKeys }) => ({ more: new Map([["aws:tagkeys", TagKeys]]) }),
  async run(call, { TagKeys }, held) {
    requireNotPending(held, call);
    const { key, epoch } = held;
    const tags = key.tags.filter(([name]) => !TagKeys.includes(name));
    await call.change({ id: key.accountId, epoch }, [updateKey(key.id, { tags })]);
    return null;
  },
});

export const listResourceTags = keyOperation({
  fields: fields.page,
  async run(_call, input, { key }) {
    const sorted = [...key.tags].sort(([a], [b]) => (a < b ? -1 : 1));
    const { rows, end } = cutList(sorted, { page: input, limit: input.Limit ?? PAGE_DEFAULT }, ([name]) => name);
    return { Tags: tagDocuments(rows), ...end };
  },
});
