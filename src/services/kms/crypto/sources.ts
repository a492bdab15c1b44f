import type { Ask } from "../../../auth/access.ts";
import type { KeyUse } from "../../../keyring/access.ts";
import { type Ciphertext, parseCiphertext } from "../../../keyring/ciphertext.ts";
import type { HeldKmsKey } from "../../../metadata/keyring/keys.ts";
import { JsonError } from "../../../protocols/aws-json/error.ts";
import type { EncryptionContext } from "../../../sealing/data-keys.ts";
import type { KmsCall } from "../model/call.ts";
import { invalidParameter, kmsError } from "../model/errors.ts";
import { askFor, findKeys, type KeyTarget, requireKey } from "../model/targets.ts";

/** Something encrypted, and the key that did it. */
export interface Source {
  /** Null: a dry run that asks for the key alone. */
  readonly ciphertext: Ciphertext | null;
  /** The key that the ciphertext names; or the one that the request names, for such a dry run. */
  readonly key: KeyTarget;
  /** The request names the key itself. */
  readonly isNamed: boolean;
}

export interface SourceInput {
  readonly blob: Uint8Array | undefined;
  /** The key that the request names; it must be the one that the ciphertext names. */
  readonly keyId: string | undefined;
  readonly dryRun: boolean | undefined;
  readonly modifiers: readonly string[] | undefined;
}

/**
 * Finds the key of a ciphertext, which names it. Throws InvalidCiphertextException for what is none.
 */
export async function findSource(call: KmsCall, { blob, keyId, dryRun, modifiers }: SourceInput): Promise<Source> {
  const naming = { aliases: true, acrossAccounts: true };
  if (blob === undefined) {
    const isForKeyAlone = dryRun === true && modifiers?.includes("IGNORE_CIPHERTEXT") && keyId !== undefined;
    if (!isForKeyAlone) throw invalidParameter("CiphertextBlob must be given.");
    const [key] = await findKeys(call, [keyId], naming);
    return { ciphertext: null, key: key as KeyTarget, isNamed: true };
  }
  const ciphertext = parseCiphertext(blob);
  if (ciphertext === null) throw kmsError("InvalidCiphertextException", "");
  const name = { kind: "id", id: ciphertext.keyId } as const;
  if (keyId === undefined) {
    const held = await call.tables.keys.find(name);
    return { ciphertext, key: { name, accountId: held?.key.accountId ?? call.accountId, held }, isNamed: false };
  }
  const [named] = await findKeys(call, [keyId], naming);
  return { ciphertext, key: named as KeyTarget, isNamed: true };
}

/** What is asked for the source. A key that is not there, or of somebody else, is not told from one that must not be used. */
export function askForSource(
  call: KmsCall,
  { key, isNamed }: Source,
  use: Omit<KeyUse, "region"> & { readonly encryptionContext: EncryptionContext },
): Ask {
  const ask = askFor(call, key, use);
  const isHidden = !isNamed && (key.held === null || key.accountId !== call.accountId);
  if (isHidden && !call.caller.decide(ask).allowed) throw hidden();
  return ask;
}

/** The key, for those who may use it. Throws IncorrectKeyException if the request names another one than the ciphertext. */
export function requireSourceKey(call: KmsCall, { ciphertext, key, isNamed }: Source): HeldKmsKey {
  if (isNamed) {
    const held = requireKey(call, key);
    if (ciphertext === null || held.key.id === ciphertext.keyId) return held;
    const message = "The key ID in the request does not identify a CMK that can perform this operation.";
    throw kmsError("IncorrectKeyException", message);
  }
  if (key.held === null) throw hidden();
  return key.held;
}

function hidden(): JsonError {
  return new JsonError(
    "AccessDeniedException",
    400,
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.",
  );
}
