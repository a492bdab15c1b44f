import { GuardError, TakenError } from "../metadata/database.ts";
import { insertAlias } from "../metadata/keyring/aliases.ts";
import type { KeyringTables } from "../metadata/keyring/keyring.ts";
import { type HeldKmsKey, insertKmsKey, insertMaterial, type KmsKeyRow } from "../metadata/keyring/keys.ts";
import { type KeyService, managedKeyPolicy } from "./default-policies.ts";
import type { Keyring } from "./keyring.ts";
import { newKeyId } from "./new-key.ts";

/** The alias of the key that a service makes for each account that uses SSE-KMS and names this one, or in S3 none. */
export function managedAlias(service: KeyService): string {
  return `alias/aws/${service}`;
}

const DESCRIPTIONS: Readonly<Record<KeyService, string>> = {
  s3: "Default key that protects my S3 objects when no other key is defined",
  sqs: "Default key that protects my SQS messages when no other key is defined",
};
const ATTEMPTS_MAX = 20;

/**
 * An account's key for a service, made if there is none: key, material and alias in one batch. Isolates that make it at the same time end up with the
 * same one. Null: there is no such account, or it is being changed all the time.
 */
export async function managedKey(
  { tables, keyring }: { tables: KeyringTables; keyring: Keyring },
  { service, accountId }: { service: KeyService; accountId: string },
): Promise<HeldKmsKey | null> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const found = await tables.keys.find({ kind: "alias", accountId, name: managedAlias(service) });
    if (found !== null) return found;
    const epoch = await tables.epoch(accountId);
    if (epoch === null) return null;
    const nowMs = keyring.clock.now();
    const key = newManagedKey(keyring, { service, accountId, createdMs: nowMs });
    const material = keyring.materials.make({ keyId: key.id, number: 1, createdMs: nowMs, rotation: null });
    const alias = { accountId, name: managedAlias(service), keyId: key.id, createdMs: nowMs };
    const statements = [...insertKmsKey(key), insertMaterial(material), insertAlias(alias)];
    try {
      await tables.change({ id: accountId, seen: epoch, nowMs }, statements);
    } catch (error) {
      const isRace = error instanceof TakenError || (error instanceof GuardError && error.guard === "access_changed");
      if (!isRace) throw error;
    }
  }
  return null;
}

function newManagedKey(
  { random, region }: Keyring,
  { service, accountId, createdMs }: { service: KeyService; accountId: string; createdMs: number },
): KmsKeyRow {
  return {
    id: newKeyId(random),
    accountId,
    manager: "AWS",
    state: "Enabled",
    createdMs,
    description: DESCRIPTIONS[service],
    policy: managedKeyPolicy(service, { accountId, region }),
    tags: [],
    material: 1,
    ...{ externalStore: null, externalKey: null },
    ...{ rotationDays: null, rotationMs: null, deletionMs: null, deletionDays: null, condemnedMs: null },
  };
}
