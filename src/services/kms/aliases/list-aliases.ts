import { aliasDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutPage, placeOf } from "../model/pages.ts";
import { askForAll, findKeys, requireKey } from "../model/targets.ts";
import { operation } from "../operation.ts";

const PAGE_DEFAULT = 50;

/** ListAliases, all of the account or those of one key. Its permission is of no one key, as at AWS. */
export const listAliases = operation({
  fields: { ...fields.page, KeyId: fields.keyId },
  target: () => null,
  asks: (_call, _input, { action }) => [askForAll(action)],
  async run(call, input) {
    const { accountId, tables, keyring } = call;
    const limit = input.Limit ?? PAGE_DEFAULT;
    const after = placeOf(input);
    const keyId = input.KeyId === undefined ? null : await idOf(call, input.KeyId);
    const found =
      keyId === null
        ? await tables.aliases.list(accountId, after, limit)
        : await tables.aliases.ofKey(keyId, after, limit);
    const { rows, end } = cutPage(found, limit, ({ name }) => name);
    return { Aliases: rows.map((alias) => aliasDocument(alias, keyring.region)), ...end };
  },
});

async function idOf(call: Parameters<typeof findKeys>[0], text: string): Promise<string> {
  const [target] = await findKeys(call, [text], {});
  return requireKey(call, target as NonNullable<typeof target>).key.id;
}
