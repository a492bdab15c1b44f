/** A seeded source of randomness (xoshiro128**): the same seed gives the same run. */
export class SeededRandom {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = new Uint32Array(4);
    // SplitMix32 spreads the seed over the state.
    let z = seed >>> 0;
    for (let at = 0; at < 4; at++) {
      z = (z + 0x9e3779b9) >>> 0;
      let t = z ^ (z >>> 16);
      t = Math.imul(t, 0x21f0aaad);
      t ^= t >>> 15;
      t = Math.imul(t, 0x735a2d97);
      this.#state[at] = (t ^ (t >>> 15)) >>> 0;
    }
  }

  /** A 32-bit unsigned integer. */
  next(): number {
    const s = this.#state;
    const [a, b, c, d] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number];
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    s[2] = c ^ a;
    s[3] = d ^ b;
    s[1] = b ^ (s[2] as number);
    s[0] = a ^ (s[3] as number);
    s[2] = (s[2] as number) ^ t;
    const e = s[3] as number;
    s[3] = (e << 11) | (e >>> 21);
    return result;
  }

  /** An integer from 0 to `count` - 1. */
  below(count: number): number {
    return this.next() % count;
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x1_0000_0000;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  bytes(count: number): Uint8Array {
    const words = new Uint32Array(Math.ceil(count / 4));
    for (let at = 0; at < words.length; at++) words[at] = this.next();
    return new Uint8Array(words.buffer, 0, count);
  }
}
