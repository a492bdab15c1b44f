import type { Caller } from "../auth/access.ts";
import type { KeyringTables } from "../metadata/keyring/keyring.ts";
import type { ServiceUse } from "../sealing/data-keys.ts";
import { BucketKeys } from "./bucket-keys.ts";
import { CallersKeys, type SharedKeys } from "./callers-keys.ts";
import type { KeyService } from "./default-policies.ts";
import { KeyMemory } from "./key-memory.ts";
import type { Keyring } from "./keyring.ts";
import { serviceCaller } from "./service-caller.ts";

/**
 * The data keys that S3 asks of the KMS. One an isolate: it remembers keys and bucket keys. For each request:
 *
 *     const keys = dataKeyring.forCaller(caller);
 *     store = { ...guardedStore(store, keys.guard), sealing: { ...store.sealing, dataKeys: keys } };
 */
export class DataKeyring {
  readonly #shared: SharedKeys;

  /** `tables`: of the first database, without a guard. */
  constructor(keyring: Keyring, tables: KeyringTables) {
    this.#shared = { keyring, tables, memory: new KeyMemory(), bucketKeys: new BucketKeys(keyring.clock) };
  }

  /** The data keys of one request; its `guard` takes the place of the caller's. */
  forCaller(caller: Caller, service: KeyService = "s3"): CallersKeys {
    return new CallersKeys(this.#shared, { caller, service, via: service });
  }

  /** The same for a service of the server's own. */
  forService(use: ServiceUse): CallersKeys {
    const { clock } = this.#shared.keyring;
    return new CallersKeys(this.#shared, {
      ...{ caller: serviceCaller(use, () => clock.now()), accountId: use.accountId },
      ...{ service: use.via ?? "s3", via: use.via, isFresh: use.via !== undefined },
    });
  }
}
