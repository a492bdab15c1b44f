import type { Clock } from "../../../base/clock.ts";

/** How long an issuer may take for one document, its body included. */
const PATIENCE_MS = 5_000;
/** Key sets of large issuers have some 10 KB. */
const DOCUMENT_BYTES_MAX = 256 * 1024;

export interface Outbound {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** The issuer could not be reached, or answers something else than the document that it must have. */
export class IssuerUnreachable extends Error {}

/** A JSON object of an issuer. Redirects are not followed. Throws `IssuerUnreachable`. */
export async function fetchDocument({ fetch, clock }: Outbound, url: string): Promise<Record<string, unknown>> {
  const controller = new AbortController();
  const timer = clock.timer(PATIENCE_MS);
  void timer.done.then(() => controller.abort());
  try {
    const init = { redirect: "manual", signal: controller.signal, headers: { Accept: "application/json" } } as const;
    const response = await fetch(url, init);
    if (response.status !== 200) throw new IssuerUnreachable(`status ${response.status}`);
    const document: unknown = JSON.parse(await boundedText(response));
    if (typeof document === "object" && document !== null && !Array.isArray(document)) {
      return document as Record<string, unknown>;
    }
    throw new IssuerUnreachable("no JSON object");
  } catch (error) {
    if (error instanceof IssuerUnreachable) throw error;
    throw new IssuerUnreachable("no answer", { cause: error });
  } finally {
    timer.cancel();
  }
}

async function boundedText(response: Awaited<ReturnType<typeof fetch>>): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let sizeBytes = 0;
  for await (const piece of response.body as ReadableStream<Uint8Array>) {
    sizeBytes += piece.length;
    if (sizeBytes > DOCUMENT_BYTES_MAX) throw new IssuerUnreachable("a document that is too large");
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
