import { count } from "../../../metadata/identities/accounts.ts";
import { deleteProvider } from "../../../metadata/identities/providers.ts";
import { required } from "../../../protocols/aws-query/fields.ts";
import * as fields from "../model/fields.ts";
import { operation } from "../operation.ts";
import { foundProvider, providerTarget } from "./target.ts";

export const deleteOpenIDConnectProvider = operation({
  fields: { OpenIDConnectProviderArn: required(fields.arn) },
  target: (call, { OpenIDConnectProviderArn }) => providerTarget(call, OpenIDConnectProviderArn),
  async run(call, _, target) {
    const { url } = foundProvider(target);
    await call.change([deleteProvider(call.account.id, url), count(call.account.id, "providers", -1)]);
    return null;
  },
});
