import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { blockBinding } from "../../src/sealing/block-binding.ts";
import { nodeBlocks, subtleBlocks } from "../../src/sealing/block-crypto.ts";
import { ObjectKey } from "../../src/sealing/object-key.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));
const bodyId = new Uint8Array(16).fill(7);
const asText = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
const text = (value: string) => new TextEncoder().encode(value);

describe.each([1, 2] as const)("a body of %d layers", (layers) => {
  const key = ObjectKey.fresh(random, layers);

  test.each([subtleBlocks, nodeBlocks])("is opened by either crypto", async (blocks) => {
    const sealing = await key.cipherOf(bodyId, 10, blocks);
    const [first, second] = [await sealing.seal(0, text("first")), await sealing.seal(1, text("secon"))];
    for (const other of [subtleBlocks, nodeBlocks]) {
      const opening = await key.cipherOf(bodyId, 10, other);
      expect(asText(await opening.open(0, first))).toBe("first");
      expect(asText(await opening.open(1, second))).toBe("secon");
    }
  });

  test("does not open in another order, at another size, as another body, or altered", async () => {
    const sealing = await key.cipherOf(bodyId, 10, nodeBlocks);
    const block = await sealing.seal(0, text("first"));
    expect(await sealing.open(1, block)).toBeNull();
    expect(await (await key.cipherOf(bodyId, 11, nodeBlocks)).open(0, block)).toBeNull();
    expect(await (await key.cipherOf(random(16), 10, nodeBlocks)).open(0, block)).toBeNull();
    expect(await (await ObjectKey.fresh(random, layers).cipherOf(bodyId, 10, nodeBlocks)).open(0, block)).toBeNull();
    for (const blocks of [nodeBlocks, subtleBlocks]) {
      const opening = await key.cipherOf(bodyId, 10, blocks);
      for (let at = 0; at < block.length; at++) {
        const altered = Uint8Array.from(block);
        altered[at] = (altered[at] as number) ^ 1;
        expect(await opening.open(0, altered)).toBeNull();
      }
      for (let length = 0; length < block.length; length++) {
        expect(await opening.open(0, block.subarray(0, length))).toBeNull();
      }
    }
  });

  test("uses each nonce once", async () => {
    const sealing = await key.cipherOf(bodyId, 10, nodeBlocks);
    await sealing.seal(3, text("x"));
    await expect(sealing.seal(3, text("y"))).rejects.toThrow(/sealed before/);
    await expect(sealing.seal(2, text("y"))).rejects.toThrow(/sealed before/);
    const nonces = Array.from({ length: 1000 }, (_, block) => `${blockBinding(bodyId, 10, block * 2 ** 30).nonce}`);
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  test("that is kept whole opens whole", () => {
    const sealed = key.sealBytes(text("a small body"), random);
    expect(sealed.length).toBe(12 + key.sealedOverheadBytes);
    expect(new Uint8Array(key.openBytes(sealed) ?? [])).toEqual(text("a small body"));
    expect(Buffer.from(sealed).includes("small")).toBe(false);
    expect(key.sealBytes(text("a small body"), random)).not.toEqual(sealed);
    for (let at = 0; at < sealed.length; at++) {
      const altered = Uint8Array.from(sealed);
      altered[at] = (altered[at] as number) ^ 0x80;
      expect(key.openBytes(altered)).toBeNull();
      expect(key.openBytes(sealed.subarray(0, at))).toBeNull();
    }
  });
});

test("a key shows itself to nobody", () => {
  const bytes = random(32);
  const key = new ObjectKey(bytes);
  const shown = `${JSON.stringify({ key })} ${inspect(key, { depth: 5, showHidden: true })} ${String(key)}`;
  for (const form of [
    Buffer.from(bytes).toString("hex"),
    Buffer.from(bytes).toString("base64"),
    [...bytes].join(", "),
  ]) {
    expect(shown).not.toContain(form);
  }
});
