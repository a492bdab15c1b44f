import { count } from "../../../metadata/identities/accounts.ts";
import { putProvider } from "../../../metadata/identities/providers.ts";
import { notBuilt, required, text } from "../../../protocols/aws-query/fields.ts";
import { requireRoom } from "../account/counts.ts";
import { providerArn } from "../model/arns.ts";
import { tagDocuments } from "../model/documents.ts";
import { entityAlreadyExists } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { newTags } from "../model/tags.ts";
import { operation } from "../operation.ts";
import { checkThumbprints, clientIds, issuerOf, thumbprints } from "./check.ts";

/** The issuer is asked for its keys when a token of it is first used, not now. */
export const createOpenIDConnectProvider = operation({
  fields: {
    Url: required(text({ min: 1, max: 255 })),
    ClientIDList: clientIds,
    ThumbprintList: thumbprints,
    Tags: fields.tags,
    ContextProvider: notBuilt(),
    IdentityCenterInstanceArn: notBuilt(),
  },
  target: ({ account }, { Url }) => ({ arn: providerArn(account.id, issuerOf(Url)) }),
  also: ({ Tags }) => (Tags.length > 0 ? ["iam:TagOpenIDConnectProvider"] : []),
  async run(call, { Url, ClientIDList, ThumbprintList, Tags }, { arn }) {
    const { account, identities, nowMs } = call;
    const url = issuerOf(Url);
    if (await identities.providers.find(account.id, url)) {
      throw entityAlreadyExists(`Provider with url ${Url} already exists.`);
    }
    await requireRoom(call, "providers");
    const tags = newTags(Tags);
    const lists = { clientIds: [...new Set(ClientIDList)], thumbprints: checkThumbprints(ThumbprintList) };
    const provider = { accountId: account.id, url, createdMs: nowMs, ...lists, tags };
    await call.change([putProvider(provider), count(account.id, "providers", 1)]);
    return { OpenIDConnectProviderArn: arn, Tags: tags.length === 0 ? undefined : tagDocuments(tags) };
  },
});
