import { notBuilt } from "../../../protocols/aws-json/fields.ts";
import { invalidParameter } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { askForAll } from "../model/targets.ts";
import { operation } from "../operation.ts";

export const generateRandom = operation({
  fields: { NumberOfBytes: fields.numberOfBytes, CustomKeyStoreId: notBuilt(), Recipient: fields.recipient },
  target: () => null,
  asks: (_call, _input, { action }) => [askForAll(action)],
  async run({ keyring }, { NumberOfBytes }) {
    if (NumberOfBytes === undefined) throw invalidParameter("NumberOfBytes must be given.");
    return { Plaintext: keyring.random(NumberOfBytes) };
  },
});
