import { type AwsClient, type AwsRequest, sha256Hex } from "../../aws/client.ts";
import { AwsError, parseError } from "../../aws/errors.ts";
import { base64OfHex } from "../../aws/s3/checksum.ts";
import { retryDelayMs } from "./plan.ts";

/** Requests with bodies at once, over all uploads: a browser opens six connections to a host. */
const AT_ONCE = 4;
let running = 0;
const waiting: (() => void)[] = [];

/** Waits for one of a few places; the result gives it back, once however often it is called. */
async function takePlace(): Promise<() => void> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
}

export interface SentBody {
  etag: string;
  /** In base64. */
  sha256: string;
}

interface Sending {
  request: Pick<AwsRequest, "path" | "query" | "headers">;
  body: Blob;
  /** Bytes of this body that have left, told again and again. */
  onProgress: (sentBytes: number) => void;
  signal: AbortSignal;
}

/**
 * PUTs a body with its SHA-256, which the store compares before it keeps anything. Tries again after failures that may pass. The body is in
 * memory only while it is hashed, and read again as it is sent: a file that has changed in between is refused. Throws `AwsError`, or the signal's reason.
 */
export async function sendBody(client: AwsClient, { request, body, onProgress, signal }: Sending): Promise<SentBody> {
  for (let attempt = 0; ; attempt++) {
    const release = await takePlace();
    try {
      signal.throwIfAborted();
      const hex = await sha256Hex(await body.arrayBuffer());
      const sha256 = base64OfHex(hex);
      const headers = { ...request.headers, "x-amz-checksum-sha256": sha256 };
      const signed = await client.sign("s3", { ...request, method: "PUT", headers, bodySha256: hex });
      const etag = await put(signed, body, onProgress, signal);
      return { etag, sha256 };
    } catch (error) {
      signal.throwIfAborted();
      const delayMs = mayPass(error) ? retryDelayMs(attempt, Math.random) : null;
      onProgress(0);
      if (delayMs === null) throw error;
      release();
      await sleep(delayMs, signal);
    } finally {
      release();
    }
  }
}

/** Failures that another attempt may not meet. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof AwsError)) return false;
  return error.status === 0 || (error.status >= 500 && error.status !== 501) || error.code === "RequestTimeout";
}

/** By XMLHttpRequest, because `fetch` does not tell how much has left. Resolves with the ETag. */
function put(
  { url, headers }: { url: string; headers: Headers },
  body: Blob,
  onProgress: (sentBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open("PUT", url);
    // The browser sets the host by itself.
    for (const [name, value] of headers) if (name !== "host") request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onloadend = () => {
      signal.removeEventListener("abort", abort);
      if (signal.aborted) return reject(signal.reason);
      if (request.status === 200) return resolve(request.getResponseHeader("etag") ?? "");
      if (request.status === 0) return reject(new AwsError({ code: "NetworkError", message: "", status: 0 }));
      const get = (name: string) => request.getResponseHeader(name);
      reject(parseError(request.responseText, request.status, { get }));
    };
    request.send(body);
  });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
