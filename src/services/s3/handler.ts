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

/** What a handler is given: a request that is authenticated and screened. `store` authorises it by what it finds. */
export interface Call {
  /** Who asks, and the way to find out what they may do. */
  readonly caller: Caller;
  /** The caller's. */
  readonly principal: Principal;
  /** "" where the operation has none. */
  readonly bucket: string;
  /** Decoded; "" where the operation has none. */
  readonly key: string;
  /** Decoded query parameters. */
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly payload: Payload;
  /** Of the database that the bucket lies in. */
  readonly store: StoreContext;
  /** Decides what the request may do. The store asks it by itself; handlers add what only they find out. */
  readonly gate: RequestGate;
  /** Accounts that an ACL may name. */
  readonly directory: AccountDirectory;
  readonly requestId: string;
  /** Whether the connection is one that a client's key (SSE-C) may come over: by TLS, or within one machine. */
  readonly takesCustomerKeys: boolean;
  /** S3's second id of the request. */
  readonly hostId: string;
  readonly events: EventContext;
  /** Memory, in MiB, for the queries over objects that run at the same time. */
  readonly selectMemory: ByteBudget;
}

/** The request body as it arrived, with what the verified signature says of it. */
export interface Payload {
  readonly mode: PayloadMode;
  /** What signed chunks are chained to; null where the request is anonymous or signed with Signature Version 2. */
  readonly verified: VerifiedSignature | null;
  /** Null where the request has no body, or its operation reads none. */
  readonly pieces: BodyPieces | null;
  /** Content-Length; null where the request has none. */
  readonly contentLengthBytes: number | null;
  /** Present where the request is a form: its file is the body then. */
  readonly form?: UploadForm;
}

/** A form whose fields have been read and whose file follows. Its fields are also the headers of the call. */
export interface UploadForm {
  readonly fields: FormFields;
  readonly file: PayloadBytes;
}

export type Handler = (call: Call) => Promise<Answer>;
