import { required } from "../../../protocols/aws-query/fields.ts";
import { tagDocuments } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { operation } from "../operation.ts";
import { foundProvider, providerTarget } from "./target.ts";

export const getOpenIDConnectProvider = operation({
  fields: { OpenIDConnectProviderArn: required(fields.arn) },
  target: (call, { OpenIDConnectProviderArn }) => providerTarget(call, OpenIDConnectProviderArn),
  async run(_call, _input, target) {
    const { url, clientIds, thumbprints, createdMs, tags } = foundProvider(target);
    return {
      Url: url,
      ClientIDList: clientIds,
      ThumbprintList: thumbprints,
      CreateDate: new Date(createdMs),
      Tags: tagDocuments(tags),
    };
  },
});
