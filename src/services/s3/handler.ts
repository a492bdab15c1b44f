import type { Caller } from "../../auth/access.ts";
import type { Principal } from "../../auth/principal.ts";
import type { PayloadMode } from "../../auth/sigv4/payload.ts";
import type { VerifiedSignature } from "../../auth/sigv4/verify-signature.ts";
import type { BodyPieces } from "../../base/body-pieces.ts";
import type { ByteBudget } from "../../base/byte-budget.ts";
import type { Answer } from "../../edge/answer.ts";
import type { EventContext } from "../../events/deliver.ts";
import type { StoreContext } from "../../store/context.ts";
import type { AccountDirectory } from "./acl/directory.ts";
import type { PayloadBytes } from "./body/payload-pieces.ts";
import type { FormFields } from "./form/form-fields.ts";
import type { RequestGate } from "./gate/gate.ts";

/**
 * Input of a handler: an authenticated and screened request. `store` authorises it by what it
 * finds.
 */
export interface Call {
  /** The caller, with the means to decide about its permissions. */
  readonly caller: Caller;
  /** The caller's. */
  readonly principal: Principal;
  /** "" if the operation has none. */
  readonly bucket: string;
  /** Decoded; "" if the operation has none. */
  readonly key: string;
  /** Decoded query parameters. */
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly payload: Payload;
  /** Of the bucket's database. */
  readonly store: StoreContext;
  /**
   * Decides about the request. The store calls it by itself; handlers add asks that only they find.
   */
  readonly gate: RequestGate;
  /** Accounts that an ACL may name. */
  readonly directory: AccountDirectory;
  readonly requestId: string;
  /**
   * Whether a client's key (SSE-C) is allowed over the connection: with TLS, or within one machine.
   */
  readonly takesCustomerKeys: boolean;
  /** S3's second id of the request. */
  readonly hostId: string;
  readonly events: EventContext;
  /** Memory, in MiB, for concurrent queries over objects. */
  readonly selectMemory: ByteBudget;
}

/** The request body as it arrived, with facts from the verified signature. */
export interface Payload {
  readonly mode: PayloadMode;
  /**
   * Start of the chain of signed chunks; null if the request is anonymous or signed with Signature
   * Version 2.
   */
  readonly verified: VerifiedSignature | null;
  /** Null if the request has no body, or its operation reads none. */
  readonly pieces: BodyPieces | null;
  /** Content-Length; null if the request has none. */
  readonly contentLengthBytes: number | null;
  /** Present if the request is a form: the body is then its file. */
  readonly form?: UploadForm;
}

/**
 * A form whose fields have been read; its file follows. Its fields are also the headers of the
 * call.
 */
export interface UploadForm {
  readonly fields: FormFields;
  readonly file: PayloadBytes;
}

export type Handler = (call: Call) => Promise<Answer>;
