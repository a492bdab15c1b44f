/** Forms of a bucket's keys. Keys are in order of their numbers. */
export interface Shape {
  name: string;
  /** The key of that number, of `keys` of them, and the same in SQL, where `i` is the number. */
  keyAt(number: number, keys: number): string;
  keySql(keys: number): string;
  /** What a page with delimiter "/" over the whole bucket holds. */
  delimitedEntries(keys: number): number;
  /** Old versions, and deleted keys with a delete marker and old versions, beside the keys. */
  hasVersions: boolean;
}

/**
 * One of this many keys has this many old versions, and after it comes a deleted key: a marker over
 * one version fewer.
 */
export const VERSIONED_EVERY = 10;

const digits = (number: number, width: number) => String(Math.floor(number)).padStart(width, "0");
const byNumber = {
  keyAt: (number: number) => `object-${digits(number, 8)}`,
  keySql: () => "printf('object-%08d', i)",
  delimitedEntries: (keys: number) => Math.min(keys, 1000),
};

export const SHAPES: readonly Shape[] = [
  { name: "flat", ...byNumber, hasVersions: false },
  {
    name: "deep",
    keyAt: (number, keys) => {
      const level = (parts: number) => digits(((number * parts) / keys) % 100, 2);
      return `${level(100)}/${level(10_000)}/${level(1_000_000)}/${digits(number, 8)}`;
    },
    keySql: (keys) => {
      const level = (parts: number) => `(i * ${parts} / ${keys}) % 100`;
      return `printf('%02d/%02d/%02d/%08d', ${level(100)}, ${level(10_000)}, ${level(1_000_000)}, i)`;
    },
    delimitedEntries: () => 100,
    hasVersions: false,
  },
  {
    name: "ten prefixes",
    keyAt: (number, keys) => `${Math.floor((number * 10) / keys)}/${digits(number, 8)}`,
    keySql: (keys) => `printf('%d/%08d', i * 10 / ${keys}, i)`,
    delimitedEntries: () => 10,
    hasVersions: false,
  },
  { name: "versions", ...byNumber, hasVersions: true },
];
