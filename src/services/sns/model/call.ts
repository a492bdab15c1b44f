import type { Caller } from "../../../auth/access.ts";
import type { EntityTable } from "../../../metadata/identities/entities.ts";
import type { Queues } from "../../../metadata/queues/all.ts";
import type { PublishContext } from "../../../topics/topic-context.ts";
import type { Webhooks } from "../../../topics/webhook.ts";
import type { KnownTopic, TopicMemory } from "./topic-memory.ts";

/** What an operation of SNS works with: one request. */
export interface SnsCall {
  readonly caller: Caller;
  /** On behalf of the caller. */
  readonly context: PublishContext;
  /** On behalf of the caller. */
  readonly queues: Queues;
  readonly webhooks: Pick<Webhooks, "problem">;
  readonly memory: TopicMemory;
  /** Users and roles, whom policies name. */
  readonly entities: EntityTable;
  /** What the client calls this server: `http://127.0.0.1:9000`. */
  readonly origin: string;
  /** Of the credential scope. */
  readonly region: string;
  readonly nowMs: number;
}

/** One attempt of an operation on a topic that is there and that the caller may use so. */
export interface TopicCall extends SnsCall {
  readonly topic: KnownTopic;
}

/** The account of the caller. Null: it has none. */
export function accountOf({ caller }: Pick<SnsCall, "caller">): string | null {
  return "accountId" in caller.principal ? caller.principal.accountId : null;
}
