import type { OutgoingBody, UnsizedBody } from "../base/outgoing-body.ts";

/** What a service answers. The edge adds request id, date and server headers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text (Content-Type application/xml unless `headers` has another), object bytes (all at once, or as they come), or nothing. */
  readonly body?: string | Uint8Array | OutgoingBody | UnsizedBody;
}
