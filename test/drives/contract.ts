import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert";
import { type ByteRange, type Drive, DriveError, type ShardWriter } from "../../src/drives/drive.ts";

/** One promise of the port. Cases know no test framework: they run in Node and inside workerd alike. */
export interface ContractCase {
  name: string;
  /** It moves megabytes. */
  isLong?: true;
  run(drive: Drive): Promise<void>;
}

/** Every promise that the port's docs make. Each case uses keys of its own, so one drive serves all of them. */
export const contract: readonly ContractCase[] = [
  { name: "a shard of any size comes back as it was written", isLong: true, run: sizesComeBack },
  { name: "a large shard is streamed through", run: largeShard },
  { name: "memory given to write may be overwritten when write has resolved", run: sourceMayBeOverwritten },
  { name: "nothing is visible before close", run: invisibleBeforeClose },
  { name: "an aborted writer stores nothing, at whatever moment", run: abortStoresNothing },
  { name: "an abort during close leaves the whole shard or nothing", run: abortDuringClose },
  { name: "an abort ends a write that waits", run: abortEndsWaitingWrite },
  { name: "a writer closed short stores nothing", run: closedShort },
  { name: "a writer given too much stores nothing", run: overrun },
  { name: "a range brings exactly its bytes", run: ranges },
  { name: "a range beyond the end is a short error", run: rangeBeyondEnd },
  { name: "reading past the end is a short error", run: readPastEnd },
  { name: "memory given up may serve for what is read next", run: memoryTakesTurns },
  { name: "a reader may be cancelled at any moment", run: readerCancelled },
  { name: "two readers of one shard do not disturb each other", run: twoReaders },
  { name: "an absent key is null, never an error", run: absent },
  { name: "delete removes its keys only, absent ones included", run: deletes },
  { name: "list brings every key once, in ascending order, with sizes", run: lists },
  { name: "list goes on from a cursor whose key was deleted", run: listAfterDelete },
  { name: "list with a prefix brings the keys that begin so, page by page", run: listsPrefix },
  { name: "puts at the same time do not disturb each other", run: concurrentPuts },
  { name: "six writers take blocks in lockstep", run: lockstepPuts },
];

const KiB = 1024;
const MiB = 1024 * KiB;

async function sizesComeBack(drive: Drive): Promise<void> {
  for (const sizeBytes of [0, 1, 2, 127, 128, 129, 64 * KiB, 64 * KiB + 1, 256 * KiB + 8, MiB + 1]) {
    const key = freshKey();
    await putShard(drive, key, pattern(sizeBytes));
    deepStrictEqual(await drive.head(key), { sizeBytes });
    await assertHolds(drive, key, pattern(sizeBytes));
  }
}

async function largeShard(drive: Drive): Promise<void> {
  const sizeBytes = Math.min(12 * MiB, drive.shardBytesMax);
  const key = freshKey();
  const writer = drive.put(key, sizeBytes);
  for (let at = 0; at < sizeBytes; at += 256 * KiB) {
    await writer.write(pattern(Math.min(256 * KiB, sizeBytes - at), at));
  }
  await writer.close();
  const reader = (await drive.get(key))!;
  for (let at = 0; at < sizeBytes; at += 100_000) {
    const length = Math.min(100_000, sizeBytes - at);
    assertBytes(await reader.read(length), pattern(length, at));
  }
}

async function sourceMayBeOverwritten(drive: Drive): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 16 });
  const whole = pattern(3 * MiB + 5);
  const asOnePiece = [1, 500, 64 * KiB, 512 * KiB].map((bytes) => [bytes, bytes] as const);
  const asMany = [1, 1000, 3000, 64 * KiB, 256 * KiB + 8].map((bytes) => [bytes, bytes * 40 + 3] as const);
  for (const [pieceBytes, wantedBytes] of [...asOnePiece, ...asMany]) {
    const sizeBytes = Math.min(whole.length, wantedBytes);
    const key = freshKey();
    const writer = drive.put(key, sizeBytes);
    for (let at = 0; at < sizeBytes; at += pieceBytes) {
      const view = new Uint8Array(memory.buffer, 128, Math.min(pieceBytes, sizeBytes - at));
      view.set(whole.subarray(at, at + view.length));
      await writer.write(view);
      view.fill(0xee);
    }
    await writer.close();
    await assertHolds(drive, key, whole.subarray(0, sizeBytes));
  }
}

