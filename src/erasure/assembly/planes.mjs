// Generates the AssemblyScript that computes parity rows: straight-line code for the listed geometries, loops for the rest.
//
// Eight consecutive 16-byte vectors of a block are the eight bit-planes of 128 symbols of GF(2^8) modulo 0x11d, plane 0 the
// constant term. Multiplying all 128 symbols by a power of alpha is then a renaming of the eight registers and a few XORs, and
// sum(alpha^(c*i) * data[i]) is evaluated by Horner's rule from the last shard to the first.

import { alphaPower, inverse, PLANES, schedule, xor } from "./multiply.mjs";

/** The geometries with straight-line code, [k, m]. */
export const SPECIALISED = [[1, 2], [2, 1], [2, 2], [3, 2], [4, 2], [6, 3], [8, 4], [10, 4], [16, 4]];

const SLOT_BYTES = 2 * 1024 * 1024;
/**
 * 128 bytes less than a multiple of 4 KiB: then the loads of a group never follow a store to an address that is equal in its low
 * twelve bits, which the processor would take for a dependency.
 */
const FRAME_STRIDE_MAX = 256 * 1024 + 4096 - 128;

/** Distance of two frames in a stripe slot: as many 128-byte groups as fit k+m times, up to the maximum. */
function frameStride(frames) {
  return Math.min(FRAME_STRIDE_MAX, Math.floor(SLOT_BYTES / frames / 128) * 128);
}

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

const name = (plane) => (plane === "s" ? "s" : `o${plane}`);
const lines = (make) => PLANES.map(make).join("\n");

// A place is where a group's planes lie: the name of a pointer, and an offset.
const load = ([pointer, offset], plane) => `v128.load(${pointer}, ${offset + 16 * plane})`;
const store = ([pointer, offset], plane, value) => `v128.store(${pointer}, ${value}, ${offset + 16 * plane});`;
const loadPlanes = (place) => lines((p) => `a${p} = ${load(place, p)};`);
const addPlanes = (place) => lines((p) => `a${p} = v128.xor(a${p}, ${load(place, p)});`);
const storePlanes = (place) => lines((p) => store(place, p, `a${p}`));
const declarePlanes = ["x", ...PLANES.flatMap((p) => [`a${p}`, `e${p}`])].map((v) => `let ${v} = i32x4.splat(0);`).join(" ");

/**
 * Code: a0..a7 = a0..a7 times the row's power, and XOR the planes at `place` unless that is null. Planes that are loaded are also
 * XORed into e0..e7 where `carried` lists them.
 */
function hornerStep(row, place, carried = []) {
  const { shared, planes } = STEP[row];
  const old = PLANES.map((p) => `const o${p} = a${p};`).join(" ");
  const step = (p) => {
    if (place === null) return `a${p} = ${xor(planes[p].map(name))};`;
    const carry = carried.includes(p) ? `e${p} = v128.xor(e${p}, x);` : "";
    return `x = ${load(place, p)}; ${carry} a${p} = ${xor([...planes[p].map(name), "x"])};`;
  };
  return `{ ${shared} ${old}\n${lines(step)} }`;
}

/**
 * Groups of 128 bytes in one iteration: more hide latency, until the loop's code outgrows the processor's decoded cache. Measured,
 * also where the engine checks the bounds of every access with code, as workerd's does, and the code is twice as long.
 */
function groupsPerIteration(k, rows) {
  if (k * rows > 40) return 1;
  return k * rows > 18 ? 2 : 4;
}

/**
 * A function over a run of groups of the stripe at `base`. What does not fill an iteration is left, and the bytes done are returned.
 * `body` gets a function from shards to places. With a pointer for each of `shards` shards the offsets are few and the bounds
 * checks share their limits; where that gains nothing (`shards` 0) one pointer serves all.
 */
function groupLoop(title, { stride, groups, shards }, body) {
  const step = 128 * groups;
  const pointers = Array.from({ length: shards }, (_, shard) => `const q${shard} = p + ${shard * stride};`);
  const bodies = Array.from({ length: groups }, (_, group) =>
    body((shard) => (shards > 0 ? [`q${shard}`, 128 * group] : ["p", shard * stride + 128 * group])),
  );
  return `function ${title}(base: usize, bytes: usize): usize {
  ${declarePlanes}
  const done = bytes - bytes % ${step};
  const end = base + done;
  for (let p = base; p < end; p += ${step}) {
    ${[...pointers, ...bodies].join("\n")}
  }
  return done;
}`;
}

/**
 * Planes of row 0, which is a plain XOR, that are computed along with each other row from the same loads: as many as there are
 * registers for. The rest is computed by itself.
 */
const CARRIED = { 1: [], 2: [[], [0, 1, 2, 3, 4]], 3: [[], [0, 1, 2, 3], [4, 5, 6, 7]], 4: [[], [0, 1, 2, 3], [4, 5, 6, 7], []] };

/** Code: the first `rows` parity rows of one group, the costly ones first. */
function encodeGroup(k, rows, at) {
  const code = [];
  for (let row = rows - 1; row > 0; row--) {
    const carried = CARRIED[rows][row];
    code.push(lines((p) => `a${p} = ${load(at(k - 1), p)}; ${carried.includes(p) ? `e${p} = a${p};` : ""}`));
    for (let shard = k - 2; shard >= 0; shard--) code.push(hornerStep(row, at(shard), carried));
    code.push(storePlanes(at(k + row)), ...carried.map((p) => store(at(k), p, `e${p}`)));
  }
  const left = PLANES.filter((p) => !CARRIED[rows].flat().includes(p));
  code.push(...left.map((p) => `a${p} = ${load(at(k - 1), p)};`));
  for (let shard = k - 2; shard >= 0; shard--) code.push(...left.map((p) => `a${p} = v128.xor(a${p}, ${load(at(shard), p)});`));
  code.push(...left.map((p) => store(at(k), p, `a${p}`)));
  return code.join("\n");
}

