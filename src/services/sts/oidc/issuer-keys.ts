import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { fetchDocument, IssuerUnreachable, type Outbound } from "./fetch-document.ts";

/** How long keys are remembered, and how long they are used on if the issuer cannot be reached meanwhile. */
const FRESH_MS = 10 * 60_000;
const STALE_MS = 24 * 3_600_000;
/** A token with an unknown key id makes its issuer be asked again, but not more often than this. */
const ROTATION_PAUSE_MS = 30_000;
const ISSUERS_MAX = 100;

export type KeyResolver = ReturnType<typeof createLocalJWKSet>;

interface Remembered {
  readonly resolve: KeyResolver;
  readonly fetchedMs: number;
  /** When the issuer was asked last, whether or not it answered. */
  askedMs: number;
}

/** Key sets of issuers, found by discovery. One for each isolate. */
export class IssuerKeys {
  readonly #outbound: Outbound;
  readonly #remembered = new Map<string, Remembered>();

  constructor(outbound: Outbound) {
    this.#outbound = outbound;
  }

  /** The keys of an issuer. `isUnknown`: a token names a key that is not among those remembered. Throws `IssuerUnreachable`. */
  async of(issuer: string, { isUnknown }: { isUnknown: boolean }): Promise<KeyResolver> {
    const nowMs = this.#outbound.clock.now();
    const known = this.#remembered.get(issuer);
    if (known !== undefined) {
      const isFresh = nowMs < known.fetchedMs + FRESH_MS && !isUnknown;
      if (isFresh || nowMs < known.askedMs + ROTATION_PAUSE_MS) return known.resolve;
      known.askedMs = nowMs;
    }
    try {
      return this.#remember(issuer, createLocalJWKSet(await discoverKeys(this.#outbound, issuer)), nowMs);
    } catch (error) {
      if (known !== undefined && nowMs < known.fetchedMs + STALE_MS) return known.resolve;
      throw error instanceof IssuerUnreachable ? error : new IssuerUnreachable("no key set", { cause: error });
    }
  }

  #remember(issuer: string, resolve: KeyResolver, nowMs: number): KeyResolver {
    this.#remembered.delete(issuer);
    this.#remembered.set(issuer, { resolve, fetchedMs: nowMs, askedMs: nowMs });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > ISSUERS_MAX && oldest !== undefined) this.#remembered.delete(oldest);
    return resolve;
  }
}

/** Follows "OpenID Connect Discovery 1.0", sections 4 and 4.3: the document must name the issuer that it was asked for. */
async function discoverKeys(outbound: Outbound, issuer: string): Promise<JSONWebKeySet> {
  const document = await fetchDocument(outbound, `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { issuer: named, jwks_uri: uri } = document;
  if (named !== issuer) throw new IssuerUnreachable("a discovery document of another issuer");
  if (typeof uri !== "string" || !isAllowed(uri, issuer)) throw new IssuerUnreachable("no address of keys");
  return (await fetchDocument(outbound, uri)) as unknown as JSONWebKeySet;
}

/** HTTPS; plain HTTP if the issuer is an address of this machine, and the keys are there too. */
function isAllowed(uri: string, issuer: string): boolean {
  if (!URL.canParse(uri)) return false;
  const url = new URL(uri);
  return url.protocol === "https:" || (url.protocol === "http:" && url.origin === new URL(issuer).origin);
}
