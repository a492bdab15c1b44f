import { required } from "../../../protocols/aws-json/fields.ts";
import { contextFrom } from "../model/context.ts";
import { SYMMETRIC } from "../model/documents.ts";
import { dryRunEnds, requireDryRunEnds } from "../model/dry-run.ts";
import * as fields from "../model/fields.ts";
import { requireGrantTokens } from "../model/grant-tokens.ts";
import { askFor, findKeys, type KeyTarget, requireKey } from "../model/targets.ts";
import { operation } from "../operation.ts";
import { dryRunModifiers } from "./decrypt.ts";
import { askForSource, findSource, requireSourceKey } from "./sources.ts";

/** ReEncrypt: kms:ReEncryptFrom on the key that opens, kms:ReEncryptTo on the key that seals. The plain text does not leave. */
export const reEncrypt = operation({
  fields: {
    CiphertextBlob: fields.ciphertext,
    SourceEncryptionContext: fields.encryptionContext,
    SourceKeyId: fields.keyId,
    DestinationKeyId: required(fields.keyId),
    DestinationEncryptionContext: fields.encryptionContext,
    SourceEncryptionAlgorithm: fields.algorithm,
    DestinationEncryptionAlgorithm: fields.algorithm,
    GrantTokens: fields.grantTokens,
    DryRun: fields.dryRun,
    DryRunModifiers: dryRunModifiers,
  },
  async target(call, { CiphertextBlob: blob, SourceKeyId: keyId, DestinationKeyId, DryRun, DryRunModifiers }) {
    const naming = { aliases: true, acrossAccounts: true };
    const [source, [destination]] = await Promise.all([
      findSource(call, { blob, keyId, dryRun: DryRun, modifiers: DryRunModifiers }),
      findKeys(call, [DestinationKeyId], naming),
    ]);
    return { source, destination: destination as KeyTarget };
  },
  asks: (call, input, { target: { source, destination } }) => {
    const isSame = source.key.held !== null && source.key.held.key.id === destination.held?.key.id;
    const more = new Map([["kms:reencryptonsamekey", `${isSame}`]]);
    const to = contextFrom(input.DestinationEncryptionContext);
    return [
      askForSource(call, source, {
        action: "kms:ReEncryptFrom",
        encryptionContext: contextFrom(input.SourceEncryptionContext),
        more,
      }),
      askFor(call, destination, { action: "kms:ReEncryptTo", encryptionContext: to, more }),
    ];
  },
  async run(call, input, { source, destination }) {
    const { keyring } = call;
    requireGrantTokens(input.GrantTokens);
    const from = requireSourceKey(call, source);
    const to = requireKey(call, destination);
    keyring.requireUsable(from);
    keyring.requireUsable(to);
    const { ciphertext } = source;
    if (ciphertext === null) throw dryRunEnds();
    const plain = await keyring.decrypt(from, ciphertext, contextFrom(input.SourceEncryptionContext));
    requireDryRunEnds(input.DryRun);
    return {
      CiphertextBlob: await keyring.encrypt(to, plain, contextFrom(input.DestinationEncryptionContext)),
      SourceKeyId: keyring.arnOf(from.key),
      KeyId: keyring.arnOf(to.key),
      SourceEncryptionAlgorithm: SYMMETRIC,
      DestinationEncryptionAlgorithm: SYMMETRIC,
      SourceKeyMaterialId: keyring.materialIdOf(from, ciphertext.material),
      DestinationKeyMaterialId: keyring.materialIdOf(to),
    };
  },
});
