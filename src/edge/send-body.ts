import type { OutgoingBody } from "../base/outgoing-body.ts";

/** How the sending of a body ended. `broken` is the server's fault, and the connection was broken off. */
export type SendOutcome =
  | { readonly kind: "sent" }
  | { readonly kind: "client-gone" }
  | { readonly kind: "broken"; readonly cause: unknown };

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
 * is broken off: a client never sees a short body that looks whole. Where the client goes away the body is cancelled.
 */
export function sendBody(body: OutgoingBody): SentBody {
  const { readable, writable } = lengthStream(body.sizeBytes);
  return { stream: readable, outcome: pump(body, writable.getWriter()) };
}

async function pump(body: OutgoingBody, writer: WritableStreamDefaultWriter<Uint8Array>): Promise<SendOutcome> {
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
      await writer.write(piece);
    } catch {
      // A write fails for one reason: nobody reads any more.
      await body.cancel();
      return { kind: "client-gone" };
    }
  }
}

/** Workerd sends Content-Length for its FixedLengthStream alone; Node, in tests, has none and needs none. */
function lengthStream(sizeBytes: number): TransformStream<Uint8Array, Uint8Array> {
  return typeof FixedLengthStream === "function"
    ? new FixedLengthStream(sizeBytes)
    : new TransformStream<Uint8Array, Uint8Array>();
}
