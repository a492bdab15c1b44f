import { nodeBlocks } from "../../src/sealing/block-crypto.ts";
import { noDataKeys } from "../../src/sealing/data-keys.ts";
import { rootSealer } from "../../src/sealing/root-sealer.ts";
import { noSealing, type Sealing } from "../../src/sealing/sealing.ts";
import type { RandomBytes } from "../../src/base/random.ts";

export const TEST_ROOT_KEY = "a root key that only tests know, of 52 characters ok";

/** What a store of a test encrypts with, by default. With SHERD_TEST_PLAIN=1 nothing is encrypted, as in installations of old. */
export function testSealing(random: RandomBytes): Sealing {
  if (process.env.SHERD_TEST_PLAIN === "1") return noSealing;
  return { sealer: rootSealer([TEST_ROOT_KEY], random), dataKeys: noDataKeys, blocks: nodeBlocks, byDefault: true };
}
