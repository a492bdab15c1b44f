import { AccessRefused } from "../../auth/access.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import type { Clock } from "../../base/clock.ts";
import type { RandomBytes } from "../../base/random.ts";
import { describeRefusal } from "../../edge/describe-refusal.ts";
import { type QueryHandler, queryService } from "../../edge/query-service.ts";
import { originOf } from "../../edge/request-origin.ts";
import type { Service } from "../../edge/service.ts";
import { GuardError, MetadataUnavailable } from "../../metadata/database.ts";
import type { Metadata } from "../../metadata/metadata.ts";
import { QueryError } from "../../protocols/aws-query/error.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import type { Webhooks } from "../../topics/webhook.ts";
import { snsError } from "./model/errors.ts";
import { TopicMemory } from "./model/topic-memory.ts";
import type { SnsOperation } from "./operation.ts";
import { operations } from "./operations.ts";

export interface SnsParts {
  /** Of the first database. */
  readonly metadata: Metadata;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly webhooks: Pick<Webhooks, "problem">;
}

/** Of a request: 256 KB of messages may be written as three times as much in a form. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;

/** AWS's SNS, API version 2010-03-31. What is published is delivered after the answer (`src/topics`). */
export function snsService(parts: SnsParts): Service {
  const memory = new TopicMemory(parts.clock);
  return queryService({
    name: "sns",
    signing: commonSigningRules("sns"),
    version: "2010-03-31",
    xmlns: "http://sns.amazonaws.com/doc/2010-03-31/",
    bytesMax: BODY_BYTES_MAX,
    operations: new Map(
      Object.entries(operations).map(([name, one]) => [
        name,
        one && handlerOf(parts, memory, { name, operation: one }),
      ]),
    ),
    unsigned: ["ConfirmSubscription", "Unsubscribe"],
  });
}

function handlerOf(
  { metadata, sealer, clock, random, webhooks }: SnsParts,
  memory: TopicMemory,
  { name, operation }: { name: string; operation: SnsOperation },
): QueryHandler {
  return async ({ caller, request, signature }, parameters) => {
    const { topics, queues, identities } = caller.guard === null ? metadata : metadata.guardedBy(caller.guard);
    const context = { tables: topics, sealer, clock, random };
    const call = {
      ...{ caller, context, queues, webhooks, memory, entities: identities.entities, origin: originOf(request) },
      ...{ region: signature.region ?? "us-east-1", nowMs: clock.now() },
    };
    try {
      return await operation.run(call, `sns:${name}`, parameters);
    } catch (error) {
      throw translate(error);
    }
  };
}

function translate(error: unknown): unknown {
  // SNS has a code of its own for denials.
  if (error instanceof AccessRefused) return snsError("AuthorizationError", describeRefusal(error));
  if (error instanceof GuardError) {
    return new QueryError("Throttled", 429, "What the caller may do is being changed. Try again.", { cause: error });
  }
  if (error instanceof MetadataUnavailable) {
    return new QueryError("ServiceUnavailable", 503, "The server's metadata cannot be reached.", { cause: error });
  }
  return error;
}
