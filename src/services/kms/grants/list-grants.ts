import { principalAccountId } from "../../../auth/policy/principal.ts";
import { boundPrincipals } from "../../../auth/policy-principals.ts";
import type { RetirableGrant } from "../../../metadata/keyring/grants.ts";
import { notBuilt, required } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { grantDocuments } from "../model/documents.ts";
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
    const named = GranteePrincipal === undefined ? null : await meanings(call, GranteePrincipal);
    const shown = grants.filter(
      ({ id, grantee }) => (GrantId === undefined || id === GrantId) && (named === null || named.includes(grantee)),
    );
    const { rows, end } = cutList(shown, { page: input, limit: input.Limit ?? PAGE_DEFAULT }, ({ id }) => id);
    const arn = call.keyring.arnOf(key);
    return { Grants: await grantDocuments(call.entities, rows, () => arn), ...end };
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
    const found = isOwn ? await retirable(call, input.RetiringPrincipal, { after, limit }) : [];
    const { rows, end } = cutPage(found, limit, ({ id }) => id);
    const arnOf = (grant: RetirableGrant) => call.keyring.arnOf({ accountId: grant.keyAccountId, id: grant.keyId });
    return { Grants: await grantDocuments(call.entities, rows, arnOf), ...end };
  },
});

async function retirable(call: KmsCall, arn: string, { after, limit }: { after: string; limit: number }) {
  return call.tables.grants.retirableBy(await meanings(call, arn), after, limit);
}

/** How the principal with this ARN stands in grants: by unique id, and by the ARN if it did not exist when the grant was made. */
async function meanings({ entities }: KmsCall, arn: string): Promise<readonly [string, string]> {
  const bound = await boundPrincipals(entities, [arn]);
  return [arn, bound(arn)];
}
