// Generates the AssemblyScript that computes parity rows: straight-line code for the listed geometries, loops for the rest.
//
// Eight consecutive 16-byte vectors of a block are the eight bit-planes of 128 symbols of GF(2^8) modulo 0x11d, plane 0 the
// constant term. Multiplying all 128 symbols by a power of alpha is then a renaming of the eight registers and a few XORs, and
// sum(alpha^(c*i) * data[i]) is evaluated by Horner's rule from the last shard to the first.

/** The geometries with straight-line encoders, [k, m]. */
export const SPECIALISED = [[1, 2], [2, 1], [2, 2], [3, 2], [4, 2], [6, 3], [8, 4], [10, 4], [16, 4]];

const SLOT_BYTES = 2 * 1024 * 1024;
const FRAME_STRIDE_MAX = 256 * 1024 + 128;

/** Distance of two frames in a stripe slot: as many 128-byte groups as fit k+m times, at most 256 KiB and one group. */
export function frameStride(frames) {
  return Math.min(FRAME_STRIDE_MAX, Math.floor(SLOT_BYTES / frames / 128) * 128);
}

const PLANES = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * The eight planes after multiplication by the row's power, as lists of the planes to XOR. Row 0 multiplies by 1, row 1 by
 * alpha, row 2 by its inverse, row 3 by its square.
 */
const STEP = [
  { shared: "", planes: [[0], [1], [2], [3], [4], [5], [6], [7]] },
  { shared: "", planes: [[7], [0], [1, 7], [2, 7], [3, 7], [4], [5], [6]] },
  { shared: "", planes: [[1], [2, 0], [3, 0], [4, 0], [5], [6], [7], [0]] },
  { shared: "const s = v128.xor(a6, a7);", planes: [[6], [7], [0, 6], [1, "s"], [2, "s"], [3, 7], [4], [5]] },
];

const xor = (terms) => terms.reduce((left, right) => `v128.xor(${left}, ${right})`);
const name = (plane) => (plane === "s" ? "s" : `o${plane}`);

/** Code: a0..a7 = a0..a7 times the row's power, XOR the planes at `pointer` + `offset`. */
function hornerStep(row, pointer, offset) {
  const { shared, planes } = STEP[row];
  const old = PLANES.map((p) => `const o${p} = a${p};`).join(" ");
  const lines = planes.map((terms, p) => {
    const load = `v128.load(${pointer}, ${offset + 16 * p})`;
    return `a${p} = ${xor([...terms.map(name), load])};`;
  });
  return `{ ${shared} ${old}\n${lines.join("\n")} }`;
}

const loadPlanes = (pointer, offset) => PLANES.map((p) => `a${p} = v128.load(${pointer}, ${offset + 16 * p});`).join("\n");
const storePlanes = (pointer, offset) =>
  PLANES.map((p) => `v128.store(${pointer}, a${p}, ${offset + 16 * p});`).join("\n");
const declarePlanes = PLANES.map((p) => `let a${p} = i32x4.splat(0);`).join(" ");

/** An encoder without inner loops: all shards of a group at constant offsets from one pointer. */
function encoder(k, m) {
  const stride = frameStride(k + m);
  const rows = [];
  for (let row = 0; row < m; row++) {
    rows.push(loadPlanes("p", (k - 1) * stride));
    for (let shard = k - 2; shard >= 0; shard--) rows.push(hornerStep(row, "p", shard * stride));
    rows.push(storePlanes("p", (k + row) * stride));
  }
  return `function encode${k}x${m}(base: usize, bytes: usize): void {
  ${declarePlanes}
  const end = base + bytes;
  for (let p = base; p < end; p += 128) {
    ${rows.join("\n")}
  }
}`;
}

/** One row over `k` sources whose addresses lie in the table at SOURCES; `out` receives `bytes` bytes. */
function rowLoop(row) {
  return `function row${row}(k: usize, out: usize, bytes: usize): void {
  ${declarePlanes}
  for (let at: usize = 0; at < bytes; at += 128) {
    let i = SOURCES + ((k - 1) << 2);
    let q = <usize>load<u32>(i) + at;
    ${loadPlanes("q", 0)}
    while (i > SOURCES) {
      i -= 4;
      q = <usize>load<u32>(i) + at;
      ${hornerStep(row, "q", 0)}
    }
    q = out + at;
    ${storePlanes("q", 0)}
  }
}`;
}

/** The generated module's text without imports: `encodeSpecialised` and `rowOver`. */
export function planesSource() {
  const cases = SPECIALISED.map(([k, m]) => `if (k == ${k} && m == ${m}) { encode${k}x${m}(base, bytes); return true; }`);
  return `
${SPECIALISED.map(([k, m]) => encoder(k, m)).join("\n\n")}

/** Encodes \`bytes\` bytes of each shard of the stripe at \`base\` if there is an encoder for the geometry. */
export function encodeSpecialised(k: usize, m: usize, base: usize, bytes: usize): bool {
  ${cases.join("\n  ")}
  return false;
}

${[0, 1, 2, 3].map(rowLoop).join("\n\n")}

/** Computes parity row \`row\` over the \`k\` sources in the table at SOURCES. */
export function rowOver(row: u32, k: usize, out: usize, bytes: usize): void {
  if (row == 0) row0(k, out, bytes);
  else if (row == 1) row1(k, out, bytes);
  else if (row == 2) row2(k, out, bytes);
  else row3(k, out, bytes);
}
`;
}
