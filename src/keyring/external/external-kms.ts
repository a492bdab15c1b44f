import type { EncryptionContext } from "../../sealing/data-keys.ts";

/** What a KMS of somebody else's answered. `reason` is a short sentence without secrets, for the log and for clients. */
export type ExternalAnswer =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | {
      readonly ok: false;
      /** `unreachable`: it did not answer in time or not as expected, so the request may be repeated. `refused`: it said no. */
      readonly problem: "unreachable" | "refused";
      readonly reason: string;
    }
  | { readonly ok: false; readonly problem: "invalid-ciphertext" };

/**
 * A place that holds keys of which Sherd never sees the material. Each call answers within the configured time. Neither plain texts nor
 * credentials are part of an answer's reason, of a URL or of the log.
 */
export interface ExternalKms {
  /** `key`: the key's name there. At most 4,096 bytes; the result has at most 6,123. */
  encrypt(key: string, plain: Uint8Array, context: EncryptionContext): Promise<ExternalAnswer>;
  decrypt(key: string, sealed: Uint8Array, context: EncryptionContext): Promise<ExternalAnswer>;
}

/** A place of the configuration. */
export interface KmsStore {
  readonly kms: ExternalKms;
  /** Ids of the accounts that may make keys of it: its credentials are those of whoever runs the server. */
  readonly accounts: readonly string[];
}

/** What adapters are built with. */
export interface ExternalParts {
  readonly fetch: typeof fetch;
  /** Milliseconds until a call is given up. */
  readonly timeoutMs: number;
}

/** Of an answer's body. The longest that is expected has some 8,400 characters. */
const ANSWER_BYTES_MAX = 64 * 1024;

export type Fetched =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | { readonly ok: false; readonly answer: Extract<ExternalAnswer, { problem: "unreachable" | "refused" }> };

/** One call: the answer's status and text, or that there was none in time. Redirects are not followed. */
export async function fetchInTime(request: Request, { fetch: send, timeoutMs }: ExternalParts): Promise<Fetched> {
  const host = new URL(request.url).host;
  try {
    const response = await send(request, { signal: AbortSignal.timeout(timeoutMs), redirect: "manual" });
    const text = await response.text();
    if (text.length > ANSWER_BYTES_MAX) return unreachable(`${host} answered with too much`);
    return { ok: true, status: response.status, text };
  } catch (error) {
    const isLate = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
    return unreachable(isLate ? `${host} did not answer within ${timeoutMs} ms` : `${host} cannot be reached`);
  }
}

function unreachable(reason: string): Extract<Fetched, { ok: false }> {
  return { ok: false, answer: { ok: false, problem: "unreachable", reason } };
}

/** A JSON object; empty if it is none, as a proxy's page is, whose text is nobody's business. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export const unreadableAnswer = { ok: false, problem: "unreachable", reason: "its answer cannot be read" } as const;
