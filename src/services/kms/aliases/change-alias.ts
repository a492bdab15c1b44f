import type { Ask } from "../../../auth/access.ts";
import { aliasArn, isAliasName } from "../../../keyring/key-name.ts";
import { keyringLimits } from "../../../keyring/limits.ts";
import { TakenError } from "../../../metadata/database.ts";
import {
  type AliasRow,
  insertAlias,
  moveAlias,
  deleteAlias as removeAlias,
} from "../../../metadata/keyring/aliases.ts";
import type { HeldKmsKey } from "../../../metadata/keyring/keys.ts";
import { required } from "../../../protocols/aws-json/fields.ts";
import type { KmsCall } from "../model/call.ts";
import { kmsError, notFound } from "../model/errors.ts";
import * as fields from "../model/fields.ts";
import { askFor, findKeys, type KeyTarget, requireKey, requireNotPending } from "../model/targets.ts";
import { operation } from "../operation.ts";

/** CreateAlias: allowed on the alias and on the key. */
export const createAlias = operation({
  fields: { AliasName: required(fields.aliasName), TargetKeyId: required(fields.keyId) },
  target: (call, { TargetKeyId }) => targetKey(call, TargetKeyId),
  asks: (call, { AliasName }, { target, action }) => [
    askForAlias(call, AliasName, action),
    askFor(call, target, { action }),
  ],
  async run(call, { AliasName: name }, target) {
    requireAliasName(name);
    const held = requireKey(call, target);
    requireNotPending(held, call);
    requireRoom(held);
    const { accountId, nowMs } = call;
    const alias = { accountId, name, keyId: held.key.id, createdMs: nowMs };
    try {
      await call.change({ id: accountId, epoch: held.epoch }, [insertAlias(alias)]);
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
      const arn = aliasArn(accountId, name, call.keyring.region);
      throw kmsError("AlreadyExistsException", `An alias with the name ${arn} already exists`);
    }
    return null;
  },
});

/** UpdateAlias: allowed on the alias, on its present key and on the new one. */
export const updateAlias = operation({
  fields: { AliasName: required(fields.aliasName), TargetKeyId: required(fields.keyId) },
  async target(call, { AliasName, TargetKeyId }) {
    const [present, next] = await Promise.all([presentKey(call, AliasName), targetKey(call, TargetKeyId)]);
    return { present, next };
  },
  asks: (call, { AliasName }, { target: { present, next }, action }) => [
    askForAlias(call, AliasName, action),
    ...(present.held === null ? [] : [askFor(call, present, { action })]),
    askFor(call, next, { action }),
  ],
  async run(call, { AliasName: name }, { present, next }) {
    requireAliasName(name);
    if (present.held === null) throw missingAlias(call, name);
    const held = requireKey(call, next);
    requireNotPending(held, call);
    if (present.held.key.id === held.key.id) return null;
    requireRoom(held);
    const moved = { accountId: call.accountId, name, keyId: held.key.id, updatedMs: call.nowMs };
    // Both were read side by side: what was allowed on the present key must still be the present one.
    const epoch = Math.min(present.held.epoch, held.epoch);
    await call.change({ id: call.accountId, epoch }, [moveAlias(moved)]);
    return null;
  },
});

/** DeleteAlias: allowed on the alias and on its key, which stays. */
export const deleteAlias = operation({
  fields: { AliasName: required(fields.aliasName) },
  target: (call, { AliasName }) => presentKey(call, AliasName),
  asks: (call, { AliasName }, { target, action }) => [
    askForAlias(call, AliasName, action),
    ...(target.held === null ? [] : [askFor(call, target, { action })]),
  ],
  async run(call, { AliasName: name }, { held }) {
    requireAliasName(name);
    if (held === null) throw missingAlias(call, name);
    await call.change({ id: call.accountId, epoch: held.epoch }, [removeAlias({ accountId: call.accountId, name })]);
    return null;
  },
});

async function targetKey(call: KmsCall, text: string): Promise<KeyTarget> {
  const [target] = await findKeys(call, [text], {});
  return target as KeyTarget;
}

async function presentKey(call: KmsCall, name: string): Promise<KeyTarget> {
  const { accountId } = call;
  const keyName = { kind: "alias", accountId, name } as const;
  return { name: keyName, accountId, held: await call.tables.keys.find(keyName) };
}

function askForAlias({ keyring, accountId }: KmsCall, name: AliasRow["name"], action: string): Ask {
  return { action, resource: aliasArn(accountId, name, keyring.region), resourceAccountId: accountId };
}

function requireAliasName(name: string): void {
  if (!isAliasName(name))
    throw kmsError(
      "InvalidAliasNameException",
      'Alias must start with the prefix "alias/" and have letters, digits, /, _ and - behind it.',
    );
  if (!name.startsWith("alias/aws/")) return;
  throw kmsError("InvalidAliasNameException", "Aliases that begin with alias/aws/ are reserved.");
}

function requireRoom({ aliases }: HeldKmsKey): void {
  if (aliases.length < keyringLimits.aliasesPerKey) return;
  throw kmsError("LimitExceededException", `A key may have ${keyringLimits.aliasesPerKey} aliases at the most.`);
}

function missingAlias({ accountId, keyring }: KmsCall, name: string) {
  return notFound(`Alias ${aliasArn(accountId, name, keyring.region)} is not found.`);
}
