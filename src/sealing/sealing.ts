import { type BlockCrypto, subtleBlocks } from "./block-crypto.ts";
import { type DataKeys, noDataKeys } from "./data-keys.ts";
import type { Sealer } from "./root-sealer.ts";

/** What a store seals bodies with. */
export interface Sealing {
  /** Root secrets of the deployment; null: there are none, so nothing can be sealed under them. */
  readonly sealer: Sealer | null;
  /** For whoever makes the request. */
  readonly dataKeys: DataKeys;
  /** What encrypts blocks. */
  readonly blocks: BlockCrypto;
  /** New objects are encrypted with SSE-S3 where neither the request nor the bucket says how. */
  readonly byDefault: boolean;
}

/** Nothing is sealed. */
export const noSealing: Sealing = { sealer: null, dataKeys: noDataKeys, blocks: subtleBlocks, byDefault: false };
