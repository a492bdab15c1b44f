/** Address below which the service worker answers with what a page produces. */
const DOWNLOADS = `${import.meta.env.BASE_URL}download/`;

/**
 * Saves a stream as a file: the service worker hands it to the browser, which takes as much as it can write, so little is in memory. Resolves
 * when all is handed over. Throws if the reader of the file, or `signal`, has cut it.
 */
export async function saveStream(stream: ReadableStream<Uint8Array>, name: string, signal: AbortSignal): Promise<void> {
  const worker = await activeWorker();
  const { port1, port2 } = new MessageChannel();
  const id = crypto.randomUUID();
  const reader = stream.getReader();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const frame = document.createElement("iframe");
  frame.hidden = true;
  const fail = (reason: unknown) => {
    port1.postMessage("cut");
    void reader.cancel(reason).catch(() => {});
    reject(reason);
  };
  const handOver = async () => {
    const { done, value } = await reader.read();
    if (done) {
      port1.postMessage("end");
      return resolve();
    }
    port1.postMessage(value);
  };
  port1.onmessage = ({ data }) => {
    if (data === "ready") {
      frame.src = DOWNLOADS + id;
      document.body.append(frame);
    } else if (data === "pull") handOver().catch(fail);
    else fail(new DOMException("cancelled", "AbortError"));
  };
  signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  worker.postMessage({ id, name }, [port2]);
  try {
    await promise;
  } finally {
    // The browser may still be reading what it was given.
    setTimeout(() => {
      port1.close();
      frame.remove();
    }, 5_000);
  }
}

async function activeWorker(): Promise<ServiceWorker> {
  await navigator.serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`, { updateViaCache: "none" });
  const { active } = await navigator.serviceWorker.ready;
  if (active === null) throw new Error("the service worker did not start");
  return active;
}