async function invisibleBeforeClose(drive: Drive): Promise<void> {
  const key = freshKey();
  const writer = drive.put(key, 300 * KiB);
  await assertAbsent(drive, key);
  await writer.write(pattern(200 * KiB));
  await assertAbsent(drive, key);
  await writer.write(pattern(100 * KiB, 200 * KiB));
  await assertAbsent(drive, key);
  await writer.close();
  await assertHolds(drive, key, pattern(300 * KiB));
}

/** Adapters send small shards in another way than large ones. */
const SMALL_AND_LARGE = [999, 192 * KiB];

async function abortStoresNothing(drive: Drive): Promise<void> {
  for (const sizeBytes of SMALL_AND_LARGE) {
    for (let writes = 0; writes <= 3; writes++) {
      const key = freshKey();
      const writer = drive.put(key, sizeBytes);
      for (let index = 0; index < writes; index++) await writer.write(pattern(sizeBytes / 3));
      await writer.abort();
      await writer.abort();
      await assertFails(writer.write(pattern(1)));
      await assertFails(writer.close());
      await assertAbsent(drive, key);
    }
  }
  const empty = freshKey();
  await drive.put(empty, 0).abort();
  await assertAbsent(drive, empty);
}

async function abortDuringClose(drive: Drive): Promise<void> {
  for (const sizeBytes of SMALL_AND_LARGE) {
    for (let waits = 0; waits < 4; waits++) await abortAfterCloseBegan(drive, pattern(sizeBytes), waits);
  }
}

async function abortAfterCloseBegan(drive: Drive, bytes: Uint8Array, waits: number): Promise<void> {
  const key = freshKey();
  const writer = drive.put(key, bytes.length);
  await writer.write(bytes);
  const closed = writer.close().then(
    () => true,
    (error: unknown) => {
      ok(error instanceof DriveError);
      return false;
    },
  );
  for (let wait = 0; wait < waits; wait++) await Promise.resolve();
  await writer.abort();
  const stored = (await closed) || (await drive.head(key)) !== null;
  if (stored) await assertHolds(drive, key, bytes);
  else await assertAbsent(drive, key);
}

async function abortEndsWaitingWrite(drive: Drive): Promise<void> {
  const key = freshKey();
  const sizeBytes = 8 * MiB;
  const writer = drive.put(key, sizeBytes);
  const source = pattern(sizeBytes - 1);
  // A drive without back-pressure may have taken it already.
  const written = writer.write(source).then(
    () => {},
    (error: unknown) => ok(error instanceof DriveError),
  );
  await writer.abort();
  source.fill(0xee);
  await written;
  await assertAbsent(drive, key);
}

async function closedShort(drive: Drive): Promise<void> {
  for (const sizeBytes of SMALL_AND_LARGE) {
    for (const writtenBytes of [0, 1, sizeBytes - 10, sizeBytes - 1]) {
      const key = freshKey();
      const writer = drive.put(key, sizeBytes);
      await writer.write(pattern(writtenBytes));
      await assertFails(writer.close(), "short");
      await writer.abort();
      await assertAbsent(drive, key);
    }
  }
}

async function overrun(drive: Drive): Promise<void> {
  for (const sizeBytes of SMALL_AND_LARGE) {
    const key = freshKey();
    const writer = drive.put(key, sizeBytes);
    await writer.write(pattern(sizeBytes));
    await assertFails(writer.write(pattern(1)), "refused");
    await assertFails(writer.close());
    await writer.abort();
    await assertAbsent(drive, key);
  }
}

