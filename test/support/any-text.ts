import fc from "fast-check";

const SURROGATES_START = 0xd800;
const SURROGATES_COUNT = 0x800;

/** Any character of Unicode but U+0000, which no key may have. Every other one is ASCII. */
const anyCharacter = fc.oneof(
  fc.integer({ min: 1, max: 0x7f }).map((code) => String.fromCodePoint(code)),
  fc
    .integer({ min: 0x80, max: 0x10ffff - SURROGATES_COUNT })
    .map((code) => String.fromCodePoint(code < SURROGATES_START ? code : code + SURROGATES_COUNT)),
);

/** Any well-formed text. `fc.string({ unit: "binary" })` would build a table of all of Unicode, which takes a second each time. */
export function anyText(lengths: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: anyCharacter, ...lengths });
}
