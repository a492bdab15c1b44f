// Where everything lies in the kernel's memory. The host reads SLOTS and SLOT_BYTES as exported globals.

/** Addresses of the shards that a row is computed from, u32 each. */
export const SOURCES: usize = 1024;
/** What the host hands to `reconstruct`; see `plan*` in kernel.ts. */
export const PLAN: usize = 2048;
/** Blob id (16 bytes), shard index (u32), stripe number (u32): what a frame's check is bound to. */
export const IDENTITY: usize = 3072;

/** Bytes of each shard that reconstruction works on at a time: the syndromes of a chunk stay in the first-level cache. */
export const CHUNK_BYTES: usize = 4096;
/** Always zero: stands in for a missing shard. */
export const ZEROS: usize = 4096;
/** Up to four syndromes of one chunk. */
export const SYNDROMES: usize = ZEROS + CHUNK_BYTES;
/** One chunk times a factor, where only its sum with others is wanted. */
export const PRODUCT: usize = SYNDROMES + 4 * CHUNK_BYTES;

/** Sixteen tables of 256 u64 for each CRC. */
const CRC_TABLES_BYTES: usize = 16 * 256 * 8;
export const CRC32_TABLES: usize = PRODUCT + CHUNK_BYTES;
export const CRC32C_TABLES: usize = CRC32_TABLES + CRC_TABLES_BYTES;
export const CRC64_TABLES: usize = CRC32C_TABLES + CRC_TABLES_BYTES;

/** MD5's 64 constants, four times each. */
export const MD5_CONSTANTS: usize = CRC64_TABLES + CRC_TABLES_BYTES;
/** A block of each of up to eight messages, transposed: word 0 of all, word 1 of all ... */
export const MD5_WORDS: usize = MD5_CONSTANTS + 1024;
/** The states of eight messages before a block. */
export const MD5_BEFORE: usize = MD5_WORDS + 512;
/** What the host hands to `md5`: for each message the address of its state and that of its blocks, u32 each. */
export const MD5_LANES: usize = MD5_BEFORE + 128;
/** The state of lanes without a message. */
export const MD5_IDLE: usize = MD5_LANES + 64;

/** The secret of XXH3, 192 bytes, which the host writes once. */
export const XXH_SECRET: usize = MD5_IDLE + 64;
/** The lanes of the message whose XXH64 or XXH3 is being computed, at most eight u64. */
export const XXH_STATE: usize = XXH_SECRET + 192;

/** What each range of folding leaves; see folds.mjs. */
export const LEFT_FAR: usize = 131072;
export const LEFT_NEAR: usize = 147456;
/** The longest run of bytes that is folded at once: with what lies before it, it stays in the second-level cache. */
export const FOLD_BYTES: usize = 65536;
/** Folded bytes, with room for a span before and after. */
export const FOLDED: usize = 196608;

/** Bytes from elsewhere, copied here to be checksummed. */
export const INPUT_BYTES: usize = 262144;
export const INPUT: usize = 524288;

/** States of messages whose MD5 is computed, and from MD5_PAGES to SLOTS pages of their bytes: both are the host's to divide. */
export const MD5_STATES: usize = 1048576;
export const MD5_PAGES: usize = MD5_STATES + 4096;

/** One stripe each: k+m frames at a fixed stride. The first belongs to reconstruction. */
export const SLOT_BYTES: usize = 2097152;
export const SLOTS: usize = 5308416;
