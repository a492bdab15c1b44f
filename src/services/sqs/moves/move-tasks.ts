import type { Ask } from "../../../auth/access.ts";
import { isMoveTaken, type MoveRow } from "../../../metadata/queues/moves.ts";
import { required, text } from "../../../protocols/aws-json/fields.ts";
import { countMessages } from "../../../queues/counts.ts";
import { openMove, sealMove } from "../../../queues/handles.ts";
import { newMessageId } from "../../../queues/ids.ts";
import { continueMove } from "../../../queues/moves.ts";
import { isFifoName, parseQueueArn } from "../../../queues/settings.ts";
import type { QueueCall } from "../model/call.ts";
import { invalidParameter, invalidValue, sqsError } from "../model/errors.ts";
import { anyInteger } from "../model/fields.ts";
import type { KnownQueue, QueueName } from "../model/queue-memory.ts";
import { queueOperation } from "../operation.ts";

const RATE_MAX = 500;
const RESULTS_MAX = 10;
/** Queues that one move gives messages back to, each of which the caller must be allowed to send to. Messages of others stay. */
const SOURCES_MAX = 1_000;
/** How long StartMessageMoveTask moves messages itself before it answers: a job does the rest. */
const FIRST_MS = 500;

const missingSource = () =>
  sqsError("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.");
const missingDestination = () =>
  sqsError(
    "ResourceNotFoundException",
    "The resource that you specified for the DestinationArn parameter doesn't exist.",
  );

function sourceOf({ SourceArn }: { readonly SourceArn: string }): QueueName {
  const name = parseQueueArn(SourceArn);
  if (name === null) throw missingSource();
  return name;
}

export const startMessageMoveTask = queueOperation({
  fields: { SourceArn: required(text()), DestinationArn: text(), MaxNumberOfMessagesPerSecond: anyInteger },
  acrossAccounts: false,
  missing: missingSource,
  name: sourceOf,
  check({ MaxNumberOfMessagesPerSecond: rate }) {
    if (rate === undefined || (rate >= 1 && rate <= RATE_MAX)) return;
    throw invalidValue(rate, "MaxNumberOfMessagesPerSecond", `Must be between 1 and ${RATE_MAX}, if provided.`);
  },
  async run(call, { DestinationArn, MaxNumberOfMessagesPerSecond: perSecond = null }) {
    const { context, queue, nowMs } = call;
    demandMove(call, queue, ["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    const page = { deadLetter: queue.name, after: "", limit: 1 };
    const users = await context.tables.queues.sourcesOf(queue.accountId, page);
    if (users.length === 0) throw invalidParameter("Source queue must be configured as a Dead Letter Queue.");
    const destination = DestinationArn === undefined ? null : await destinationOf(call, DestinationArn);
    const sources = destination === null ? await context.tables.moves.sourcesIn(queue, SOURCES_MAX) : null;
    for (const arn of sources ?? []) await demandSending(call, requiredName(arn));
    const { visible } = await countMessages(context, queue);
    const move = {
      ...{ id: newMessageId(context.random), sourceArn: queue.arn, destinationArn: destination?.arn ?? null },
      ...{ sources, perSecond, startedMs: nowMs, toMove: visible },
    };
    await start(call, move);
    return { TaskHandle: sealMove(context.sealer, { id: move.id, sourceArn: move.sourceArn }) };
  },
});

async function start(
  { context, queue }: QueueCall,
  move: Omit<MoveRow, "state" | "moved" | "failure" | "sourceId">,
): Promise<void> {
  try {
    await context.tables.moves.start(queue, move);
  } catch (error) {
    if (!isMoveTaken(error)) throw error;
    const message =
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
    throw invalidParameter(message);
  }
  const untilMs = context.clock.now() + FIRST_MS;
  const isSpent = () => context.clock.now() >= untilMs;
  const row: MoveRow = { ...move, sourceId: queue.id, state: "RUNNING", moved: 0, failure: null };
  await continueMove(context.bare.moves, row, { nowMs: context.clock.now(), isSpent });
}

/** Of an ARN that was written by the server. */
function requiredName(arn: string): QueueName {
  const name = parseQueueArn(arn);
  if (name === null) throw new Error(`${arn} is no queue`);
  return name;
}

async function destinationOf(call: QueueCall, arn: string): Promise<KnownQueue> {
  const name = parseQueueArn(arn);
  if (name === null || name.accountId !== call.queue.accountId) throw missingDestination();
  const destination = await demandSending(call, name);
  if (destination === null || destination.arn !== arn || destination.id === call.queue.id) throw missingDestination();
  if (isFifoName(name.name) !== isFifoName(call.queue.name)) {
    throw invalidParameter("The destination must be a queue of the same type as the source.");
  }
  return destination;
}

async function demandSending(call: QueueCall, name: QueueName): Promise<KnownQueue | null> {
  const queue = await call.memory.read(call.context.tables, name);
  const region = call.region;
  const missing = { ...name, arn: `arn:aws:sqs:${region}:${name.accountId}:${name.name}`, policy: null };
  demandMove(call, queue ?? missing, ["sqs:SendMessage"]);
  return queue;
}

function demandMove(
  { caller }: QueueCall,
  queue: Pick<KnownQueue, "accountId" | "arn" | "policy">,
  actions: readonly string[],
): void {
  const ask = (action: string): Ask => ({
    action,
    resource: queue.arn,
    resourceAccountId: queue.accountId,
    ...(queue.policy !== null && { resourcePolicy: queue.policy }),
  });
  caller.demand(actions.map(ask));
}

export const listMessageMoveTasks = queueOperation({
  fields: { SourceArn: required(text()), MaxResults: anyInteger },
  acrossAccounts: false,
  missing: missingSource,
  name: sourceOf,
  check({ MaxResults: count }) {
    if (count === undefined || (count >= 1 && count <= RESULTS_MAX)) return;
    throw invalidValue(count, "MaxResults", `Must be between 1 and ${RESULTS_MAX}, if provided.`);
  },
  async run({ context, queue }, { MaxResults: limit = 1 }) {
    const moves = await context.tables.moves.list(queue, limit);
    return { Results: moves.map((move) => shown(context, move)) };
  },
});

function shown({ sealer }: QueueCall["context"], move: MoveRow) {
  return {
    TaskHandle: move.state === "RUNNING" ? sealMove(sealer, { id: move.id, sourceArn: move.sourceArn }) : undefined,
    Status: move.state,
    SourceArn: move.sourceArn,
    DestinationArn: move.destinationArn,
    MaxNumberOfMessagesPerSecond: move.perSecond,
    ApproximateNumberOfMessagesMoved: move.moved,
    ApproximateNumberOfMessagesToMove: move.toMove,
    FailureReason: move.failure,
    StartedTimestamp: move.startedMs,
  };
}

export const cancelMessageMoveTask = queueOperation({
  fields: { TaskHandle: required(text()) },
  acrossAccounts: false,
  missing: missingSource,
  name: ({ TaskHandle }, { context }) => {
    const opened = openMove(context.sealer, TaskHandle);
    if (opened === null) throw invalidParameter("Value for parameter TaskHandle is invalid.");
    return sourceOf({ SourceArn: opened.sourceArn });
  },
  async run({ context }, { TaskHandle }) {
    const { id = "" } = openMove(context.sealer, TaskHandle) ?? {};
    const isEnded = await context.tables.moves.end(id, "CANCELLED");
    const move = await context.tables.moves.find(id);
    if (!isEnded || move === null) throw sqsError("ResourceNotFoundException", "Task does not exist.");
    return { ApproximateNumberOfMessagesMoved: move.moved };
  },
});
