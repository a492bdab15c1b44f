/** Randomness as a parameter: `count` fresh unpredictable bytes, or seeded ones in tests. */
export type RandomBytes = (count: number) => Uint8Array;