/** An encoder of the first `rows` parity rows. */
function encoder(k, m, rows, title) {
  const shards = rows > 1 && k > 1 ? k + rows : 0;
  const shape = { stride: frameStride(k + m), groups: groupsPerIteration(k, rows), shards };
  return groupLoop(`${title}${k}x${m}`, shape, (at) => encodeGroup(k, rows, at));
}

/** The pairs of data shards with straight-line code to rebuild them from parity rows 0 and 1: [k, m, first, second]. */
const PAIRS = SPECIALISED.filter(([k, m]) => k <= 4 && m === 2).flatMap(([k, m]) =>
  Array.from({ length: k }, (_, b) => Array.from({ length: b }, (_, a) => [k, m, a, b])).flat(),
);

/**
 * Rebuilds shards a < b in their places. With S0 and S1 the syndromes of rows 0 and 1, S0 = da + db and
 * S1 = alpha^a * da + alpha^b * db, so db = (S1 + alpha^a * S0) / (alpha^a + alpha^b) and da = S0 + db.
 */
function pairSolver([k, m, a, b]) {
  const others = Array.from({ length: k }, (_, shard) => shard).filter((shard) => shard !== a && shard !== b);
  const { shared, sums } = schedule(inverse(alphaPower(a) ^ alphaPower(b)), "a");
  const shape = { stride: frameStride(k + m), groups: 2, shards: k + m };
  return groupLoop(`pair${k}x${m}of${a}and${b}`, shape, (at) => {
    const code = [loadPlanes(at(k)), ...others.map((shard) => addPlanes(at(shard))), storePlanes(at(a))];
    for (let i = 0; i < a; i++) code.push(hornerStep(1, null));
    if (k > 2) code.push(storePlanes(at(b)), hornerOver(others, at), addPlanes(at(b)));
    code.push(addPlanes(at(k + 1)), "{", ...shared, lines((p) => `const r${p} = ${xor(sums[p])};`));
    code.push(lines((p) => store(at(b), p, `r${p}`)));
    code.push(lines((p) => store(at(a), p, `v128.xor(r${p}, ${load(at(a), p)})`)), "}");
    return code.join("\n");
  });
}

/** Code: a0..a7 = the sum of alpha^i times shard i over the shards in `some`, ascending and not empty. */
function hornerOver(some, at) {
  const top = some.at(-1);
  const code = [loadPlanes(at(top))];
  for (let shard = top - 1; shard >= 0; shard--) code.push(hornerStep(1, some.includes(shard) ? at(shard) : null));
  return code.join("\n");
}

/** One row over `k` sources whose addresses lie in the table at SOURCES, plus the block at `addend` unless that is 0. */
function rowLoop(row) {
  return `function row${row}(k: usize, addend: usize, out: usize, bytes: usize): void {
  ${declarePlanes}
  for (let at: usize = 0; at < bytes; at += 128) {
    let i = SOURCES + ((k - 1) << 2);
    let q = <usize>load<u32>(i) + at;
    ${loadPlanes(["q", 0])}
    while (i > SOURCES) {
      i -= 4;
      q = <usize>load<u32>(i) + at;
      ${hornerStep(row, ["q", 0])}
    }
    if (addend) {
      q = addend + at;
      ${addPlanes(["q", 0])}
    }
    q = out + at;
    ${storePlanes(["q", 0])}
  }
}`;
}

/** The generated module's text without imports: `encodeSpecialised`, `xorSpecialised`, `pairSpecialised`, `rowOver`. */
export function planesSource() {
  const cases = (title) =>
    SPECIALISED.map(([k, m]) => `if (k == ${k} && m == ${m}) return ${title}${k}x${m}(base, bytes);`).join("\n  ");
  const pairs = PAIRS.map(
    ([k, m, a, b]) =>
      `if (k == ${k} && m == ${m} && a == ${a} && b == ${b}) return pair${k}x${m}of${a}and${b}(base, bytes);`,
  );
  return `
${SPECIALISED.map(([k, m]) => encoder(k, m, m, "encode")).join("\n\n")}

${SPECIALISED.map(([k, m]) => encoder(k, m, 1, "xor")).join("\n\n")}

${PAIRS.map(pairSolver).join("\n\n")}

/** Encodes the stripe at \`base\` as far as there is code for the geometry; returns the bytes of each block that were done. */
export function encodeSpecialised(k: usize, m: usize, base: usize, bytes: usize): usize {
  ${cases("encode")}
  return 0;
}

/** Fills the first parity block alone; see \`encodeSpecialised\`. */
export function xorSpecialised(k: usize, m: usize, base: usize, bytes: usize): usize {
  ${cases("xor")}
  return 0;
}

/** Rebuilds data shards a < b in their places from the others and parity rows 0 and 1; see \`encodeSpecialised\`. */
export function pairSpecialised(k: usize, m: usize, a: usize, b: usize, base: usize, bytes: usize): usize {
  ${pairs.join("\n  ")}
  return 0;
}

${[0, 1, 2, 3].map(rowLoop).join("\n\n")}

/** Computes parity row \`row\` over the \`k\` sources in the table at SOURCES, plus the block at \`addend\` unless that is 0. */
export function rowOver(row: u32, k: usize, addend: usize, out: usize, bytes: usize): void {
  if (row == 0) row0(k, addend, out, bytes);
  else if (row == 1) row1(k, addend, out, bytes);
  else if (row == 2) row2(k, addend, out, bytes);
  else row3(k, addend, out, bytes);
}
`;
}
