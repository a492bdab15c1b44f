import type { RandomBytes } from "../base/random.ts";
import { subtleBlocks } from "./block-crypto.ts";
import type { DataKeys } from "./data-keys.ts";
import { rootSealer, type Sealer } from "./root-sealer.ts";
import type { Sealing } from "./sealing.ts";

/** Variables of the Worker; docs/configuration.md explains each. */
export interface SealingVariables {
  SHERD_ROOT_KEYS?: string;
  SHERD_ENCRYPTION?: string;
}

const CHARACTERS_MIN = 32;
const CHARACTERS_MAX = 512;

/** The sealer of the deployment's root keys; null: it has none. Throws an `Error` that says what to fix, and no part of a key. */
export function readRootSealer({ SHERD_ROOT_KEYS: text = "" }: SealingVariables, random: RandomBytes): Sealer | null {
  const secrets = text
    .split(",")
    .map((secret) => secret.trim())
    .filter((secret) => secret !== "");
  const isGood = (secret: string) => secret.length >= CHARACTERS_MIN && secret.length <= CHARACTERS_MAX;
  if (!secrets.every(isGood)) {
    throw new Error(
      `SHERD_ROOT_KEYS: each key has ${CHARACTERS_MIN} to ${CHARACTERS_MAX} characters, and commas are between them`,
    );
  }
  if (new Set(secrets).size < secrets.length) throw new Error("SHERD_ROOT_KEYS names a key twice");
  return secrets.length === 0 ? null : rootSealer(secrets, random);
}

/** What a store of the deployment seals with. Throws as `readRootSealer`. */
export function readSealing(
  variables: SealingVariables,
  { random, dataKeys }: { random: RandomBytes; dataKeys: DataKeys },
): Sealing {
  const sealer = readRootSealer(variables, random);
  return { sealer, dataKeys, blocks: subtleBlocks, byDefault: isOnByDefault(variables.SHERD_ENCRYPTION ?? "", sealer) };
}

function isOnByDefault(text: string, sealer: Sealer | null): boolean {
  switch (text) {
    case "":
      return sealer !== null;
    case "off":
      return false;
    case "AES256":
      if (sealer === null) throw new Error("SHERD_ENCRYPTION is AES256, which needs a key in SHERD_ROOT_KEYS");
      return true;
    default:
      throw new Error(`SHERD_ENCRYPTION is AES256 or off, not ${JSON.stringify(text.slice(0, 40))}`);
  }
}
