import type { RandomBytes } from "../../base/random.ts";
import { rootSealer, type Sealer } from "../../sealing/root-sealer.ts";
import type { RingParts } from "./ring.ts";
import { AccountKeyRing } from "./ring.ts";
import { rootKey } from "./root-key.ts";
import { Sessions } from "./sessions.ts";

/** Secrets of the Worker; docs/configuration.md explains each. */
export interface KeyVariables {
  SHERD_ACCESS_KEY_ID?: string;
  SHERD_SECRET_ACCESS_KEY?: string;
  SHERD_PREVIOUS_SECRET_ACCESS_KEY?: string;
}

/** All keys of the deployment, and what seals their secrets. */
export interface Keys {
  readonly ring: AccountKeyRing;
  readonly sealer: Sealer;
  readonly sessions: Sessions;
}

/** Null if the Worker has no key of its own: then nobody can be authenticated, and nothing sealed. */
export function openKeys(
  variables: KeyVariables,
  parts: Pick<RingParts, "identities"> & { random: RandomBytes; log: { error(line: string): void } },
): Keys | null {
  const root = rootKey(variables.SHERD_ACCESS_KEY_ID, variables.SHERD_SECRET_ACCESS_KEY);
  const { identities, random, log } = parts;
  const sealer = openSealer(variables, random);
  if (root === null || sealer === null) return null;
  const sessions = new Sessions(sealer, random);
  const onUnreadable = (id: string) =>
    log.error(
      `the secret of key ${id} was sealed under another root secret: set SHERD_PREVIOUS_SECRET_ACCESS_KEY to that one`,
    );
  return { ring: new AccountKeyRing({ root, sealer, sessions, identities, onUnreadable }), sealer, sessions };
}

/** What seals with the Worker's own secret key; null without one. */
export function openSealer(
  { SHERD_SECRET_ACCESS_KEY: secret, SHERD_PREVIOUS_SECRET_ACCESS_KEY: previous }: KeyVariables,
  random: RandomBytes,
): Sealer | null {
  return secret ? rootSealer(previous ? [secret, previous] : [secret], random) : null;
}
