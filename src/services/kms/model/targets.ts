import type { Ask } from "../../../auth/access.ts";
import type { ContextValue } from "../../../auth/policy/request.ts";
import type { KeyUse } from "../../../keyring/access.ts";
import { aliasArn, keyArn, missingKey, parseKeyName } from "../../../keyring/key-name.ts";
import type { HeldKmsKey, KeyName } from "../../../metadata/keyring/keys.ts";
import type { KmsCall } from "./call.ts";
import { kmsError, notFound } from "./errors.ts";

/** A key as a request names it, whether it exists or not: permission comes first. */
export interface KeyTarget {
  readonly name: KeyName;
  /** The account that the name is of. */
  readonly accountId: string;
  readonly held: HeldKmsKey | null;
}

/** What an operation takes as a key's name. */
export interface Naming {
  /** Aliases too. */
  readonly aliases?: boolean;
  /** Keys of other accounts too, by their ARNs. */
  readonly acrossAccounts?: boolean;
}

/** The key of one or several names, in one round trip. Throws NotFoundException for what is no name of a key. */
export async function findKeys(call: KmsCall, texts: readonly string[], naming: Naming): Promise<KeyTarget[]> {
  const place = { accountId: call.accountId, region: call.keyring.region };
  const names = texts.map((text) => {
    const parsed = parseKeyName(text, place);
    if (!parsed.ok) throw notFound(parsed.message);
    if (parsed.name.kind === "alias" && !naming.aliases) throw notFound(`Invalid keyId '${text.slice(0, 256)}'`);
    return { name: parsed.name, accountId: parsed.accountId ?? call.accountId };
  });
  const held = await call.tables.keys.findAll(names.map(({ name }) => name));
  return names.map(({ name, accountId }, index) => {
    const found = held[index] ?? null;
    const isReached = found?.key.accountId === accountId && (naming.acrossAccounts || accountId === call.accountId);
    return { name, accountId, held: isReached ? found : null };
  });
}

/** What is asked for a key. One that does not exist has an ARN all the same, and no policy but the caller's own. */
export function askFor(call: KmsCall, { name, accountId, held }: KeyTarget, use: Omit<KeyUse, "region">): Ask {
  const { region } = call.keyring;
  if (held !== null) {
    const requestAlias = name.kind === "alias" ? name.name : undefined;
    return call.keyring.access.ask(held, call.caller.principal, { requestAlias, ...use, region });
  }
  const resource =
    name.kind === "id" ? keyArn({ accountId, id: name.id }, region) : aliasArn(accountId, name.name, region);
  return { action: use.action, resource, resourceAccountId: accountId };
}

/** The key. Throws NotFoundException: the caller may know. */
export function requireKey(call: KmsCall, { name, accountId, held }: KeyTarget): HeldKmsKey {
  if (held === null) throw notFound(missingKey(name, { accountId, region: call.keyring.region }));
  return held;
}

/** What is asked for something that is no one key. */
export function askForAll(action: string, more: ReadonlyMap<string, ContextValue> = new Map()): Ask {
  return { action, resource: "*", resourceAccountId: null, context: (key) => more.get(key) };
}

/** Throws KMSInvalidStateException for a key that is to be deleted. */
export function requireNotPending({ key }: HeldKmsKey, call: KmsCall): void {
  if (key.state !== "PendingDeletion") return;
  throw kmsError("KMSInvalidStateException", `${call.keyring.arnOf(key)} is pending deletion.`);
}
