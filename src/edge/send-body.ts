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
 *
 * The runtime pulls: each piece goes to the socket from where it lies, and the next one is asked for when it is there. Pieces written
 * into a FixedLengthStream would be copied twice on that way, and cut into 64 KiB.
 */
export function sendBody(body: OutgoingBody | UnsizedBody, patience: ReaderPatience): SentBody {
  const source = new BodySource(body, patience);
  // Without a queue: nothing is pulled that nobody waits for.
  return { stream: new ReadableStream(source, { highWaterMark: 0 }), outcome: source.outcome };
}

class BodySource implements UnderlyingSource<Uint8Array> {
  /** Workerd's own: what it needs to send Content-Length. */
  readonly expectedLength?: number;
  readonly outcome: Promise<SendOutcome>;
  readonly #body: OutgoingBody | UnsizedBody;
  readonly #watch: TakingWatch;
  #end: (outcome: SendOutcome) => void = () => {};
  /** The piece that was asked for last. */
  #piece: Promise<Uint8Array | null> = Promise.resolve(null);
  #isCancelled = false;

  constructor(body: OutgoingBody | UnsizedBody, patience: ReaderPatience) {
    if (body.sizeBytes !== null) this.expectedLength = body.sizeBytes;
    this.#body = body;
    this.#watch = new TakingWatch(patience);
    this.outcome = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#watch.begin(() => void this.#giveUp(controller));
  }

  /** Called when all pieces before were taken. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#watch.pause();
    let piece: Uint8Array | null;
    try {
      this.#piece = this.#body.next();
      piece = await this.#piece;
    } catch (cause) {
      if (this.#isCancelled) return;
      // The reader gets the message; the cause stays here.
      controller.error(new Error("the object cannot be read to its end"));
      this.#finish({ kind: "broken", cause });
      return;
    }
    if (this.#isCancelled) return;
    if (piece === null) {
      controller.close();
      this.#finish({ kind: "sent" });
      return;
    }
    this.#watch.resume();
    controller.enqueue(piece);
  }

  /** Nobody reads any more. It may come while a piece is under way; a body is asked for one thing at a time. */
  async cancel(): Promise<void> {
    this.#isCancelled = true;
    this.#watch.end();
    await this.#piece.catch(() => {});
    await this.#body.cancel();
    this.#finish({ kind: "client-gone" });
  }

  async #giveUp(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#watch.end();
    controller.error(new Error("the client takes nothing"));
    await this.#body.cancel();
    this.#finish({ kind: "client-too-slow" });
  }

  #finish(outcome: SendOutcome): void {
    this.#watch.end();
    this.#end(outcome);
  }
}

/** Bounds how long the client may take nothing. One timer serves all pieces: it is set anew only when it goes off. */
class TakingWatch {
  readonly #patience: ReaderPatience;
  #timer: Timer | null = null;
  #sinceMs = 0;
  #isPaused = false;
  #isOver = false;

  constructor(patience: ReaderPatience) {
    this.#patience = patience;
  }

  /** `giveUp` is called once, if at all. */
  begin(giveUp: () => void): void {
    this.resume();
    this.#set(this.#patience.idleMs, giveUp);
  }

  /** The client waits for us. */
  pause(): void {
    this.#isPaused = true;
  }

  /** We wait for the client. */
  resume(): void {
    this.#isPaused = false;
    this.#sinceMs = this.#patience.clock.now();
  }

  /** Leaves no timer. */
  end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #set(ms: number, giveUp: () => void): void {
    const { clock, idleMs } = this.#patience;
    this.#timer = clock.timer(ms);
    void this.#timer.done.then(() => {
      if (this.#isOver) return;
      const leftMs = this.#isPaused ? idleMs : this.#sinceMs + idleMs - clock.now();
      if (leftMs > 0) this.#set(leftMs, giveUp);
      else giveUp();
    });
  }
}
