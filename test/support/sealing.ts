import { randomBytes } from "node:crypto";
import type { RandomBytes } from "../../src/base/random.ts";
import { nodeBlocks } from "../../src/sealing/block-crypto.ts";
import { noDataKeys } from "../../src/sealing/data-keys.ts";
import { rootSealer } from "../../src/sealing/root-sealer.ts";
import { noSealing, type Sealing } from "../../src/sealing/sealing.ts";

export const TEST_ROOT_KEY = "a root key that only tests know, of 52 characters ok";

/** Everything is encrypted. */
export const sealed = sealedWith((count) => new Uint8Array(randomBytes(count)), [TEST_ROOT_KEY]);

function sealedWith(random: RandomBytes, rootKeys: readonly string[]): Sealing {
  return { sealer: rootSealer(rootKeys, random), dataKeys: noDataKeys, blocks: nodeBlocks, byDefault: true };
}

/** What a store of a test encrypts with, by default. With SHERD_TEST_PLAIN=1 nothing is encrypted, as in installations of old. */
export function testSealing(random: RandomBytes, rootKeys: readonly string[] = [TEST_ROOT_KEY]): Sealing {
  return process.env.SHERD_TEST_PLAIN === "1" ? noSealing : sealedWith(random, rootKeys);
}
