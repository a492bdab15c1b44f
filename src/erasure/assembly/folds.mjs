// Generates the AssemblyScript that shortens a message without changing its CRC register, by XOR alone.
//
// If a polynomial Z with few terms is a multiple of the CRC's polynomial, so is Z(x)^8 = Z(x^8). A message byte may therefore be
// removed if it is XORed into the bytes that follow it at the distances between Z's highest term and its others. Sixteen bytes
// go at a time. Only the last bytes, as many as the greatest distance, remain. (The idea generalises "Chorba", arXiv 2412.16398.)

/**
 * For each CRC the exponents of two multiples of its polynomial, and the length from which each pays. `far` has few terms and a
 * wide span, `near` is for what it leaves. Each was found by a search for sums of powers that vanish;
 * test/erasure/checksum.test.ts compares their effect with a CRC computed bit by bit. Distances below 64 would defeat the loop
 * below; those below 140 are slow.
 */
const MULTIPLES = {
  crc32: {
    far: { exponents: [5854, 4113, 28, 0], bytesMin: 16384 },
    near: { exponents: [274, 93, 75, 19, 11, 0], bytesMin: 1536 },
  },
  crc32c: {
    far: { exponents: [5275, 4508, 2751, 0], bytesMin: 12288 },
    near: { exponents: [209, 144, 54, 39, 14, 0], bytesMin: 1536 },
  },
  crc64: {
    far: { exponents: [13062, 12686, 6625, 6346, 3875, 0], bytesMin: 65536 },
    near: { exponents: [1125, 944, 818, 609, 544, 540, 413, 171, 0], bytesMin: 1536 },
  },
};

/** Bytes that one iteration folds; lengths are multiples of it. */
const STEP_BYTES = 64;

const title = (text) => text[0].toUpperCase() + text.slice(1);

/**
 * Code of the loop that writes `bytes` bytes at `out`: those at `p`, XOR the already folded ones that lie at each distance
 * before `folded`.
 */
function fold(name, span, distances) {
  const vectors = [0, 16, 32, 48].map((at) => {
    const terms = [`v128.load(p, ${at})`, ...distances.map((distance) => `v128.load(q, ${span - distance + at})`)];
    return `v128.store(out, ${terms.reduce((left, right) => `v128.xor(${left}, ${right})`)}, ${at});`;
  });
  return `function fold${name}(p: usize, folded: usize, out: usize, bytes: usize): void {
  const end = p + bytes;
  for (let q = folded - ${span}; p < end; p += 64, q += 64, out += 64) {
    ${vectors.join("\n    ")}
  }
}`;
}

/** Bytes that folding by `exponents` leaves. */
const leftBytes = (exponents) => Math.ceil(exponents[0] / STEP_BYTES) * STEP_BYTES;

/**
 * Code: `shorten` leaves at `out` a message with the same CRC register as that of the `bytes` bytes at `p` after `register`.
 * What is folded goes to FOLDED, FOLD_BYTES at a time, the last of it then to where the next run finds it: just before FOLDED.
 * Zeros stand for what comes before the message, and for what stays and is therefore not folded.
 */
function shortener(name, exponents) {
  const span = exponents[0];
  const left = leftBytes(exponents);
  return `${fold(name, span, exponents.slice(1).map((exponent) => span - exponent))}

function shorten${name}(p: usize, bytes: usize, register: u64, out: usize): void {
  memory.fill(FOLDED - ${left}, 0, ${left});
  fold${name}(p, FOLDED, FOLDED, ${STEP_BYTES});
  store<u64>(FOLDED, load<u64>(FOLDED) ^ register);
  let done: usize = ${STEP_BYTES};
  for (const rest = p + bytes - ${left}; p < rest; ) {
    const run = min(FOLD_BYTES, rest - p);
    fold${name}(p + done, FOLDED + done, FOLDED + done, run - done);
    memory.copy(FOLDED - ${left}, FOLDED + run - ${left}, ${left});
    p += run;
    done = 0;
  }
  memory.fill(FOLDED, 0, ${left});
  fold${name}(p, FOLDED, out, ${left});
}`;
}

/** Code: the register after the `bytes` bytes at `p`. What is no multiple of 64 bytes is taken off at the start. */
function registerAfter(crc, { far, near }) {
  const tables = `${crc.toUpperCase()}_TABLES`;
  const shorten = (range, out, { exponents, bytesMin }) => `if (bytes >= ${bytesMin}) {
    shorten${title(crc)}${range}(p, bytes, register, ${out});
    p = ${out};
    bytes = ${leftBytes(exponents)};
    register = 0;
  }`;
  return `export function register${title(crc)}(p: usize, bytes: usize, register: u64): u64 {
  const odd = bytes % ${STEP_BYTES};
  register = slice(${tables}, p, odd, register);
  p += odd;
  bytes -= odd;
  ${shorten("Far", "LEFT_FAR", far)}
  ${shorten("Near", "LEFT_NEAR", near)}
  return slice(${tables}, p, bytes, register);
}`;
}

/** The generated module's text without imports: registerCrc32, registerCrc32c and registerCrc64. */
export function foldsSource() {
  return Object.entries(MULTIPLES)
    .flatMap(([crc, { far, near }]) => [
      shortener(`${title(crc)}Far`, far.exponents),
      shortener(`${title(crc)}Near`, near.exponents),
      registerAfter(crc, { far, near }),
    ])
    .join("\n\n");
}
