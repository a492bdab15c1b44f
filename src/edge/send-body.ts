import type { Clock, Timer } from "../base/clock.ts";
import type { OutgoingBody, UnsizedBody } from "../base/outgoing-body.ts";

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
export async function readIfSmall(body: OutgoingBody | UnsizedBody): Promise<Uint8Array | OutgoingBody | UnsizedBody> {
  if (body.sizeBytes === null || body.sizeBytes > WHOLE_BYTES_MAX) return body;
  const bytes = new Uint8Array(body.sizeBytes);
  let at = 0;
  for (let piece = await body.next(); piece !== null; piece = await body.next()) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * A stream of exactly `body.sizeBytes` bytes, or of as many as there are if that is null. Where the body fails under way the stream errors, so that the connection
 * is broken off: a client never sees a short body that looks whole. If the client goes away, or takes nothing for too long, the body is
 * cancelled.
 */
export function sendBody(body: OutgoingBody | UnsizedBody, patience: ReaderPatience): SentBody {
  const { readable, writable } = lengthStream(body.sizeBytes);
  return { stream: readable, outcome: pump(body, writable.getWriter(), patience) };
}

async function pump(
  body: OutgoingBody | UnsizedBody,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  patience: ReaderPatience,
): Promise<SendOutcome> {
  const watch = new TakingWatch(patience);
  try {
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
        if (!(await watch.isTaken(writer.write(piece)))) {
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
  } finally {
    watch.end();
  }
}

/** Bounds how long each piece waits for the client. One timer serves all pieces: it is set anew only when it goes off. */
class TakingWatch {
  readonly #patience: ReaderPatience;
  #timer: Timer | null = null;
  #sinceMs = 0;
  /** While a piece waits. */
  #giveUp: (() => void) | null = null;

  constructor(patience: ReaderPatience) {
    this.#patience = patience;
  }

  /** False if it takes too long. Rejects as `writing` does. */
  isTaken(writing: Promise<void>): Promise<boolean> {
    const { clock, idleMs } = this.#patience;
    this.#sinceMs = clock.now();
    if (this.#timer === null) this.#set(idleMs);
    return new Promise((resolve, reject) => {
      this.#giveUp = () => resolve(false);
      writing.then(() => {
        this.#giveUp = null;
        resolve(true);
      }, reject);
    });
  }

  /** Leaves no timer. */
  end(): void {
    this.#giveUp = null;
    this.#timer?.cancel();
  }

  #set(ms: number): void {
    const timer = this.#patience.clock.timer(ms);
    this.#timer = timer;
    void timer.done.then(() => {
      this.#timer = null;
      if (this.#giveUp === null) return;
      const leftMs = this.#sinceMs + this.#patience.idleMs - this.#patience.clock.now();
      if (leftMs > 0) this.#set(leftMs);
      else this.#giveUp();
    });
  }
}

/** Workerd sends Content-Length for its FixedLengthStream alone; Node, in tests, has none and needs none. */
function lengthStream(sizeBytes: number | null): TransformStream<Uint8Array, Uint8Array> {
  if (sizeBytes === null) {
    return typeof IdentityTransformStream === "function" ? new IdentityTransformStream() : new TransformStream();
  }
  return typeof FixedLengthStream === "function"
    ? new FixedLengthStream(sizeBytes)
    : new TransformStream<Uint8Array, Uint8Array>();
}