async function ranges(drive: Drive): Promise<void> {
  const key = freshKey();
  const bytes = pattern(300 * KiB + 7);
  await putShard(drive, key, bytes);
  const all = bytes.length;
  const asked: ByteRange[] = [
    { offset: 0, length: 1 },
    { offset: 0, length: all },
    { offset: 0, length: all - 1 },
    { offset: 1, length: all - 1 },
    { offset: all - 1, length: 1 },
    { offset: 64, length: 256 * KiB },
    { offset: 65_535, length: 2 },
  ];
  for (const { offset, length } of asked) {
    const reader = (await drive.get(key, { offset, length }))!;
    const half = Math.floor(length / 2);
    const got = [await reader.read(half), await reader.read(length - half)];
    assertBytes(got[0]!, bytes.subarray(offset, offset + half));
    assertBytes(got[1]!, bytes.subarray(offset + half, offset + length));
    await assertFails(reader.read(1), "short");
    await reader.cancel();
  }
}

async function rangeBeyondEnd(drive: Drive): Promise<void> {
  const key = freshKey();
  await putShard(drive, key, pattern(1000));
  const empty = freshKey();
  await putShard(drive, empty, pattern(0));
  const openAndRead = async (from: string, range: ByteRange) => {
    const reader = await drive.get(from, range);
    await reader!.read(range.length);
  };
  await assertFails(openAndRead(key, { offset: 1000, length: 1 }), "short");
  await assertFails(openAndRead(key, { offset: 999, length: 2 }), "short");
  await assertFails(openAndRead(key, { offset: 0, length: 1001 }), "short");
  await assertFails(openAndRead(key, { offset: 5000, length: 10 }), "short");
  await assertFails(openAndRead(empty, { offset: 0, length: 1 }), "short");
}

async function readPastEnd(drive: Drive): Promise<void> {
  const key = freshKey();
  await putShard(drive, key, pattern(1000));
  const reader = (await drive.get(key))!;
  assertBytes(await reader.read(999), pattern(999));
  await assertFails(reader.read(2), "short");
}

async function memoryTakesTurns(drive: Drive): Promise<void> {
  const key = freshKey();
  const bytes = pattern(10_000);
  await putShard(drive, key, bytes);
  const reader = (await drive.get(key))!;
  const first = await reader.read(3000);
  const second = await reader.read(2000, new ArrayBuffer(10));
  const third = await reader.read(2500, first.buffer);
  assertBytes(second, bytes.subarray(3000, 5000));
  assertBytes(third, bytes.subarray(5000, 7500));
  // Memory that is longer than what is read.
  assertBytes(await reader.read(2500, third.buffer), bytes.subarray(7500));
  assertBytes(second, bytes.subarray(3000, 5000));
}

async function readerCancelled(drive: Drive): Promise<void> {
  const key = freshKey();
  await putShard(drive, key, pattern(2 * MiB));
  const unread = (await drive.get(key))!;
  await unread.cancel();
  await unread.cancel();
  await assertFails(unread.read(1));
  const begun = (await drive.get(key))!;
  await begun.read(100);
  await begun.cancel();
  await assertFails(begun.read(1));
  const waiting = (await drive.get(key))!;
  const pending = waiting.read(2 * MiB).then(
    (bytes) => assertBytes(bytes, pattern(2 * MiB)),
    (error: unknown) => ok(error instanceof DriveError),
  );
  await waiting.cancel();
  await pending;
}

async function twoReaders(drive: Drive): Promise<void> {
  const key = freshKey();
  const bytes = pattern(MiB);
  await putShard(drive, key, bytes);
  const [one, other] = await Promise.all([drive.get(key), drive.get(key, { offset: 500, length: 1000 })]);
  assertBytes(await one!.read(10), bytes.subarray(0, 10));
  const got = await other!.read(1000);
  assertBytes(got, bytes.subarray(500, 1500));
  got.fill(0);
  assertBytes(await one!.read(MiB - 10), bytes.subarray(10));
  await assertHolds(drive, key, bytes);
}

