import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChecksumName, createChecksum } from "../../src/erasure/checksum.ts";
import { createEngine } from "../support/kernel.ts";
import { pseudoRandom } from "./samples.ts";

const engine = await createEngine(1);
const noise = pseudoRandom(400_064, 11);
const NAMES = ["xxhash64", "xxhash3", "xxhash128"] as const satisfies ChecksumName[];

/** Bytes of the noise, and what xxHash 0.8.4 says of them (python-xxhash 4.1.0): the lengths at which the algorithms change. */
const KNOWN: [length: number, xxhash64: string, xxhash3: string, xxhash128: string][] = [
  [0, "ef46db3751d8e999", "2d06800538d394c2", "99aa06d3014798d86001c324468d497f"],
  [1, "022545933f06bf0d", "429e81bc6744101c", "beff62be44bc9be4429e81bc6744101c"],
  [3, "4903c4b2517f884f", "7223df2edc302561", "61457c751bb920e97223df2edc302561"],
  [4, "940776908f539d48", "211728c27487f561", "71b1d89617d8ad54b9b91f313b6b6cbf"],
  [8, "c1562660463f0c44", "dd2006ba2a2fed5f", "974c7b0021a68747d6224a1011649f92"],
  [9, "35c86144c1ded6ba", "121abcd3ed68fd84", "ce1e9c2e693e339c831ca82e90e66fec"],
  [16, "c6c3d127cfa58030", "6dda6a55acca4f65", "afdd6f37483d4c38851d9554ce419aae"],
  [17, "ec54baf773a5fe3e", "cd96904ac15cc8cc", "15f8c901d1471432cbbeb0543c84406b"],
  [31, "e0b7a3fc394faa6a", "38e83ebf2cdaad78", "7a35ee64092ddfaa34b292d8cd1d6db6"],
  [32, "4cc41d167be5d452", "84f6b2338b4c64ea", "0075bef42dc390bf790225dbd7e7c9c5"],
  [64, "14a783c87563b13f", "d5827f2bbe8764bf", "12a1e34fc94fac8567d543925f7a1e96"],
  [65, "43d3204a262a977b", "88b8b5ee39ebdd4c", "8a53bb32428cc1b8f3b16b20b688bdb4"],
  [96, "43b652666b97a784", "66fe04110a6bff02", "c5983ef38bd48fbb3b1aeea54637c3a9"],
  [97, "2430286d5d385409", "aaa3312fd394f94f", "2aea0905b31378f9dfcce1bd7e6ae386"],
  [128, "b6dce412ee7a72bd", "666a8041b10754e0", "b149526b7539548917929b2e2ea1df43"],
  [129, "615ca1e961c682c5", "b41839214c36a3f9", "6afc26eab6005bf6c1dff03fef1fbee1"],
  [160, "2c7ec44d5dd50cc3", "c6402eac96140bbe", "9da2ce4e46f5e3b877db285d31233738"],
  [191, "fabebc409564b792", "c79f9c7c2feabe07", "1009ee61370ce72e411138022ebb519d"],
  [240, "f6b02c70e1beb544", "98fb95d352ecbdd0", "dfcf6a262accf8be704a5936f54d38ed"],
  [241, "b455e127d65b0791", "534f324079b90a1d", "a19a9bf37331dbd0534f324079b90a1d"],
  [256, "c8e25eea1b01ea72", "03515e13f956096a", "5e977be8e561fc8903515e13f956096a"],
  [257, "d7929bfae02d6831", "fdfbca55d1d9e8aa", "9959048aaeff8fe3fdfbca55d1d9e8aa"],
  [320, "8748047ad8922336", "66f4a50d4d9e4fc3", "9498218e9591663c66f4a50d4d9e4fc3"],
  [1024, "b8d12f06927275c6", "241383274f0171cc", "3781cf2fad4ef6f2241383274f0171cc"],
  [1025, "5301a3f19a541ac9", "f868b6ffa9390e0a", "1bf71b18b27869b5f868b6ffa9390e0a"],
  [1088, "ae4f8cf08162963a", "cbe8f93f9ec5f976", "305b56a8005a6a47cbe8f93f9ec5f976"],
  [65536, "9c5e257b118dbbfc", "fb3d72fb556ce3c5", "b48d8e7ba4e2a7b1fb3d72fb556ce3c5"],
  [262145, "3ec92935d6814128", "4ba619d3ce30f2c5", "d31bc506f437f9664ba619d3ce30f2c5"],
];

function hash(name: ChecksumName, pieces: readonly Uint8Array[]): string {
  const checksum = createChecksum(name, engine);
  for (const piece of pieces) checksum.update(piece);
  return Buffer.from(checksum.digest()).toString("hex");
}

test.each(KNOWN)("%i bytes", (length, ...expected) => {
  const bytes = noise.subarray(0, length);
  expect(NAMES.map((name) => hash(name, [bytes]))).toEqual(expected);
});

test("any pieces", () => {
  fc.assert(
    fc.property(fc.nat(3_000), fc.array(fc.nat(3_000), { maxLength: 6 }), (length, cuts) => {
      const bytes = noise.subarray(7, 7 + length);
      const ends = [...cuts.filter((cut) => cut < length).sort((a, b) => a - b), length];
      const pieces = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
      for (const name of NAMES) expect(hash(name, pieces)).toBe(hash(name, [bytes]));
    }),
    { numRuns: 200 },
  );
});

test("two at once do not mix", () => {
  for (const name of NAMES) {
    const [one, two] = [createChecksum(name, engine), createChecksum(name, engine)];
    for (let at = 0; at < 4_000; at += 500) {
      one.update(noise.subarray(at, at + 500));
      two.update(noise.subarray(at + 1, at + 400));
    }
    expect(Buffer.from(one.digest()).toString("hex")).toBe(hash(name, [noise.subarray(0, 4_000)]));
  }
});
