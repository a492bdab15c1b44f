import type { Answer } from "./answer.ts";
import { keepEncoding } from "./keep-encoding.ts";
import { type ReaderPatience, type SendOutcome, sendBody } from "./send-body.ts";

export interface ResponseMarks {
  readonly requestId: string;
  readonly hostId: string;
  readonly nowMs: number;
  /** HEAD: headers alone. */
  readonly withoutBody: boolean;
  /** Accept-Encoding as the client sent it, where a proxy has replaced it. */
  readonly clientAcceptEncoding: unknown;
  readonly patience: ReaderPatience;
}

export interface Responded {
  readonly response: Response;
  /** Resolves when the body has been sent, or not. Never rejects. */
  readonly outcome: Promise<SendOutcome>;
}

const sent: Promise<SendOutcome> = Promise.resolve({ kind: "sent" });

/** The HTTP response of an answer. Throws TypeError if a header cannot be one. */
export function respond(answer: Answer, marks: ResponseMarks): Responded {
  const { status, body } = answer;
  const headers = new Headers(answer.headers);
  headers.set("x-amz-request-id", marks.requestId);
  headers.set("x-amz-id-2", marks.hostId);
  headers.set("Date", new Date(marks.nowMs).toUTCString());
  headers.set("Server", "Sherd");
  if (typeof body === "string") {
    if (!headers.has("Content-Type")) headers.set("Content-Type", "application/xml");
  } else keepEncoding(headers, status, marks.clientAcceptEncoding);
  const init: ResponseInit = {
    status,
    headers,
    // Bytes stored under a Content-Encoding are encoded already: without this the runtime would do it again.
    encodeBody: headers.has("Content-Encoding") ? "manual" : "automatic",
  };
  if (body === undefined || marks.withoutBody || status === 204 || status === 304) {
    return { response: new Response(null, init), outcome: sent };
  }
  if (typeof body === "string") return { response: new Response(body, init), outcome: sent };
  if (body instanceof Uint8Array) return { response: new Response(body, init), outcome: sent };
  const { stream, outcome } = sendBody(body, marks.patience);
  if (body.sizeBytes !== null) headers.set("Content-Length", `${body.sizeBytes}`);
  return { response: new Response(stream, init), outcome };
}
