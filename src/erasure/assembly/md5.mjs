// Generates the AssemblyScript that computes the MD5 of one, two, four or eight messages at once.
//
// MD5 is one long chain of dependent operations: alone, it leaves most of a core idle. Four messages go in the four 32-bit lanes of
// vectors, eight in two such groups whose steps alternate, two as scalars whose steps alternate.

const ROTATIONS = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
const STEPS = Array.from({ length: 64 }, (_, step) => step);
const WORDS = Array.from({ length: 16 }, (_, word) => word);
const STATE = ["a", "b", "c", "d"];
const BLOCK_BYTES = 64;

const count = (length) => Array.from({ length }, (_, index) => index);
const constant = (step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0;
/** Which word of the block a step takes. */
const wordOf = (step) => [step, 5 * step + 1, 3 * step + 5, 7 * step][step >> 4] % 16;

/** A message by itself: its words are read where they lie. */
const scalar = {
  add: (x, y) => `${x} + ${y}`,
  and: (x, y) => `(${x} & ${y})`,
  andNot: (x, y) => `(~${y} & ${x})`,
  or: (x, y) => `(${x} | ${y})`,
  xor: (x, y) => `(${x} ^ ${y})`,
  not: (x) => `~${x}`,
  rotate: (x, bits) => `rotl<u32>(${x}, ${bits})`,
  constant: (step) => `${constant(step)}`,
  word: (step, message) => `load<u32>(p${message}, ${4 * wordOf(step)})`,
};

/** Four messages: their words lie transposed at MD5_WORDS, and the constants, four times each, at MD5_CONSTANTS. */
const vector = (groups) => ({
  add: (x, y) => `i32x4.add(${x}, ${y})`,
  and: (x, y) => `v128.and(${x}, ${y})`,
  andNot: (x, y) => `v128.andnot(${x}, ${y})`,
  or: (x, y) => `v128.or(${x}, ${y})`,
  xor: (x, y) => `v128.xor(${x}, ${y})`,
  not: (x) => `v128.not(${x})`,
  rotate: (x, bits) => `v128.or(i32x4.shl(${x}, ${bits}), i32x4.shr_u(${x}, ${32 - bits}))`,
  constant: () => "k",
  word: (step, group) => `v128.load(MD5_WORDS, ${16 * (wordOf(step) * groups + group)})`,
});

/**
 * Code of one step for message or group `id`. What waits for `b`, the last step's result, comes last. In the second round the two
 * halves of the choice have no bit in common, so they are added one by one: the half without `b` is then ready before it.
 */
function step(ops, number, id) {
  const [a, b, c, d] = count(4).map((i) => STATE[(i + 64 - number) % 4] + id);
  const { add, and, andNot, or, xor, not } = ops;
  const start = add(a, add(ops.word(number, id), ops.constant(number)));
  const sum = [
    () => add(start, xor(d, and(b, xor(c, d)))),
    () => add(add(start, andNot(c, d)), and(b, d)),
    () => add(start, xor(b, xor(c, d))),
    () => add(start, xor(c, or(b, not(d)))),
  ][number >> 4]();
  return `${a} = ${sum}; ${a} = ${add(ops.rotate(a, ROTATIONS[number >> 4][number % 4]), b)};`;
}

const stateAddress = (lane) => `load<u32>(MD5_LANES, ${8 * lane})`;
const dataAddress = (lane) => `load<u32>(MD5_LANES, ${8 * lane + 4})`;

/** Code: `md5Of1` or `md5Of2`. */
function scalars(messages) {
  const each = (make) => count(messages).map(make).join("\n");
  const eachWord = (make) => each((message) => STATE.map((name, i) => make(name + message, message, 4 * i)).join(" "));
  return `function md5Of${messages}(blocks: usize): void {
  ${each((m) => `const s${m}: usize = ${stateAddress(m)}; let p${m}: usize = ${dataAddress(m)};`)}
  ${eachWord((name, m, at) => `let ${name} = load<u32>(s${m}, ${at});`)}
  for (; blocks; blocks--) {
    ${STEPS.map((number) => each((m) => step(scalar, number, m))).join("\n")}
    ${eachWord((name, m, at) => `${name} += load<u32>(s${m}, ${at}); store<u32>(s${m}, ${name}, ${at});`)}
    ${each((m) => `p${m} += ${BLOCK_BYTES};`)}
  }
}`;
}

/** Code: from the vectors `v0`..`v3`, the rows of a matrix of 32-bit words, its columns as expressions, handed to `use`. */
function transposed(use) {
  const halves = [["v0", "v1"], ["v2", "v3"]].flatMap(([x, y], i) => [
    `const lo${i} = v128.shuffle<i32>(${x}, ${y}, 0, 4, 1, 5);`,
    `const hi${i} = v128.shuffle<i32>(${x}, ${y}, 2, 6, 3, 7);`,
  ]);
  const columns = ["lo", "hi"].flatMap((half) => ["0, 2", "1, 3"].map((at) => `v128.shuffle<i64>(${half}0, ${half}1, ${at})`));
  return [...halves, ...columns.map(use)].join("\n");
}

/** Code: the next block of the group's messages, word by word to MD5_WORDS. */
function loadBlocks(group, groups) {
  return count(4).map((quarter) => `{
    ${count(4).map((i) => `const v${i} = v128.load(p${4 * group + i}, ${16 * quarter});`).join(" ")}
    ${transposed((column, i) => `v128.store(MD5_WORDS, ${column}, ${16 * ((4 * quarter + i) * groups + group)});`)}
  }`).join("\n");
}

/** Code: `md5Of4` or `md5Of8`. */
function vectors(groups) {
  const ops = vector(groups);
  const eachGroup = (make) => count(groups).map(make).join("\n");
  const eachLane = (make) => count(4 * groups).map(make).join("\n");
  const eachWord = (make) => eachGroup((group) => STATE.map((name, i) => make(name + group, 16 * (4 * group + i))).join(" "));
  const readStates = (group) => `{
    ${count(4).map((i) => `const v${i} = v128.load(${stateAddress(4 * group + i)});`).join(" ")}
    ${transposed((column, i) => `${STATE[i]}${group} = ${column};`)}
  }`;
  const writeStates = (group) => `{
    ${STATE.map((name, i) => `const v${i} = ${name}${group};`).join(" ")}
    ${transposed((column, i) => `v128.store(${stateAddress(4 * group + i)}, ${column});`)}
  }`;
  return `function md5Of${4 * groups}(blocks: usize): void {
  ${eachLane((lane) => `let p${lane}: usize = ${dataAddress(lane)};`)}
  let k = i32x4.splat(0);
  ${eachWord((name) => `let ${name} = i32x4.splat(0);`)}
  ${eachGroup(readStates)}
  for (; blocks; blocks--) {
    ${eachWord((name, at) => `v128.store(MD5_BEFORE, ${name}, ${at});`)}
    ${eachGroup((group) => loadBlocks(group, groups))}
    ${STEPS.map((number) => `k = v128.load(MD5_CONSTANTS, ${16 * number});\n${eachGroup((group) => step(ops, number, group))}`).join("\n")}
    ${eachWord((name, at) => `${name} = i32x4.add(${name}, v128.load(MD5_BEFORE, ${at}));`)}
    ${eachLane((lane) => `p${lane} += ${BLOCK_BYTES};`)}
  }
  ${eachGroup(writeStates)}
}`;
}

const fillConstants = `export function fillMd5Constants(): void {
  ${STEPS.map((number) => `v128.store(MD5_CONSTANTS, i32x4.splat(${constant(number)}), ${16 * number});`).join("\n")}
}`;

/**
 * Hashes `blocks` whole blocks of each of the messages whose addresses MD5_LANES holds, and leaves their new states. What there are
 * not enough messages for computes the first one's once more, into a state that nobody reads.
 */
const dispatch = `export function md5(lanes: u32, blocks: usize): void {
  if (lanes == 1) return md5Of1(blocks);
  if (lanes == 2) return md5Of2(blocks);
  const width: u32 = lanes <= 4 ? 4 : 8;
  for (let lane = lanes; lane < width; lane++) {
    store<u32>(MD5_LANES + (lane << 3), <u32>MD5_IDLE);
    store<u32>(MD5_LANES + (lane << 3), ${dataAddress(0)}, 4);
  }
  if (width == 4) md5Of4(blocks);
  else md5Of8(blocks);
}`;

/** The generated module's text without imports: fillMd5Constants and md5. */
export function md5Source() {
  return [fillConstants, scalars(1), scalars(2), vectors(1), vectors(2), dispatch].join("\n\n");
}
