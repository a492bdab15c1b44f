import type { QueueRow } from "../metadata/queues/queues.ts";
import type { Sealer } from "../sealing/root-sealer.ts";

/** What a receipt handle says: which receive of which message. */
export interface Receipt {
  readonly queueId: number;
  readonly place: number;
  readonly id: string;
  readonly receives: number;
  readonly receivedMs: number;
  /** Null in a standard queue. */
  readonly lane: string | null;
}

const HANDLE_CHARACTERS_MAX = 1_024;

type Owner = Pick<QueueRow, "accountId" | "name">;

/** A receipt handle, which opens for this queue's name only. Nobody can make one, or read it. */
export function sealReceipt(sealer: Sealer, queue: Owner, receipt: Receipt): string {
  const { queueId, place, id, receives, receivedMs, lane } = receipt;
  return sealer.seal(
    "queue-handle",
    receiptContext(queue),
    JSON.stringify([queueId, place, id, receives, receivedMs, lane]),
  );
}

/** Null: it was not made here, or for another queue. */
export function openReceipt(sealer: Sealer, queue: Owner, handle: string): Receipt | null {
  if (handle.length > HANDLE_CHARACTERS_MAX) return null;
  const plain = sealer.open("queue-handle", receiptContext(queue), handle);
  if (plain === null) return null;
  // Whoever can seal is this server: the content needs no check.
  const [queueId, place, id, receives, receivedMs, lane] = JSON.parse(plain) as [
    number,
    number,
    string,
    number,
    number,
    string | null,
  ];
  return { queueId, place, id, receives, receivedMs, lane };
}

function receiptContext({ accountId, name }: Owner): string {
  return `receipt/${accountId}/${name}`;
}

/** The handle of a move of messages. */
export function sealMove(sealer: Sealer, move: { id: string; sourceArn: string }): string {
  return sealer.seal("queue-handle", "move", JSON.stringify(move));
}

export function openMove(sealer: Sealer, handle: string): { id: string; sourceArn: string } | null {
  if (handle.length > HANDLE_CHARACTERS_MAX) return null;
  const plain = sealer.open("queue-handle", "move", handle);
  return plain === null ? null : JSON.parse(plain);
}
