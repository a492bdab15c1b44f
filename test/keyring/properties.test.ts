import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decryptUnder, encryptUnder } from "../../src/keyring/cipher.ts";
import { formatCiphertext, parseCiphertext } from "../../src/keyring/ciphertext.ts";
import { canonicalContext } from "../../src/keyring/encryption-context.ts";
import { parseKeyName } from "../../src/keyring/key-name.ts";

const random = (count: number) => new Uint8Array(randomBytes(count));
const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const contexts = fc.dictionary(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  { maxKeys: 5 },
);

describe("the cipher", () => {
  it("opens what it sealed, under the same material and with the same additional data", () => {
    fc.assert(
      fc.property(
        bytes(4_096),
        bytes(64),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (plain, additional, material) => {
          const sealed = encryptUnder(material, { plain, additional }, random);
          expect(decryptUnder(material, { sealed, additional })).toEqual(plain);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("opens nothing that was changed", () => {
    fc.assert(
      fc.property(bytes(64), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, place, mask) => {
        const material = random(32);
        const sealed = encryptUnder(material, { plain, additional: plain }, random);
        const at = place % sealed.length;
        sealed[at] = (sealed[at] as number) ^ mask;
        expect(decryptUnder(material, { sealed, additional: plain })).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  it("has the format of docs/kms.md", () => {
    const material = Uint8Array.from({ length: 32 }, (_, index) => index);
    const fixed = (count: number) => Uint8Array.from({ length: count }, (_, index) => 255 - index);
    const parts = { plain: new TextEncoder().encode("Sherd"), additional: canonicalContext({ b: "2", a: "1" }) };
    expect(Buffer.from(encryptUnder(material, parts, fixed)).toString("hex")).toBe(
      "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedecebeae9e8e7e6e5e44fe2bcae689d652337a315069e1a8182331d1a2a0d",
    );
  });
});

describe("encryption contexts", () => {
  it("have one form, whatever the order, and no two have the same", () => {
    fc.assert(
      fc.property(contexts, contexts, (one, other) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse());
        expect(canonicalContext(reversed)).toEqual(canonicalContext(one));
        const sorted = (context: object) => JSON.stringify(Object.entries(context).sort());
        const isSame = Buffer.from(canonicalContext(one)).equals(canonicalContext(other));
        expect(isSame).toBe(sorted(one) === sorted(other));
      }),
      { numRuns: 200 },
    );
  });
});

describe("ciphertexts", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 64 }), (keyId, material, sealed) => {
        expect(parseCiphertext(formatCiphertext({ keyId, material, sealed }))).toEqual({ keyId, material, sealed });
      }),
      { numRuns: 50 },
    );
  });

  it("are refused if they are none, and never throw", () => {
    fc.assert(
      fc.property(bytes(128), (blob) => {
        const parsed = parseCiphertext(blob);
        if (parsed !== null) expect(formatCiphertext(parsed)).toEqual(blob);
      }),
    );
  });
});

describe("names of keys", () => {
  it("never throw, and reach another account by an ARN alone", () => {
    const place = { accountId: "100000000001", region: "us-east-1" };
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseKeyName(text, place);
        if (parsed.ok) expect(parsed.accountId === place.accountId || text.startsWith("arn:aws:kms:")).toBe(true);
      }),
    );
  });
});
