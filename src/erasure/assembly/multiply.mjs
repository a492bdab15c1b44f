// Generates the AssemblyScript that multiplies planes by a constant of GF(2^8): one XOR schedule for each of the 255.

const PLANES = [0, 1, 2, 3, 4, 5, 6, 7];

const timesAlpha = (value) => ((value << 1) ^ (value & 0x80 ? 0x11d : 0)) & 0xff;

/** For each output plane the set of input planes whose XOR it is. */
function bitMatrix(constant) {
  const columns = [constant];
  for (let bit = 1; bit < 8; bit++) columns.push(timesAlpha(columns[bit - 1]));
  return PLANES.map((out) => new Set(PLANES.filter((bit) => (columns[bit] >> out) & 1).map((bit) => `b${bit}`)));
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

/** XORs `constant` times the planes at `src` into those at `dst`. Shared pairs are computed once (Paar's greedy method). */
function multiplier(constant) {
  const rows = bitMatrix(constant);
  const shared = [];
  for (;;) {
    const [pair, count] = commonestPair(rows);
    if (count < 2) break;
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
  const loads = PLANES.map((p) => `const b${p} = v128.load(src, ${16 * p});`);
  const stores = rows.map((row, p) => {
    const sum = [...row].reduce((left, right) => `v128.xor(${left}, ${right})`, `v128.load(dst, ${16 * p})`);
    return `v128.store(dst, ${sum}, ${16 * p});`;
  });
  return `function multiply${constant}(src: usize, dst: usize, bytes: usize): void {
  const end = src + bytes;
  for (; src < end; src += 128, dst += 128) {
    ${[...loads, ...shared, ...stores].join("\n    ")}
  }
}`;
}

/** The generated module's text without imports: `multiplyInto`. */
export function multiplySource() {
  const constants = Array.from({ length: 255 }, (_, i) => i + 1);
  return `
${constants.map(multiplier).join("\n")}

/** XORs \`constant\` (1 to 255) times the symbols at \`src\` into those at \`dst\`. */
export function multiplyInto(constant: u32, src: usize, dst: usize, bytes: usize): void {
  switch (constant) {
    ${constants.map((c) => `case ${c}: multiply${c}(src, dst, bytes); return;`).join("\n    ")}
  }
}
`;
}
