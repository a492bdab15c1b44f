import { principalAccountId } from "../../../auth/policy/principal.ts";
import { notBuilt, required } from "../../../protocols/aws-json/fields.ts";
import { grantDocument } from "../model/documents.ts";
import * as fields from "../model/fields.ts";
import { cutList, cutPage, placeOf } from "../model/pages.ts";
import { askForAll } from "../model/targets.ts";
import { keyOperation, operation } from "../operation.ts";

const PAGE_DEFAULT = 50;

export const listGrants = keyOperation({
  fields: {
    ...fields.page,
    GrantId: fields.grantId,
    GranteePrincipal: fields.principal,
    GranteeServicePrincipal: notBuilt(),
  },
  naming: { acrossAccounts: true },
  async run(call, input, { key, grants }) {
    const { GrantId, GranteePrincipal } = input;
    const shown = grants.filter(
      ({ id, grantee }) =>
        (GrantId === undefined || id === GrantId) && (GranteePrincipal === undefined || grantee === GranteePrincipal),
    );
    const { rows, end } = cutList(shown, { page: input, limit: input.Limit ?? PAGE_DEFAULT }, ({ id }) => id);
    const arn = call.keyring.arnOf(key);
    return { Grants: rows.map((grant) => grantDocument(grant, arn)), ...end };
  },
});

/** ListRetirableGrants: those that a principal of the caller's account may retire, whatever key they are of. */
export const listRetirableGrants = operation({
  fields: { ...fields.page, RetiringPrincipal: required(fields.principal), RetiringServicePrincipal: notBuilt() },
  target: () => null,
  asks: (_call, _input, { action }) => [askForAll(action)],
  async run(call, input) {
    const limit = input.Limit ?? PAGE_DEFAULT;
    const after = placeOf(input);
    const isOwn = input.RetiringPrincipal.split(":")[4] === principalAccountId(call.caller.principal);
    const found = isOwn ? await call.tables.grants.retirableBy(input.RetiringPrincipal, after, limit) : [];
    const { rows, end } = cutPage(found, limit, ({ id }) => id);
    const Grants = rows.map((grant) =>
      grantDocument(grant, call.keyring.arnOf({ accountId: grant.keyAccountId, id: grant.keyId })),
    );
    return { Grants, ...end };
  },
});
