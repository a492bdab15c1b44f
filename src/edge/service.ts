import type { Caller, RequestFacts } from "../auth/access.ts";
import type { AuthenticatedForm } from "../auth/authenticator.ts";
import type { PayloadMode } from "../auth/sigv4/payload.ts";
import type { SigningRules } from "../auth/sigv4/signing-rules.ts";
import type { VerifiedSignature } from "../auth/sigv4/verify-signature.ts";
import type { BodyPieces } from "../base/body-pieces.ts";
import type { Answer } from "./answer.ts";
import type { Rate } from "./rate-limiter.ts";
import type { RawUrl } from "./raw-url.ts";

/**
 * One of AWS's services, as the edge sees it: a row of the table in `src/index.ts`. The first row also gets what no row claims.
 *
 * The edge reads the head once, finds the row by the service name in the credential scope (or by `claims`, if nothing is signed),
 * authenticates, and lets the row answer. Whatever is thrown, by the edge too, is rendered by `fail`.
 */
export interface Service {
  /** For metrics and the log: `s3`, `iam`. */
  readonly name: string;
  readonly signing: SigningRules;
  /**
   * `stream`: the service reads the body itself. `whole`: the edge has read it, up to that many bytes, before anybody is
   * authenticated, because its digest is part of the signature. A longer one is thrown as `BodyTooLarge`.
   */
  readonly body: { readonly kind: "stream" } | { readonly kind: "whole"; readonly bytesMax: number };
  /**
   * Whether a request without a signature is for this service. `body` is the whole body if there is a form in it
   * (application/x-www-form-urlencoded) that fits into memory, otherwise null. Absent: never.
   */
  claims?(request: Request, body: Uint8Array | null): boolean;
  /** Whether the request is answered before anybody is authenticated, as S3 does OPTIONS. Its caller is anonymous then. */
  isPublic?(request: Request): boolean;
  /** The bucket that the host names, which Signature Version 2 covers. S3 alone has it. */
  bucketOfHost?(hostname: string): string | null;
  /** Headers for whatever the answer will be, found beside it (CORS). Must never reject. */
  headersBeside?(request: Request): Promise<Readonly<Record<string, string>>>;
  /** Does what is asked. May throw anything: `fail` renders it. */
  answer(exchange: Exchange): Promise<Answer>;
  /** Is told of the end of each of its exchanges, however it ended. Must not throw. */
  ended?(exchange: EndedExchange, lifetime: Lifetime): void;
  /**
   * The service's own form of an error. Gets `AuthenticationError`, `AccessRefused`, what `answer` throws, and anything else,
   * which is a bug: InternalError. Must not throw.
   */
  fail(thrown: unknown, about: ExchangeHead): Failed;
}

/** A request's lifetime may be prolonged beyond its answer. */
export interface Lifetime {
  waitUntil(work: Promise<unknown>): void;
}

/** An exchange whose answer has been sent, or was broken off. `about` has what of an `Exchange` was reached. */
export interface EndedExchange {
  readonly about: ExchangeHead & Partial<Exchange>;
  readonly response: Response;
  /** IP address of the client, if it is known. */
  readonly clientAddress: string | null;
  readonly endedMs: number;
}

/** How a service answers something thrown. */
export interface Failed {
  readonly answer: Answer;
  /** AWS's code, for the log. */
  readonly code: string;
  /** Why, for the log, if it is the server's fault (status 500 or more). */
  readonly cause?: unknown;
}

/** What is known of a request before anybody is authenticated. */
export interface ExchangeHead {
  readonly request: Request;
  /** Its body as it comes; null if it has none. Throws `ClientTooSlow`. */
  readonly pieces: BodyPieces | null;
  /** Path and query as they arrived. */
  readonly url: RawUrl;
  /** 16 hex digits. */
  readonly requestId: string;
  /** S3's second id (x-amz-id-2). */
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly receivedMs: number;
  /** The operation's name, for log and metrics. The service sets it as soon as it is known. */
  operation: string;
  /** AWS's code of the error that is answered, for the log. Absent: none. */
  error?: string;
  /** Whose request it is. Absent: nobody knows yet. */
  service?: Service;
  /** When the answer was ready, and how many bytes its body has; null: nobody knows. Absent: there is none yet. */
  answered?: { readonly atMs: number; readonly sentBytes: number | null };
}

/** One authenticated request. */
export interface Exchange extends ExchangeHead {
  readonly caller: Caller;
  /** Where the request comes from and when, for callers whom the service itself finds out (a web identity's token). */
  readonly facts: RequestFacts;
  readonly signature: ProvenSignature;
  /** The whole body, for services that ask for it; otherwise null. */
  readonly body: Uint8Array | null;
  /** Counts a request that nobody signed for the account whose resource it reaches, once. Throws `RateExceeded`. */
  countFor(owner: { readonly accountId: string; readonly rate: Rate | null }): void;
  /**
   * Authenticates by the fields of a form (names in lower case), as S3's PostObject is signed, and counts the request for its sender.
   * Throws `AuthenticationError`, `RateExceeded`.
   */
  authenticateForm(fields: ReadonlyMap<string, string>): Promise<AuthenticatedForm>;
}

/** What the signature over the head proves. */
export interface ProvenSignature {
  readonly mode: PayloadMode;
  /** What signed chunks are chained to; null where nothing can be chained: anonymous, or Signature Version 2. */
  readonly verified: VerifiedSignature | null;
  /** The region of the credential scope: what the client calls this place. Null without Signature Version 4. */
  readonly region: string | null;
}

/** The body is larger than its service takes. */
export class BodyTooLarge extends Error {
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    super(`the body is larger than ${bytesMax} bytes`);
    this.name = "BodyTooLarge";
    this.bytesMax = bytesMax;
  }
}
