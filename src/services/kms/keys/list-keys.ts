import { list, text } from "../../../protocols/aws-json/fields.ts";
import * as fields from "../model/fields.ts";
import { cutPage, placeOf } from "../model/pages.ts";
import { askForAll } from "../model/targets.ts";
import { operation } from "../operation.ts";

const PAGE_DEFAULT = 100;
const OWNERS = ["SELF", "OTHER_ACCOUNTS_VIA_RAM"];

/** ListKeys. There is no Resource Access Manager, so nothing is shared by it. */
export const listKeys = operation({
  fields: { ...fields.page, ResourceOwners: list(text({ oneOf: OWNERS }), { min: 1, max: 2 }) },
  target: () => null,
  asks: (_call, _input, { action }) => [askForAll(action)],
  async run({ accountId, tables, keyring }, input) {
    const limit = input.Limit ?? PAGE_DEFAULT;
    const after = placeOf(input);
    const isOwn = input.ResourceOwners?.includes("SELF") ?? true;
    const found = isOwn ? await tables.keys.list(accountId, after, limit) : [];
    const { rows, end } = cutPage(found, limit, ({ id }) => id);
    const Keys = rows.map(({ id }) => ({ KeyId: id, KeyArn: keyring.arnOf({ accountId, id }) }));
    return { Keys, ...end };
  },
});
