import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeWords, encodeWord } from "../../../../src/services/s3/objects/encoded-word.ts";
import { anyText } from "../../../support/any-text.ts";

it.each([
  ["plain", "plain"],
  ["=?UTF-8?B?w6TDtsO8?=", "äöü"],
  ["=?utf-8?b?w6TDtsO8?=", "äöü"],
  ["=?UTF-8?Q?=C3=A4_=5F?=", "ä _"],
  ["=?ISO-8859-1?Q?caf=E9?=", "café"],
  ["=?UTF-8?B?w6TDtg==?= =?UTF-8?B?w7w=?=", "äöü"],
  // Not encoded words, or none that can be read: kept as they are.
  ["a =?UTF-8?B?w6TDtsO8?=", "a =?UTF-8?B?w6TDtsO8?="],
  ["=?UTF-8?B?***?=", "=?UTF-8?B?***?="],
  ["=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="],
  ["=?KOI8-R?B?w6Q=?=", "=?KOI8-R?B?w6Q=?="],
  ["=?UTF-8?Q?=ZZ?=", "=?UTF-8?Q?=ZZ?="],
  ["=?UTF-8?Q?a=0D=0AX-Evil:_1?=", "=?UTF-8?Q?a=0D=0AX-Evil:_1?="],
])("%j stands for %j", (value, text) => {
  expect(decodeWords(value)).toBe(text);
});

it("leaves printable ASCII alone and encodes the rest", () => {
  expect(encodeWord('a b;c="d"')).toBe('a b;c="d"');
  expect(encodeWord("äöü")).toBe("=?UTF-8?B?w6TDtsO8?=");
});

it("comes back as it was", () => {
  fc.assert(
    fc.property(anyText(), (any) => {
      const text = any.replace(/[\u0000-\u001f\u007f]/g, "");
      fc.pre(!text.startsWith("=?"));
      const encoded = encodeWord(text);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeWords(encoded)).toBe(text);
    }),
  );
});
