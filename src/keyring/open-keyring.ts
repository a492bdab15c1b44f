import { readKmsStores } from "./external/read-stores.ts";
import { Keyring, type KeyringParts } from "./keyring.ts";

/** The keyring of the Worker, with the stores of SHERD_KMS_STORES. Throws an `Error` that says what to change. */
export function openKeyring(
  env: Readonly<Record<string, unknown>>,
  { fetch, ...parts }: Omit<KeyringParts, "external"> & { readonly fetch: typeof globalThis.fetch },
): Keyring {
  return new Keyring({ ...parts, external: readKmsStores(env, { fetch }) });
}
