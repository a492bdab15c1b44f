import type { Clock } from "../base/clock.ts";
import type { OutgoingBody } from "../base/outgoing-body.ts";

/** How the sending of a body ended. `broken` is the server's fault, and the connection was broken off. */
export type SendOutcome =
  | { readonly kind: "sent" }
  /** The client took nothing for too long, and the connection was broken off. */
  | { readonly kind: "client-too-slow" }
  | { readonly kind: "client-gone" }
  | { readonly kind: "broken"; readonly cause: unknown };

/** How long a client may take nothing of what is sent. */
export interface ReaderPatience {
  readonly clock: Clock;
  readonly idleMs: number;
}

export interface SentBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Never rejects. */
  readonly outcome: Promise<SendOutcome>;
}

/** Up to here a body is read before the answer begins. */
const WHOLE_BYTES_MAX = 64 * 1024;

/**
 * The bytes of a small body, a larger one as it is. Sending bytes takes the runtime a fraction of what a stream takes, and
 * where they cannot be read there is still time to say so. Throws what the body throws.
 */
export async function readIfSmall(body: OutgoingBody): Promise<Uint8Array | OutgoingBody> {
  if (body.sizeBytes > WHOLE_BYTES_MAX) return body;
  const bytes = new Uint8Array(body.sizeBytes);
  let at = 0;
  for (let piece = await body.next(); piece !== null; piece = await body.next()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * A stream of exactly `body.sizeBytes` bytes. Where the body fails under way the stream errors, so that the connection
 * is broken off: a client never sees a short body that looks whole. If the client goes away, or takes nothing for too long, the body is
 * cancelled.
 */
export function sendBody(body: OutgoingBody, patience: ReaderPatience): SentBody {
  const { readable, writable } = lengthStream(body.sizeBytes);
  return { stream: readable, outcome: pump(body, writable.getWriter(), patience) };
}

async function pump(
  body: OutgoingBody,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  patience: ReaderPatience,
): Promise<SendOutcome> {
  for (;;) {
    let piece: Uint8Array | null;
    try {
      piece = await body.next();
    } catch (cause) {
      // The reader gets the message; the cause stays here.
      await writer.abort(new Error("the object cannot be read to its end")).catch(() => {});
      return { kind: "broken", cause };
    }
    try {
      if (piece === null) {
        await writer.close();
        return { kind: "sent" };
      }
      if (!(await isTaken(writer.write(piece), patience))) {
        void writer.abort(new Error("the client takes nothing")).catch(() => {});
        await body.cancel();
        return { kind: "client-too-slow" };
      }
    } catch {
      // A write fails for one reason: nobody reads any more.
      await body.cancel();
      return { kind: "client-gone" };
    }
  }
}

/** False if it takes too long. Throws what `writing` throws. */
async function isTaken(writing: Promise<void>, { clock, idleMs }: ReaderPatience): Promise<boolean> {
  const timer = clock.timer(idleMs);
  try {
    return await Promise.race([writing.then(() => true), timer.done.then(() => false)]);
  } finally {
    timer.cancel();
  }
}

/** Workerd sends Content-Length for its FixedLengthStream alone; Node, in tests, has none and needs none. */
function lengthStream(sizeBytes: number): TransformStream<Uint8Array, Uint8Array> {
  return typeof FixedLengthStream === "function"
    ? new FixedLengthStream(sizeBytes)
    : new TransformStream<Uint8Array, Uint8Array>();
}
