import type { Caller } from "../../auth/access.ts";
import { commonSigningRules } from "../../auth/sigv4/signing-rules.ts";
import type { Clock } from "../../base/clock.ts";
import type { RandomBytes } from "../../base/random.ts";
import {
  answerJson,
  failJson,
  type JsonHandler,
  type JsonInput,
  type JsonServiceParts,
  jsonService,
  targetOf,
} from "../../edge/json-service.ts";
import { type QueryHandler, queryService } from "../../edge/query-service.ts";
import { RateExceeded } from "../../edge/rate-limiter.ts";
import { originOf } from "../../edge/request-origin.ts";
import type { Exchange, Service } from "../../edge/service.ts";
import type { AccessGuard } from "../../metadata/access-guard.ts";
import { MetadataUnavailable } from "../../metadata/database.ts";
import type { Metadata } from "../../metadata/metadata.ts";
import type { JsonResult } from "../../protocols/aws-json/answer.ts";
import { JsonError } from "../../protocols/aws-json/error.ts";
import { QueryError } from "../../protocols/aws-query/error.ts";
import { parseParameters } from "../../protocols/aws-query/parameters.ts";
import type { Arrivals } from "../../queues/arrivals.ts";
import { CountMemory } from "../../queues/count-memory.ts";
import { FlightMemory } from "../../queues/flight-memory.ts";
import type { QueueKeys } from "../../queues/message-keys.ts";
import type { QueueContext } from "../../queues/queue-context.ts";
import { DataKeyRefused } from "../../sealing/data-keys.ts";
import type { Sealer } from "../../sealing/root-sealer.ts";
import { queryCodeOf, sqsError } from "./model/errors.ts";
import { kmsError } from "./model/kms-errors.ts";
import { QueueMemory } from "./model/queue-memory.ts";
import { parseQueuePath } from "./model/queue-url.ts";
import type { SqsOperation } from "./operation.ts";
import { sqsOperationNames } from "./operation-name.ts";
import { operations } from "./operations.ts";
import { toJsonInput } from "./query/parameters.ts";
import { toQueryResult } from "./query/result.ts";

export interface SqsParts {
  /** Of the first database. */
  readonly metadata: Metadata;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** The KMS's data keys of a caller; absent: there is no KMS. */
  readonly queueKeysOf?: (caller: Caller) => GuardedKeys;
  /** Of the isolate: whoever else sends to queues notifies it too. */
  readonly arrivals: Arrivals;
}

/** `guard` takes the place of the caller's. */
type GuardedKeys = QueueKeys & { readonly guard: AccessGuard | null };

/** Of a request. A mebibyte of messages may be written as three in JSON (`\u00e9`) and in forms (`%C3%A9`). */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What AWS itself can allow to anybody, by a queue's policy. */
const UNSIGNED = new Set([
  ...[
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "DeleteMessage",
    "DeleteMessageBatch",
    "GetQueueAttributes",
  ],
  ...["GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage", "SendMessageBatch"],
]);

const QUERY_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/";

/**
 * AWS's SQS, API version 2012-11-05, in both protocols: JSON 1.0 wherever X-Amz-Target names an operation of it, and otherwise the query
 * protocol, at `/` and at the path of a queue.
 */
export function sqsService(parts: SqsParts): Service {
  const isolate = {
    ...{ bare: parts.metadata.queues, sealer: parts.sealer, clock: parts.clock, random: parts.random },
    ...{ arrivals: parts.arrivals, flights: new FlightMemory(), counts: new CountMemory() },
  };
  const memory = new QueueMemory(parts.clock);
  const run = (name: string, exchange: Exchange, input: JsonInput) =>
    runOperation(operations[name as keyof typeof operations], { parts, isolate, memory, name }, { exchange, input });
  const json = jsonParts(
    new Map(sqsOperationNames.map((name) => [name, (exchange, input) => run(name, exchange, input)])),
  );
  const query = queryService({
    name: "sqs",
    signing: json.signing,
    version: "2012-11-05",
    xmlns: QUERY_NAMESPACE,
    bytesMax: BODY_BYTES_MAX,
    operations: new Map(sqsOperationNames.map((name) => [name, queryHandler(name, run)])),
    unsigned: [...UNSIGNED],
  });
  const isJson = (request: Request) => targetOf(json, request) !== null;
  return {
    ...jsonService(json),
    claims: (request, body) => isJson(request) || claimsForm(request, body),
    answer: (exchange) => (isJson(exchange.request) ? answerJson(json, exchange) : query.answer(exchange)),
    fail: (thrown, about) => {
      const error = thrown instanceof RateExceeded ? sqsError("RequestThrottled", "Rate exceeded") : thrown;
      return isJson(about.request) ? failJson(json, error, about) : query.fail(toQueryError(error), about);
    },
  };
}

