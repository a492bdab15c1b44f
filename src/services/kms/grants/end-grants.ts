import { deleteGrant, type GrantRow } from "../../../metadata/keyring/grants.ts";
import { required } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { requireDryRunEnds } from "../model/dry-run.ts";
import { invalidParameter, kmsError, notFound } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { grantIdOf } from "../model/grant-tokens.ts";
import { askFor, findKeys, type KeyTarget, requireKey } from "../model/targets.ts";
import { keyOperation, operation } from "../operation.ts";

/** RevokeGrant: by those who manage the key. */
export const revokeGrant = keyOperation({
  fields: { GrantId: required(fields.grantId), DryRun: fields.dryRun },
  naming: { acrossAccounts: true },
  async run(call, { GrantId, DryRun }, { key, grants, epoch }) {
    if (!grants.some(({ id }) => id === GrantId)) throw missingGrant(GrantId);
    requireDryRunEnds(DryRun);
    await call.change({ id: key.accountId, epoch }, [deleteGrant(GrantId)]);
    return null;
  },
});

interface GrantTarget {
  readonly key: KeyTarget;
  readonly grant: GrantRow | null;
}

/** RetireGrant: by the grant's retiring principal, by its grantee if the grant says so, and by whom policies let. */
export const retireGrant = operation({
  fields: { GrantToken: fields.grantToken, KeyId: fields.keyId, GrantId: fields.grantId, DryRun: fields.dryRun },
  async target(call, { GrantToken, KeyId, GrantId }): Promise<GrantTarget> {
    if (GrantToken !== undefined) return byToken(call, grantIdOf(GrantToken));
    if (KeyId === undefined || GrantId === undefined) {
      throw invalidParameter("A grant token, or a key ARN and a grant ID must be given.");
    }
    const [key] = await findKeys(call, [KeyId], { acrossAccounts: true });
    return { key: key as KeyTarget, grant: key?.held?.grants.find(({ id }) => id === GrantId) ?? null };
  },
  asks: (call, _input, { target: { key, grant }, action }) => {
    if (key.held === null || grant === null) return [askFor(call, key, { action })];
    // Only this grant may say who retires it.
    const retiring =
      grant.retiring === null ? [] : [{ ...grant, grantee: grant.retiring, operations: ["RetireGrant"] }];
    const grants = [grant, ...retiring].map((one) => ({ ...one, constraints: null }));
    return [askFor(call, { ...key, held: { ...key.held, grants } }, { action })];
  },
  async run(call, { GrantId = "", DryRun }, { key, grant }) {
    const held = requireKey(call, key);
    if (grant === null) throw missingGrant(GrantId);
    requireDryRunEnds(DryRun);
    await call.change({ id: held.key.accountId, epoch: held.epoch }, [deleteGrant(grant.id)]);
    return null;
  },
});

async function byToken(call: KmsCall, grantId: string): Promise<GrantTarget> {
  const grant = await call.tables.grants.find(grantId);
  const name = { kind: "id", id: grant?.keyId ?? "" } as const;
  const held = grant === null ? null : await call.tables.keys.find(name);
  if (grant === null || held === null) throw kmsError("InvalidGrantTokenException", "A grant token is not valid.");
  return { key: { name, accountId: held.key.accountId, held }, grant };
}

function missingGrant(id: string) {
  return notFound(`Grant ID ${id} not found`);
}
