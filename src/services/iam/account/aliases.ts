import { TakenError } from "../../../metadata/database.ts";
import { setAlias } from "../../../metadata/identities/accounts.ts";
import { required, text } from "../../../protocols/aws-query/fields.ts";
import type { IamCall } from "../model/call.ts";
import { entityAlreadyExists, noSuchEntity } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { anything } from "../model/targets.ts";
import { operation } from "../operation.ts";

const alias = required(text({ min: 3, max: 63, pattern: /^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$/ }));

/** An account has one alias: another replaces it. Aliases are unique on the server. */
export const createAccountAlias = operation({
  fields: { AccountAlias: alias },
  target: anything,
  async run(call, { AccountAlias }) {
    if (call.account.alias === AccountAlias) throw taken(AccountAlias);
    await rename(call, AccountAlias);
    return null;
  },
});

export const deleteAccountAlias = operation({
  fields: { AccountAlias: alias },
  target: anything,
  async run(call, { AccountAlias }) {
    if (call.account.alias !== AccountAlias) throw noSuchEntity("The account alias cannot be found.");
    await rename(call, null);
    return null;
  },
});

export const listAccountAliases = operation({
  fields: fields.page,
  target: anything,
  run: async ({ account }) => ({ AccountAliases: account.alias === null ? [] : [account.alias], IsTruncated: false }),
});

async function rename(call: IamCall, wanted: string | null): Promise<void> {
  try {
    await call.change([setAlias(call.account.id, wanted)]);
  } catch (error) {
    if (error instanceof TakenError && wanted !== null) throw taken(wanted);
    throw error;
  }
}

function taken(name: string) {
  return entityAlreadyExists(`The account alias ${name} already exists.`);
}
