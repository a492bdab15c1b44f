import { text } from "../../../protocols/aws-json/fields.ts";
import { kmsError } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { cutList } from "../model/pages.ts";
import { askForAll } from "../model/targets.ts";
import { operation } from "../operation.ts";

const PAGE_DEFAULT = 100;

/** DescribeCustomKeyStores: the stores of the configuration that the account may make keys of. */
export const describeCustomKeyStores = operation({
  fields: {
    ...fields.page,
    CustomKeyStoreId: text({ min: 1, max: 64 }),
    CustomKeyStoreName: text({ min: 1, max: 256 }),
  },
  target: () => null,
  asks: (_call, _input, { action }) => [askForAll(action)],
  async run({ accountId, keyring }, input) {
    const wanted = input.CustomKeyStoreId ?? input.CustomKeyStoreName;
    const names = [...keyring.external]
      .filter(([name, { accounts }]) => accounts.includes(accountId) && (wanted === undefined || name === wanted))
      .map(([name]) => name)
      .sort();
    if (wanted !== undefined && names.length === 0) {
      throw kmsError("CustomKeyStoreNotFoundException", `There is no custom key store ${wanted}.`);
    }
    const { rows, end } = cutList(names, { page: input, limit: input.Limit ?? PAGE_DEFAULT }, (name) => name);
    const CustomKeyStores = rows.map((name) => ({
      CustomKeyStoreId: name,
      CustomKeyStoreName: name,
      CustomKeyStoreType: "EXTERNAL_KEY_STORE",
    }));
    return { CustomKeyStores, ...end };
  },
});
