import { AccessRefused, type Ask } from "../../auth/access.ts";
import type { ContextValue } from "../../auth/policy/request.ts";
import type { JsonInput } from "../../edge/json-service.ts";
import { isQueueChanged } from "../../metadata/queues/queues.ts";
import type { JsonResult } from "../../protocols/aws-json/answer.ts";
import { type Fields, type Input, readFields } from "../../protocols/aws-json/fields.ts";
import { accountOf, type QueueCall, type SqsCall } from "./model/call.ts";
import { invalidParameter, missingParameter, noSuchQueue, sqsError } from "./model/errors.ts";
import type { KnownQueue, QueueName } from "./model/queue-memory.ts";
import { parseQueueUrl } from "./model/queue-url.ts";

/** An operation without the types of its members. */
export interface SqsOperation {
  /** `action`: `sqs:SendMessage`. */
  run(call: SqsCall, action: string, input: JsonInput): Promise<JsonResult | null>;
}

/** How often an operation is tried if its queue is changed at the same time. */
const ATTEMPTS_MAX = 20;

interface QueueDefinition<F extends Fields> {
  readonly fields: F;
  /** Which queue it is about. */
  name(input: Input<F>, call: SqsCall): QueueName;
  /** The action that it needs, if it is another than its own: a batch needs that of its entries. */
  readonly action?: string;
  /**
   * Whether the queue's policy can allow it to other accounts. AWS does not let them administer a queue, whatever its policy says
   * ("Limitations of Amazon SQS custom policies" in the SQS Developer Guide).
   */
  readonly acrossAccounts: boolean;
  /** What is answered if there is no such queue. Absent: QueueDoesNotExist. */
  readonly missing?: () => Error;
  /** What is wrong with the input whatever the queue. Throws. */
  check?(input: Input<F>): void;
  /** The condition keys that follow from the input. */
  context?(input: Input<F>): ReadonlyMap<string, ContextValue>;
  /** Does it: the caller may. Whatever it writes is guarded by the queue as it was read. It may be called again. */
  run(call: QueueCall, input: Input<F>): Promise<JsonResult | null>;
}

/** An operation on one queue: members → queue → permission → run. Nothing is changed before the permission is given. */
export function queueOperation<F extends Fields>(definition: QueueDefinition<F>): SqsOperation {
  return {
    async run(call, action, input) {
      const read = readInput(definition.fields, input);
      definition.check?.(read);
      const name = definition.name(read, call);
      const asked = { ...definition, action: definition.action ?? action, context: definition.context?.(read) };
      for (let attempt = 1; ; attempt++) {
        const queue = await demand(call, name, asked);
        try {
          const isKms = queue.attributes.KmsMasterKeyId !== undefined;
          const context = isKms ? call.contextWithKeys() : call.context;
          return await definition.run({ ...call, context, queue }, read);
        } catch (error) {
          if (!isQueueChanged(error)) throw error;
          call.memory.forget(name);
          if (attempt >= ATTEMPTS_MAX)
            throw sqsError("UnsupportedOperation", "The queue is being changed all the time.");
        }
      }
    },
  };
}

interface Asked {
  readonly action: string;
  readonly acrossAccounts: boolean;
  readonly missing?: () => Error;
  readonly context: ReadonlyMap<string, ContextValue> | undefined;
}

/** The queue, if the caller may. A denial by what is remembered is made sure of. A queue that is not there is told to those who could use it. */
async function demand(call: SqsCall, name: QueueName, asked: Asked): Promise<KnownQueue> {
  const remembered = call.memory.recall(name);
  if (remembered !== undefined) {
    try {
      call.caller.demand([askFor(call, remembered, asked)]);
      return remembered;
    } catch (error) {
      if (!(error instanceof AccessRefused)) throw error;
    }
  }
  const queue = await call.memory.read(call.context.tables, name);
  call.caller.demand([askFor(call, queue ?? { ...name, arn: arnOf(call, name), policy: null, tags: [] }, asked)]);
  if (queue === null) throw (asked.missing ?? noSuchQueue)();
  return queue;
}

function arnOf({ region }: SqsCall, { accountId, name }: QueueName): string {
  return `arn:aws:sqs:${region}:${accountId}:${name}`;
}

function askFor(
  call: SqsCall,
  queue: Pick<KnownQueue, "accountId" | "arn" | "policy" | "tags">,
  { action, acrossAccounts, context }: Asked,
): Ask {
  const isForeign = accountOf(call) !== queue.accountId;
  const counts = queue.policy !== null && (acrossAccounts || !isForeign);
  const tags = new Map(queue.tags.map(([key, value]) => [`aws:resourcetag/${key.toLowerCase()}`, value]));
  return {
    action,
    resource: queue.arn,
    resourceAccountId: queue.accountId,
    ...(counts && queue.policy !== null && { resourcePolicy: queue.policy }),
    context: (key) => context?.get(key) ?? tags.get(key),
  };
}

interface AccountDefinition<F extends Fields> {
  readonly fields: F;
  run(call: SqsCall & { accountId: string }, input: Input<F>): Promise<JsonResult | null>;
}

/** An operation of the caller's own account, about no one queue. */
export function accountOperation<F extends Fields>(definition: AccountDefinition<F>): SqsOperation {
  return {
    async run(call, action, input) {
      const read = readInput(definition.fields, input);
      const accountId = accountOf(call);
      const resource = `arn:aws:sqs:${call.region}:${accountId ?? ""}:`;
      call.caller.demand([{ action, resource, resourceAccountId: accountId }]);
      if (accountId === null) throw new Error("a caller without an account was allowed something of its account");
      return definition.run({ ...call, accountId }, read);
    },
  };
}

/** Reads the members, with the errors that SQS has for what is missing or out of range. */
export function readInput<F extends Fields>(fields: F, input: JsonInput): Input<F> {
  const read = readFields(input, fields);
  if (read.ok) return read.input;
  const missing = read.problems.find((problem) => problem.missing !== undefined)?.missing;
  throw missing === undefined ? invalidParameter(read.message) : missingParameter(capitalised(missing));
}

function capitalised(path: string): string {
  return path
    .split(".")
    .filter((part) => part !== "member")
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(".");
}

/** The queue of a QueueUrl. Throws InvalidAddress. */
export function queueOfUrl({ QueueUrl }: { readonly QueueUrl: string }): QueueName {
  const name = parseQueueUrl(QueueUrl);
  if (name !== null) return name;
  throw sqsError("InvalidAddress", `The address ${QueueUrl.slice(0, 256)} is not valid for this endpoint.`);
}
