import type { KeyRing } from "../access/keys.ts";
import type { SigningKeyCache } from "../sigv4/signing-keys.ts";
import type { StoreContext } from "../store/context.ts";

/** All that the S3 front works with. Built once an isolate, in `src/index.ts`, or by a test. */
export interface Front {
  readonly store: StoreContext;
  /** Null while the server has no root key: every request is answered 503. */
  readonly keys: KeyRing | null;
  readonly signingKeys: SigningKeyCache;
  /** Lower case. A request to `<bucket>.<one of these>` is virtual-hosted-style. */
  readonly baseDomains: readonly string[];
  /** One line a request. */
  readonly logRequests: boolean;
  readonly log: Log;
  /** Whether the metadata database answers. */
  isHealthy(): Promise<boolean>;
}

export interface Log {
  info(line: string): void;
  error(line: string): void;
}
