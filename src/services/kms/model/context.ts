import { contextSizeBytes } from "../../../keyring/encryption-context.ts";
import { keyringLimits } from "../../../keyring/limits.ts";
import type { EncryptionContext } from "../../../sealing/data-keys.ts";
import { invalidParameter } from "./errors.ts";

/** The pairs of an EncryptionContext. Throws ValidationException if they are too many bytes. */
export function contextFrom(pairs: ReadonlyMap<string, string> | undefined): EncryptionContext {
  const context = Object.fromEntries(pairs ?? []);
  if (contextSizeBytes(context) > keyringLimits.contextBytes) throw invalidParameter("Encryption context is too long.");
  return context;
}
