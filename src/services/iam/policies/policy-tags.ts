import { setPolicyTags } from "../../../metadata/identities/policies.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { tagPage } from "../held/tagging.ts";
import * as fields from "../model/fields.ts";
import { mergeTags, withoutTags } from "../model/tags.ts";
import { foundPolicy, ownPolicy, policyTarget } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const tagPolicy = operation({
  fields: { PolicyArn: required(fields.arn), Tags: fields.tags },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { Tags }, target) {
    const { arn, tags } = ownPolicy(target);
    await call.change([setPolicyTags(arn, mergeTags(tags, Tags))]);
    return null;
  },
});

export const untagPolicy = operation({
  fields: { PolicyArn: required(fields.arn), TagKeys: fields.tagKeys },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  async run(call, { TagKeys }, target) {
    const { arn, tags } = ownPolicy(target);
    await call.change([setPolicyTags(arn, withoutTags(tags, TagKeys))]);
    return null;
  },
});

export const listPolicyTags = operation({
  fields: { PolicyArn: required(fields.arn), ...fields.page },
  target: (call, { PolicyArn }) => policyTarget(call, PolicyArn),
  run: async (_call, page, target) => tagPage(target.managed ? [] : foundPolicy(target).tags, page),
});
