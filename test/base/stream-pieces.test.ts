import { describe, expect, test } from "vitest";
import { ClientTooSlow } from "../../src/base/patience.ts";
import { streamPieces } from "../../src/base/stream-pieces.ts";
import { ManualClock, settle } from "../support/manual-clock.ts";

const KIB = 1024;
const nothing = new Uint8Array(0);

/** A client that sends when it is told to, over a stream of bytes as workerd's requests have or over any other. */
function client(kind: "bytes" | "default", sizeBytes: number | null = null) {
  const clock = new ManualClock();
  let controller!: ReadableStreamDefaultController<Uint8Array> & {
    byobRequest?: { respond(bytes: number): void } | null;
  };
  const start = (given: unknown) => {
    controller = given as typeof controller;
  };
  const source = kind === "bytes" ? { type: "bytes", start } : { start };
  const stream = new ReadableStream(source as UnderlyingSource<Uint8Array>) as ReadableStream<Uint8Array>;
  return {
    clock,
    stream,
    pieces: streamPieces(stream, sizeBytes, { clock, idleMs: 20_000, bytesPerSecondMin: 1000 }),
    send: (bytes: number) => controller.enqueue(new Uint8Array(bytes).fill(7)),
    end: () => {
      controller.close();
      controller.byobRequest?.respond(0);
    },
  };
}

/** What became of a promise, without waiting for it. */
async function outcome<T>(promise: Promise<T>): Promise<T | Error | "pending"> {
  await settle();
  return Promise.race([promise.catch((error: Error) => error), settle().then(() => "pending" as const)]);
}

describe.each(["bytes", "default"] as const)("of a stream of kind %s", (kind) => {
  test("a client from which nothing comes is given up", async () => {
    const { clock, pieces } = client(kind);
    const first = pieces.next();
    first.catch(() => {});
    await clock.advance(19_999);
    expect(await outcome(first)).toBe("pending");
    await clock.advance(1);
    await expect(first).rejects.toBeInstanceOf(ClientTooSlow);
    expect(clock.waiting).toBe(0);
  });

  test("one that falls silent later as well", async () => {
    const { clock, pieces, send } = client(kind);
    send(16 * KIB);
    expect((await pieces.next())?.length).toBe(16 * KIB);
    await clock.advance(600_000);
    const next = pieces.next();
    next.catch(() => {});
    send(100);
    await clock.advance(20_000);
    const ended = kind === "bytes" ? next : next.then(() => pieces.next());
    ended.catch(() => {});
    await clock.advance(20_000);
    await expect(ended).rejects.toBeInstanceOf(ClientTooSlow);
  });

  test("one that sends a little all the time is not, if it is enough", async () => {
    const { clock, pieces, send, end } = client(kind);
    let bytes = 0;
    const reading = (async () => {
      for (let piece = await pieces.next(); piece; piece = await pieces.next()) bytes += piece.length;
      return "ended" as const;
    })();
    for (let second = 0; second < 200; second += 10) {
      send(10_000);
      await clock.advance(10_000);
    }
    end();
    expect(await reading).toBe("ended");
    expect(bytes).toBe(200_000);
    expect(clock.waiting).toBe(0);
  });

  test("one that sends too little for a minute is given up", async () => {
    const { clock, pieces, send } = client(kind);
    const reading = (async () => {
      for (let piece = await pieces.next(); piece; piece = await pieces.next());
    })();
    reading.catch(() => {});
    for (let second = 0; second < 50; second += 10) {
      send(100);
      await clock.advance(10_000);
    }
    expect(await outcome(reading)).toBe("pending");
    for (let second = 50; second < 70; second += 10) {
      send(100);
      await clock.advance(10_000);
    }
    await expect(reading).rejects.toThrow(/bytes came in/);
  });

  test("the time that the server takes does not count", async () => {
    const { clock, pieces, send } = client(kind);
    for (const kib of [16, 64, 64, 64, 64]) {
      send(kib * KIB);
      await clock.advance(60_000);
      expect((await pieces.next())?.length).toBe(kib * KIB);
    }
    expect(clock.waiting).toBe(0);
  });

  test("all bytes come, in order, and no read is left waiting", async () => {
    const { pieces, send, end } = client(kind, 300_000);
    const got: number[] = [];
    const reading = (async () => {
      for (let piece = (await pieces.next()) ?? nothing; piece.length > 0; piece = (await pieces.next()) ?? nothing) {
        expect(piece.every((byte) => byte === 7)).toBe(true);
        got.push(piece.length);
      }
    })();
    for (let sent = 0; sent < 300_000; sent += 10_000) {
      send(10_000);
      await settle();
    }
    end();
    await reading;
    expect(got.reduce((sum, bytes) => sum + bytes, 0)).toBe(300_000);
    pieces.release();
  });
});

test("many short reads become one piece, and the last bytes are not waited beyond", async () => {
  const { pieces, send } = client("bytes", 16 * KIB + 100_000);
  send(16 * KIB);
  expect((await pieces.next())?.length).toBe(16 * KIB);
  const second = pieces.next();
  for (let sent = 0; sent < 64 * KIB; sent += KIB) {
    expect(await outcome(second)).toBe("pending");
    send(KIB);
  }
  expect((await second)?.length).toBe(64 * KIB);
  const last = pieces.next();
  send(100_000 - 64 * KIB);
  expect((await last)?.length).toBe(100_000 - 64 * KIB);
});

test("a stream is released only if nothing is being read", async () => {
  const { pieces, stream, send } = client("default");
  send(5);
  await pieces.next();
  const reading = pieces.next();
  await settle();
  pieces.release();
  expect(stream.locked).toBe(true);
  send(5);
  await reading;
  pieces.release();
  expect(stream.locked).toBe(false);
});
