import { iamArn, providerArn } from "../model/arns.ts";
import { operation } from "../operation.ts";

export const listOpenIDConnectProviders = operation({
  fields: {},
  target: ({ account }) => ({ arn: iamArn(account.id, "oidc-provider/*") }),
  async run({ account, identities }) {
    const providers = await identities.providers.list(account.id);
    return { OpenIDConnectProviderList: providers.map(({ url }) => ({ Arn: providerArn(account.id, url) })) };
  },
});
