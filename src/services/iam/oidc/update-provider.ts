import { type ProviderRow, putProvider } from "../../../metadata/identities/providers.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import { tagPage } from "../held/tagging.ts";
import type { IamCall } from "../model/call.ts";
import { quotaExceeded } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { quotas } from "../model/quotas.ts";
import { mergeTags, withoutTags } from "../model/tags.ts";
import { operation } from "../operation.ts";
import { checkThumbprints, clientId, thumbprints } from "./check.ts";
import { foundProvider, type ProviderTarget, providerTarget } from "./target.ts";

const arnField = { OpenIDConnectProviderArn: required(fields.arn) };
const target = (call: IamCall, input: { readonly OpenIDConnectProviderArn: string }): Promise<ProviderTarget> =>
  providerTarget(call, input.OpenIDConnectProviderArn);

async function change(call: IamCall, provider: ProviderRow): Promise<null> {
  await call.change([putProvider(provider)]);
  return null;
}

/** A client id that is there already stays. */
export const addClientIdToProvider = operation({
  fields: { ...arnField, ClientID: required(clientId) },
  target,
  async run(call, { ClientID }, about) {
    const provider = foundProvider(about);
    if (provider.clientIds.includes(ClientID)) return null;
    const quota = quotas.clientIdsPerProvider;
    if (provider.clientIds.length >= quota) throw quotaExceeded("ClientIdsPerOpenIdConnectProvider", quota);
    return change(call, { ...provider, clientIds: [...provider.clientIds, ClientID] });
  },
});

/** A client id that is not there is removed without an error. */
export const removeClientIdFromProvider = operation({
  fields: { ...arnField, ClientID: required(clientId) },
  target,
  async run(call, { ClientID }, about) {
    const provider = foundProvider(about);
    return change(call, { ...provider, clientIds: provider.clientIds.filter((id) => id !== ClientID) });
  },
});

/** Thumbprints are kept and shown. Whether an issuer's certificate is good is for the runtime's TLS, as AWS does for known authorities. */
export const updateProviderThumbprint = operation({
  fields: { ...arnField, ThumbprintList: thumbprints },
  target,
  run: async (call, { ThumbprintList }, about) =>
    change(call, { ...foundProvider(about), thumbprints: checkThumbprints(ThumbprintList) }),
});

export const tagProvider = operation({
  fields: { ...arnField, Tags: fields.tags },
  target,
  async run(call, { Tags }, about) {
    const provider = foundProvider(about);
    return change(call, { ...provider, tags: mergeTags(provider.tags, Tags) });
  },
});

export const untagProvider = operation({
  fields: { ...arnField, TagKeys: fields.tagKeys },
  target,
  async run(call, { TagKeys }, about) {
    const provider = foundProvider(about);
    return change(call, { ...provider, tags: withoutTags(provider.tags, TagKeys) });
  },
});

export const listProviderTags = operation({
  fields: { ...arnField, ...fields.page },
  target,
  run: async (_call, page, about) => tagPage(foundProvider(about).tags, page),
});
