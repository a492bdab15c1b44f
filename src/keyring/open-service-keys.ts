import type { KeyringTables } from "../metadata/keyring/keyring.ts";
import type { ServiceUse } from "../sealing/data-keys.ts";
import type { CallersKeys } from "./callers-keys.ts";
import { DataKeyring } from "./data-keyring.ts";
import type { KeyringParts } from "./keyring.ts";
import { openKeyring } from "./open-keyring.ts";

type Surroundings = Pick<KeyringParts, "clock" | "random"> & { readonly fetch: typeof globalThis.fetch };

interface Parts extends Pick<KeyringParts, "sealers" | "region"> {
  /** Of the first database, without a guard. */
  readonly tables: KeyringTables;
}

/**
 * The data keys of services of the server's own, which write objects for nobody's request. Such a service has no policies, so only the policy of
 * the key, or a grant, lets it in: `kms:GenerateDataKey` for the principal `s3.amazonaws.com`, for example, with `aws:SourceArn` and
 * `aws:SourceAccount` as condition keys. Nothing of the configuration is read before somebody asks; what is wrong with it is thrown then.
 *
 * Follows "Granting Amazon S3 permission to use your customer managed key for encryption" in the Amazon S3 User Guide.
 */
export function openServiceKeys(
  env: Readonly<Record<string, unknown>>,
  surroundings: Surroundings,
): (parts: Parts) => (use: ServiceUse) => CallersKeys {
  return ({ tables, ...parts }) => {
    let keyring: DataKeyring | null = null;
    return (use) => {
      keyring ??= new DataKeyring(openKeyring(env, { ...surroundings, ...parts }), tables);
      return keyring.forService(use);
    };
  };
}
