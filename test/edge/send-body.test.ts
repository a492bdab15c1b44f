import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { OutgoingBody } from "../../src/base/outgoing-body.ts";
import { readIfSmall, sendBody } from "../../src/edge/send-body.ts";
import { ManualClock } from "../support/manual-clock.ts";

function bodyOf(pieces: (Uint8Array | Error)[]) {
  const body = {
    sizeBytes: pieces.reduce((sum, piece) => sum + (piece instanceof Error ? 0 : piece.length), 0),
    cancelled: false,
    pulled: 0,
    async next() {
      const piece = pieces[body.pulled];
      body.pulled += 1;
      if (piece instanceof Error) throw piece;
      return piece ?? null;
    },
    async cancel() {
      body.cancelled = true;
    },
  };
  return body satisfies OutgoingBody & { cancelled: boolean };
}
const patience = { clock: systemClock, idleMs: 60_000 };
const bytes = (...values: number[]) => Uint8Array.from(values);

test("all pieces in order, then the end", async () => {
  const { stream, outcome } = sendBody(bodyOf([bytes(1, 2), bytes(3)]), patience);
  expect(new Uint8Array(await new Response(stream).arrayBuffer())).toEqual(bytes(1, 2, 3));
  expect(await outcome).toEqual({ kind: "sent" });
});

test("a body that fails breaks the stream: its reader cannot take it for whole", async () => {
  const cause = new Error("too few good shards");
  const { stream, outcome } = sendBody(bodyOf([bytes(1), cause]), patience);
  await expect(new Response(stream).arrayBuffer()).rejects.toThrow("cannot be read to its end");
  expect(await outcome).toEqual({ kind: "broken", cause });
});

test("a reader that goes away stops the body", async () => {
  const body = bodyOf([bytes(1), bytes(2), bytes(3), bytes(4)]);
  const { stream, outcome } = sendBody(body, patience);
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(await outcome).toEqual({ kind: "client-gone" });
  expect(body.cancelled).toBe(true);
  expect(body.pulled).toBeLessThan(4);
});

test("a reader that goes away while a piece is under way stops the body when that has come", async () => {
  const body = bodyOf([]);
  let give: (piece: Uint8Array) => void = () => {};
  body.next = () =>
    new Promise((resolve) => {
      give = resolve;
    });
  const { stream, outcome } = sendBody(body, patience);
  const reader = stream.getReader();
  const reading = reader.read();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  const cancelling = reader.cancel();
  await turn();
  expect(body.cancelled).toBe(false);
  give(bytes(1));
  await cancelling;
  expect(body.cancelled).toBe(true);
  expect(await outcome).toEqual({ kind: "client-gone" });
  expect((await reading).done).toBe(true);
});

test("a reader that takes nothing for too long is given up, one that takes its time is not", async () => {
  const clock = new ManualClock();
  const body = bodyOf([bytes(1), bytes(2), bytes(3), bytes(4)]);
  const { stream, outcome } = sendBody(body, { clock, idleMs: 1000 });
  const reader = stream.getReader();
  for (const value of [1, 2]) {
    await clock.advance(900);
    expect(await reader.read()).toMatchObject({ value: bytes(value) });
  }
  await clock.advance(1000);
  expect(await outcome).toEqual({ kind: "client-too-slow" });
  expect(body.cancelled).toBe(true);
  await expect(
    reader
      .read()
      .then(() => reader.read())
      .then(() => reader.read()),
  ).rejects.toThrow("takes nothing");
  expect(clock.waiting).toBe(0);
});

test("a small body is read before the answer begins", async () => {
  expect(await readIfSmall(bodyOf([bytes(1, 2), bytes(3)]))).toEqual(bytes(1, 2, 3));
  expect(await readIfSmall(bodyOf([]))).toEqual(bytes());
});

test("a small body that cannot be read fails while there is time to answer so", async () => {
  const cause = new Error("too few good shards");
  await expect(readIfSmall(bodyOf([bytes(1), cause]))).rejects.toBe(cause);
});

test("a larger body is left as it is", async () => {
  const body = bodyOf([new Uint8Array(64 * 1024), bytes(1)]);
  expect(await readIfSmall(body)).toBe(body);
  expect(body.pulled).toBe(0);
});