function jsonParts(handlers: ReadonlyMap<string, JsonHandler>): JsonServiceParts {
  return {
    name: "sqs",
    signing: commonSigningRules("sqs"),
    jsonVersion: "1.0",
    targetPrefix: "AmazonSQS",
    namespace: "com.amazonaws.sqs#",
    bytesMax: BODY_BYTES_MAX,
    operations: handlers,
    unsigned: UNSIGNED,
    deniedStatus: 403,
    queryCode: queryCodeOf,
  };
}

interface Running {
  readonly parts: SqsParts;
  readonly isolate: Omit<QueueContext, "tables" | "keys">;
  readonly memory: QueueMemory;
  readonly name: string;
}

async function runOperation(
  operation: SqsOperation,
  { parts, isolate, memory, name }: Running,
  { exchange, input }: { exchange: Exchange; input: JsonInput },
): Promise<JsonResult | null> {
  const { caller, request, signature } = exchange;
  const metadata = caller.guard === null ? parts.metadata : parts.metadata.guardedBy(caller.guard);
  let known: GuardedKeys | null = null;
  const keys = () => {
    known ??= parts.queueKeysOf?.(caller) ?? null;
    return known;
  };
  const context = { ...isolate, tables: metadata.queues, keys };
  const call = {
    ...{ caller, memory, context, entities: metadata.identities.entities },
    contextWithKeys: () => {
      const guard = keys()?.guard ?? caller.guard;
      return guard === null ? context : { ...context, tables: parts.metadata.guardedBy(guard).queues };
    },
    ...{ origin: originOf(request), region: signature.region ?? "us-east-1" },
    ...{ signal: request.signal ?? null, nowMs: parts.clock.now() },
  };
  try {
    return await operation.run(call, `sqs:${name}`, input);
  } catch (error) {
    if (error instanceof DataKeyRefused) throw kmsError(error.failure);
    if (!(error instanceof MetadataUnavailable)) throw error;
    throw new JsonError("ServiceUnavailable", 503, "The server's metadata cannot be reached.", { cause: error });
  }
}

/** An operation in the query protocol. A request to a queue's path is about that queue. */
function queryHandler(
  name: string,
  run: (name: string, exchange: Exchange, input: JsonInput) => Promise<JsonResult | null>,
): QueryHandler {
  return async (exchange, parameters) => {
    const input = toJsonInput(name, parameters);
    const isNamed = input.QueueUrl !== undefined || parseQueuePath(exchange.url.rawPath) === null;
    const complete = isNamed ? input : { ...input, QueueUrl: exchange.url.rawPath };
    return toQueryResult(name, await run(name, exchange, complete));
  };
}

/** What operations throw is of the JSON protocol. */
function toQueryError(thrown: unknown): unknown {
  if (!(thrown instanceof JsonError)) return thrown;
  const cause = thrown.cause === undefined ? undefined : { cause: thrown.cause };
  return new QueryError(queryCodeOf(thrown), thrown.status, thrown.message, cause);
}

/** Whether an unsigned request is for a queue: a form, or a GET, at a queue's path that names an operation which policies can allow to anybody. */
function claimsForm(request: Request, body: Uint8Array | null): boolean {
  const url = new URL(request.url);
  if (parseQueuePath(url.pathname) === null && url.pathname !== "/") return false;
  const parsed = parseParameters(request.method === "POST" && body !== null ? body : url.search.slice(1));
  const action = parsed.ok ? parsed.root.child("Action")?.value : undefined;
  return action !== undefined && UNSIGNED.has(action);
}
