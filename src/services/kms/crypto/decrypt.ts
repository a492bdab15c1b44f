import { list, text } from "../../../protocols/aws-json/fields.ts";
import { contextFrom } from "../model/context.ts";
import { SYMMETRIC } from "../model/documents.ts";
import { dryRunEnds, requireDryRunEnds } from "../model/dry-run.ts";
import * as fields from "../model/fields.ts";
import { requireGrantTokens } from "../model/grant-tokens.ts";
import { operation } from "../operation.ts";
import { askForSource, findSource, requireSourceKey } from "./sources.ts";

export const dryRunModifiers = list(text({ oneOf: ["IGNORE_CIPHERTEXT"] }), { max: 1 });

export const decrypt = operation({
  fields: {
    CiphertextBlob: fields.ciphertext,
    EncryptionContext: fields.encryptionContext,
    GrantTokens: fields.grantTokens,
    KeyId: fields.keyId,
    EncryptionAlgorithm: fields.algorithm,
    Recipient: fields.recipient,
    DryRun: fields.dryRun,
    DryRunModifiers: dryRunModifiers,
  },
  target: (call, { CiphertextBlob: blob, KeyId: keyId, DryRun: dryRun, DryRunModifiers: modifiers }) =>
    findSource(call, { blob, keyId, dryRun, modifiers }),
  asks: (call, { EncryptionContext }, { target, action }) => [
    askForSource(call, target, { action, encryptionContext: contextFrom(EncryptionContext) }),
  ],
  async run(call, { EncryptionContext, GrantTokens, DryRun }, source) {
    requireGrantTokens(GrantTokens);
    const { keyring } = call;
    const held = requireSourceKey(call, source);
    keyring.requireUsable(held);
    const { ciphertext } = source;
    if (ciphertext === null) throw dryRunEnds();
    const Plaintext = await keyring.decrypt(held, ciphertext, contextFrom(EncryptionContext));
    requireDryRunEnds(DryRun);
    return {
      KeyId: keyring.arnOf(held.key),
      Plaintext,
      EncryptionAlgorithm: SYMMETRIC,
      KeyMaterialId: keyring.materialIdOf(held, ciphertext.material),
    };
  },
});