async function absent(drive: Drive): Promise<void> {
  const key = freshKey();
  await assertAbsent(drive, key);
  strictEqual(await drive.get(key, { offset: 10, length: 20 }), null);
}

async function deletes(drive: Drive): Promise<void> {
  const keys = [freshKey(), freshKey(), freshKey(), freshKey()];
  for (const key of keys) await putShard(drive, key, pattern(100));
  await drive.delete([]);
  await drive.delete([keys[0]!, freshKey(), keys[2]!]);
  await assertAbsent(drive, keys[0]!);
  await assertHolds(drive, keys[1]!, pattern(100));
  await assertAbsent(drive, keys[2]!);
  await assertHolds(drive, keys[3]!, pattern(100));
  await drive.delete([keys[0]!]);
  await drive.delete([freshKey()]);
}

async function lists(drive: Drive): Promise<void> {
  const put = new Map<string, number>();
  // Far apart in time, near to each other, and of one blob.
  const spread = ["01A00000", "01A00001", "01A0A", "01B", "7ZZZZZZZ", "01A00000"];
  for (const [index, prefix] of spread.entries()) {
    const blob = freshKey().slice(prefix.length, 26);
    for (const suffix of ["00", "01"]) put.set(`${prefix}${blob}-${suffix}`, 10 + index);
  }
  // In an order of writing that is not that of the keys.
  for (const [key, sizeBytes] of [...put].reverse()) await putShard(drive, key, pattern(sizeBytes));
  for (const limit of [1, 5, 1000]) {
    const seen = await listAll(drive, limit);
    deepStrictEqual(
      seen.map((shard) => shard.key),
      seen.map((shard) => shard.key).sort(),
    );
    strictEqual(new Set(seen.map((shard) => shard.key)).size, seen.length);
    const mine = seen.filter((shard) => put.has(shard.key));
    strictEqual(mine.length, put.size);
    for (const shard of mine) strictEqual(shard.sizeBytes, put.get(shard.key));
  }
}

async function listAfterDelete(drive: Drive): Promise<void> {
  const keys = [freshKey(), freshKey(), freshKey(), freshKey()].sort();
  for (const key of keys) await putShard(drive, key, pattern(10));
  let cursor: string | undefined;
  const seen: string[] = [];
  for (;;) {
    const page = await drive.list(cursor === undefined ? { limit: 1 } : { limit: 1, cursor });
    for (const { key } of page.shards) seen.push(key);
    if (page.shards.some((shard) => shard.key === keys[1])) await drive.delete([keys[1]!]);
    cursor = page.cursor;
    if (cursor === undefined) break;
  }
  deepStrictEqual(
    seen.filter((key) => keys.includes(key)),
    keys,
  );
}

async function listsPrefix(drive: Drive): Promise<void> {
  // As long as a folder's name, shorter, longer, and one that begins like another.
  const prefixes = ["z-P", "z-PREFIX-", "z-PREFIX_2-", "z-QQQ", "z-QQQQ"];
  const keys = prefixes.flatMap((prefix) => [freshKey(), freshKey(), freshKey()].map((key) => prefix + key)).sort();
  for (const key of keys) await putShard(drive, key, pattern(10));
  for (const prefix of prefixes) {
    const wanted = keys.filter((key) => key.startsWith(prefix));
    for (const limit of [1, 2, 1000]) {
      deepStrictEqual(
        await listAll(drive, limit, prefix),
        wanted.map((key) => ({ key, sizeBytes: 10 })),
      );
    }
  }
  await drive.delete(keys);
}

async function concurrentPuts(drive: Drive): Promise<void> {
  const sizes = [0, 1, 1000, 64 * KiB, 100_000, 256 * KiB, 300_001, 512 * KiB];
  const keys = sizes.map(() => freshKey());
  await Promise.all(keys.map((key, index) => putShard(drive, key, pattern(sizes[index]!, index), 50_000)));
  await Promise.all(keys.map((key, index) => assertHolds(drive, key, pattern(sizes[index]!, index))));
}

