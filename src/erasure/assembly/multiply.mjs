// Generates the AssemblyScript that multiplies planes by a constant of GF(2^8): one XOR schedule for each of the 255.

export const PLANES = [0, 1, 2, 3, 4, 5, 6, 7];

const timesAlpha = (value) => ((value << 1) ^ (value & 0x80 ? 0x11d : 0)) & 0xff;

/** alpha to the power `exponent`, 0 or more. */
export function alphaPower(exponent) {
  return exponent === 0 ? 1 : timesAlpha(alphaPower(exponent - 1));
}

/** The inverse of `value`, not 0. */
export function inverse(value) {
  for (let exponent = 0; exponent < 255; exponent++)
    if (alphaPower(exponent) === value) return alphaPower((255 - exponent) % 255);
}

/** Code: the XOR of the terms. */
export const xor = (terms) => terms.reduce((left, right) => `v128.xor(${left}, ${right})`);

/** For each output plane the set of input planes whose XOR it is. */
function bitMatrix(constant, prefix) {
  const columns = PLANES.map((bit) => product(constant, bit));
  return PLANES.map((out) => new Set(PLANES.filter((bit) => (columns[bit] >> out) & 1).map((bit) => `${prefix}${bit}`)));
}

/** `constant` times alpha to the power `exponent`. */
function product(constant, exponent) {
  return exponent === 0 ? constant : timesAlpha(product(constant, exponent - 1));
}

/** The pair of terms that most outputs share, with its count. */
function commonestPair(rows) {
  const counts = new Map();
  for (const row of rows) {
    const terms = [...row].sort();
    for (let i = 0; i < terms.length; i++)
      for (let j = i + 1; j < terms.length; j++) {
        const pair = `${terms[i]} ${terms[j]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
  }
  return [...counts].sort((x, y) => y[1] - x[1] || (x[0] < y[0] ? -1 : 1))[0] ?? ["", 0];
}

/**
 * How to multiply planes named prefix0..prefix7 by `constant`: statements for `shared` terms, then each output plane's `sums`.
 * Pairs of terms that several sums share are computed once, the most shared first (Paar's greedy method).
 */
export function schedule(constant, prefix) {
  const rows = bitMatrix(constant, prefix);
  const shared = [];
  for (;;) {
    const [pair, count] = commonestPair(rows);
    if (count < 2) return { shared, sums: rows.map((row) => [...row]) };
    const [x, y] = pair.split(" ");
    const term = `t${shared.length}`;
    shared.push(`const ${term} = v128.xor(${x}, ${y});`);
    for (const row of rows)
      if (row.has(x) && row.has(y)) {
        row.delete(x);
        row.delete(y);
        row.add(term);
      }
  }
}

/** Multiplies the planes at `src` by `constant`, to `product`, and XORs the product into `sum`. */
function multiplier(constant) {
  const { shared, sums } = schedule(constant, "b");
  const loads = PLANES.map((p) => `const b${p} = v128.load(src, ${16 * p});`);
  const stores = sums.map(
    (terms, p) => `const p${p} = ${xor(terms)};
    v128.store(product, p${p}, ${16 * p});
    v128.store(sum, v128.xor(v128.load(sum, ${16 * p}), p${p}), ${16 * p});`,
  );
  return `function multiply${constant}(src: usize, product: usize, sum: usize, bytes: usize): void {
  const end = src + bytes;
  for (; src < end; src += 128, product += 128, sum += 128) {
    ${[...loads, ...shared, ...stores].join("\n    ")}
  }
}`;
}

/** The generated module's text without imports: `multiply`. */
export function multiplySource() {
  const constants = Array.from({ length: 255 }, (_, i) => i + 1);
  const calls = constants.map((c) => `case ${c}: multiply${c}(src, product, sum, bytes); return;`);
  return `
${constants.map(multiplier).join("\n")}

/** Multiplies the symbols at \`src\` by \`constant\` (1 to 255), to \`product\`, and XORs the product into \`sum\`. */
export function multiply(constant: u32, src: usize, product: usize, sum: usize, bytes: usize): void {
  switch (constant) {
    ${calls.join("\n    ")}
  }
}
`;
}
