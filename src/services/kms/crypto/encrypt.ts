import { contextFrom } from "../model/context.ts";
import { SYMMETRIC } from "../model/documents.ts";
import { requireDryRunEnds } from "../model/dry-run.ts";
import * as fields from "../model/fields.ts";
import { requireGrantTokens } from "../model/grant-tokens.ts";
import { keyOperation } from "../operation.ts";

export const encrypt = keyOperation({
  fields: {
    Plaintext: fields.plaintext,
    EncryptionContext: fields.encryptionContext,
    GrantTokens: fields.grantTokens,
    EncryptionAlgorithm: fields.algorithm,
    DryRun: fields.dryRun,
  },
  naming: { aliases: true, acrossAccounts: true },
  use: ({ EncryptionContext }) => ({ encryptionContext: contextFrom(EncryptionContext) }),
  async run({ keyring }, { Plaintext, EncryptionContext, GrantTokens, DryRun }, held) {
    requireGrantTokens(GrantTokens);
    keyring.requireUsable(held);
    requireDryRunEnds(DryRun);
    const CiphertextBlob = await keyring.encrypt(held, Plaintext, contextFrom(EncryptionContext));
    return { CiphertextBlob, KeyId: keyring.arnOf(held.key), EncryptionAlgorithm: SYMMETRIC };
  },
});