async function lockstepPuts(drive: Drive): Promise<void> {
  const keys = Array.from({ length: 6 }, freshKey);
  const writers = keys.map((key) => drive.put(key, 5 * 64 * KiB));
  for (let block = 0; block < 5; block++) {
    await Promise.all(writers.map((writer, index) => writer.write(pattern(64 * KiB, block * 64 * KiB + index))));
    if (block === 2) await writers[3]!.abort();
    if (block >= 2) writers[3] = abortedWriter;
  }
  await Promise.all(writers.map((writer) => writer.close()));
  for (const [index, key] of keys.entries()) {
    if (index === 3) await assertAbsent(drive, key);
    else await assertHolds(drive, key, pattern(5 * 64 * KiB, index));
  }
}

const abortedWriter: ShardWriter = { write: async () => {}, close: async () => {}, abort: async () => {} };

let keysMade = 0;

/** A key of the form that blobs have: 26 characters that grow with time, then the shard's index. */
export function freshKey(): string {
  const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  keysMade += 1 + (keysMade % 7) * 997;
  let count = keysMade;
  let ulid = "";
  for (let at = 0; at < 8; at++) {
    ulid = digits[count % 32] + ulid;
    count = Math.floor(count / 32);
  }
  return `01${ulid}ABCDEFGHJKMNPQRS-0${keysMade % 6}`;
}

let made = new Uint8Array(0);

/** Bytes that differ by position, so that a shift shows: those of one long pattern, which is made once, from `offset` on. */
export function pattern(length: number, offset = 0): Uint8Array {
  const end = offset + length;
  if (made.length < end) {
    made = new Uint8Array(Math.max(end, 2 * made.length));
    for (let at = 0; at < made.length; at++) made[at] = at ^ (at >>> 8) ^ (at >>> 16);
  }
  return made.slice(offset, end);
}

/** Puts `bytes` in pieces. */
export async function putShard(drive: Drive, key: string, bytes: Uint8Array, pieceBytes = 256 * KiB): Promise<void> {
  const writer = drive.put(key, bytes.length);
  for (let at = 0; at < bytes.length; at += pieceBytes) await writer.write(bytes.subarray(at, at + pieceBytes));
  await writer.close();
}

/** Every key of the drive that begins with `prefix`, over pages of `limit`. */
export async function listAll(
  drive: Drive,
  limit: number,
  prefix?: string,
): Promise<{ key: string; sizeBytes: number }[]> {
  const options = prefix === undefined ? { limit } : { limit, prefix };
  const shards: { key: string; sizeBytes: number }[] = [];
  let cursor: string | undefined;
  do {
    const page = await drive.list(cursor === undefined ? options : { ...options, cursor });
    ok(page.shards.length <= limit);
    shards.push(...page.shards);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return shards;
}

async function assertHolds(drive: Drive, key: string, bytes: Uint8Array): Promise<void> {
  const reader = await drive.get(key);
  ok(reader, `${key} is absent`);
  assertBytes(await reader.read(bytes.length), bytes);
  await assertFails(reader.read(1), "short");
}

async function assertAbsent(drive: Drive, key: string): Promise<void> {
  strictEqual(await drive.get(key), null);
  strictEqual(await drive.head(key), null);
}

export async function assertFails(call: Promise<unknown>, fault?: DriveError["fault"]): Promise<void> {
  await rejects(call, (error: unknown) => {
    ok(error instanceof DriveError, `not a DriveError: ${error}`);
    if (fault !== undefined) strictEqual(error.fault, fault, error.message);
    return true;
  });
}

/** `deepStrictEqual` takes seconds for a megabyte. */
function assertBytes(got: Uint8Array, expected: Uint8Array): void {
  strictEqual(got.length, expected.length);
  for (let at = 0; at < got.length; at++) {
    if (got[at] !== expected[at]) throw new Error(`byte ${at} is ${got[at]}, not ${expected[at]}`);
  }
}
