import type { OwnPage } from "../../admin/serve-page.ts";
import { type KeyRing, rootKeyRing } from "../../auth/keys/ring.ts";
import { SigningKeyCache } from "../../auth/sigv4/signing-keys.ts";
import { RequestMetrics } from "../../edge/request-metrics.ts";
import type { StoreContext } from "../../store/context.ts";

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
  readonly metrics: RequestMetrics;
  /** By name below `/-/`. */
  readonly ownPages: ReadonlyMap<string, OwnPage>;
}

export interface Log {
  info(line: string): void;
  error(line: string): void;
}

/** Variables and secrets of the Worker that concern the front; docs/configuration.md explains each. */
export interface FrontVariables {
  SHERD_ACCESS_KEY_ID?: string;
  SHERD_SECRET_ACCESS_KEY?: string;
  SHERD_DOMAIN?: string;
  SHERD_LOG_REQUESTS?: string;
}

/** What `createFront` needs besides variables and the store. */
export interface FrontParts {
  log: Log;
  metrics?: RequestMetrics;
  ownPages?: ReadonlyMap<string, OwnPage>;
}

export function createFront(variables: FrontVariables, store: StoreContext, parts: FrontParts): Front {
  const { log, metrics = new RequestMetrics(), ownPages = new Map() } = parts;
  const domains = (variables.SHERD_DOMAIN ?? "").toLowerCase().split(",");
  return {
    store,
    keys: rootKeyRing(variables.SHERD_ACCESS_KEY_ID, variables.SHERD_SECRET_ACCESS_KEY),
    signingKeys: new SigningKeyCache(),
    baseDomains: domains.map((domain) => domain.trim()).filter((domain) => domain !== ""),
    logRequests: /^(1|true|yes)$/i.test(variables.SHERD_LOG_REQUESTS ?? ""),
    log,
    metrics,
    ownPages,
  };
}
