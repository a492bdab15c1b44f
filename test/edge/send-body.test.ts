import { expect, test } from "vitest";
import type { OutgoingBody } from "../../src/base/outgoing-body.ts";
import { readIfSmall, sendBody } from "../../src/edge/send-body.ts";

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
const bytes = (...values: number[]) => Uint8Array.from(values);

test("all pieces in order, then the end", async () => {
  const { stream, outcome } = sendBody(bodyOf([bytes(1, 2), bytes(3)]));
  expect(new Uint8Array(await new Response(stream).arrayBuffer())).toEqual(bytes(1, 2, 3));
  expect(await outcome).toEqual({ kind: "sent" });
});

test("a body that fails breaks the stream: its reader cannot take it for whole", async () => {
  const cause = new Error("too few good shards");
  const { stream, outcome } = sendBody(bodyOf([bytes(1), cause]));
  await expect(new Response(stream).arrayBuffer()).rejects.toThrow("cannot be read to its end");
  expect(await outcome).toEqual({ kind: "broken", cause });
});

test("a reader that goes away stops the body", async () => {
  const body = bodyOf([bytes(1), bytes(2), bytes(3), bytes(4)]);
  const { stream, outcome } = sendBody(body);
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  expect(await outcome).toEqual({ kind: "client-gone" });
  expect(body.cancelled).toBe(true);
  expect(body.pulled).toBeLessThan(4);
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
