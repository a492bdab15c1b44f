import type { Caller } from "../../../auth/access.ts";
import { userIdOf } from "../../../auth/principal.ts";
import type { EntityTable } from "../../../metadata/identities/entities.ts";
import type { QueueContext } from "../../../queues/queue-context.ts";
import type { KnownQueue, QueueMemory } from "./queue-memory.ts";

/** What an operation of SQS works with: one authenticated request. */
export interface SqsCall {
  readonly caller: Caller;
  /** On behalf of the caller. */
  readonly context: QueueContext;
  /** The same for a queue that is encrypted with a key of the KMS: its tables find out whether that may still be used. */
  readonly contextWithKeys: () => QueueContext;
  readonly memory: QueueMemory;
  /** Users and roles, whom policies name. */
  readonly entities: EntityTable;
  /** What the client calls this server: `http://127.0.0.1:9000`. */
  readonly origin: string;
  /** Of the credential scope. */
  readonly region: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal | null;
  readonly nowMs: number;
}

/** One attempt of an operation on a queue that is there and that the caller may use so. */
export interface QueueCall extends SqsCall {
  readonly queue: KnownQueue;
}

/** The account of the caller, for operations that are about no one queue. Null: it has none. */
export function accountOf({ caller }: Pick<SqsCall, "caller">): string | null {
  return "accountId" in caller.principal ? caller.principal.accountId : null;
}

/** As messages name their sender. */
export function senderOf({ caller }: Pick<SqsCall, "caller">): string {
  return userIdOf(caller.principal) ?? "anonymous";
}
