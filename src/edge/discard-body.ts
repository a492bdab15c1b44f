import type { Clock } from "../base/clock.ts";

/** Bodies declared to be larger are left alone: to read them through would cost more than the answer is worth. */
const DISCARD_BYTES_MAX = 16 * 1024 * 1024;
const DISCARD_MS_MAX = 5_000;

/**
 * Reads a small body that nobody has read to its end before its request is refused. Measured on workerd: a client that
 * sends without reading meanwhile (Node's http) otherwise loses the answer in most refusals of 20 MB and some of 2 MB,
 * because the socket is closed under it. One that waits for `100 Continue` has sent nothing yet and is answered at once.
 */
export async function discardBody(request: Request, clock: Clock): Promise<void> {
  const { body, headers } = request;
  // A body in HTTP's own chunks declares nothing: it is read as far as a declared one would be.
  const declaredBytes = Number(headers.get("content-length") ?? 0);
  if (body === null || body.locked || !(declaredBytes <= DISCARD_BYTES_MAX)) return;
  if (!request.bodyUsed && /100-continue/i.test(headers.get("expect") ?? "")) return;
  const reader = body.getReader();
  const timer = clock.timer(DISCARD_MS_MAX);
  try {
    await Promise.race([readToEnd(reader), timer.done]);
  } catch {
    // The client is gone: there is nobody to wait for.
  } finally {
    timer.cancel();
  }
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  for (let bytes = 0; bytes <= DISCARD_BYTES_MAX; ) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes += value.length;
  }
}
