import { keyMetadata } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { requireGrantTokens } from "../model/grant-tokens.ts";
import { keyOperation } from "../operation.ts";

export const describeKey = keyOperation({
  fields: { GrantTokens: fields.grantTokens },
  naming: { aliases: true, acrossAccounts: true },
  async run(call, { GrantTokens }, held) {
    requireGrantTokens(GrantTokens);
    return { KeyMetadata: keyMetadata(held, call.keyring) };
  },
});
