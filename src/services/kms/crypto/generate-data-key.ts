import type { JsonResult } from "../../../protocols/aws-json/answer.ts";
import { contextFrom } from "../model/context.ts";
import { requireDryRunEnds } from "../model/dry-run.ts";
import { invalidParameter } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { requireGrantTokens } from "../model/grant-tokens.ts";
import { keyOperation } from "../operation.ts";

/** A fresh random key, encrypted under the KMS key; with or without its plain text. */
function generate(answer: (plain: Uint8Array) => JsonResult) {
  return keyOperation({
    fields: {
      EncryptionContext: fields.encryptionContext,
      NumberOfBytes: fields.numberOfBytes,
      KeySpec: fields.dataKeySpec,
      GrantTokens: fields.grantTokens,
      Recipient: fields.recipient,
      DryRun: fields.dryRun,
    },
    naming: { aliases: true, acrossAccounts: true },
    use: ({ EncryptionContext }) => ({ encryptionContext: contextFrom(EncryptionContext) }),
    async run({ keyring }, { EncryptionContext, NumberOfBytes, KeySpec, GrantTokens, DryRun }, held) {
      const sizeBytes = keySizeBytes(KeySpec, NumberOfBytes);
      requireGrantTokens(GrantTokens);
      keyring.requireUsable(held);
      requireDryRunEnds(DryRun);
      const plain = keyring.random(sizeBytes);
      const CiphertextBlob = await keyring.encrypt(held, plain, contextFrom(EncryptionContext));
      const named = { KeyId: keyring.arnOf(held.key), KeyMaterialId: keyring.materialIdOf(held) };
      return { CiphertextBlob, ...answer(plain), ...named };
    },
  });
}

export const generateDataKey = generate((Plaintext) => ({ Plaintext }));
export const generateDataKeyWithoutPlaintext = generate(() => ({}));

function keySizeBytes(spec: string | undefined, bytes: number | undefined): number {
  if ((spec === undefined) === (bytes === undefined)) {
    throw invalidParameter("Please specify either number of bytes or key spec.");
  }
  return bytes ?? (spec === "AES_256" ? 32 : 16);
}
