import { type Database, type Statement, TakenError } from "../database.ts";
import { regroup, reserveSequences } from "./fifo-messages.ts";
import { type QueueRow, requireQueue } from "./queues.ts";
import { RETENTION_MS } from "./upkeep.ts";

export type MoveState = "RUNNING" | "CANCELLED" | "COMPLETED" | "FAILED";

/** Messages that are moved from a dead letter queue to where they came from, or to another queue. */
export interface MoveRow {
  readonly id: string;
  readonly sourceId: number;
  readonly sourceArn: string;
  /** Null: each message goes to the queue that it came from. */
  readonly destinationArn: string | null;
  /** Queues that messages may go back to: others stay. Null: all. */
  readonly sources: readonly string[] | null;
  /** Messages a second at most; null: as fast as it goes. */
  readonly perSecond: number | null;
  readonly state: MoveState;
  readonly startedMs: number;
  /** How many were in the queue at the start. */
  readonly toMove: number;
  readonly moved: number;
  readonly failure: string | null;
}

const COLUMNS = `id, source_id AS "sourceId", source_arn AS "sourceArn", destination_arn AS "destinationArn", per_second AS "perSecond", state,
  sources, started_ms AS "startedMs", to_move AS "toMove", moved, failure`;

/** What became of a step. */
export type MoveStep =
  | { readonly kind: "moved"; readonly count: number }
  /** Nothing is visible in the source. */
  | { readonly kind: "empty" }
  /** The queue that a message is to go to is not there. */
  | { readonly kind: "no-destination" }
  /** Nobody knows where a message came from. */
  | { readonly kind: "no-source" }
  /** It was ended meanwhile, or its source is gone. */
  | { readonly kind: "ended" };

/** How long the source keeps messages: older ones are over, and a move would make them new. */
const KEPT_MS = `(SELECT ${RETENTION_MS} FROM queues q WHERE q.id = ?1)`;

type RawMove = Omit<MoveRow, "sources"> & { readonly sources: string | null };

function parseMove({ sources, ...row }: RawMove): MoveRow {
  return { ...row, sources: sources === null ? null : JSON.parse(sources) };
}

/** Move tasks of dead letter queues. */
export class MoveTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Throws `TakenError` if one is running for the source. */
  async start(source: QueueRow, move: Omit<MoveRow, "state" | "moved" | "failure" | "sourceId">): Promise<void> {
    const { id, sourceArn, destinationArn, perSecond, startedMs, toMove, sources } = move;
    await this.#database.batch([
      requireQueue(source),
      {
        sql: `INSERT INTO message_moves (id, source_id, source_arn, destination_arn, per_second, state, started_ms, to_move, sources)
              VALUES (?1, ?2, ?3, ?4, ?5, 'RUNNING', ?6, ?7, ?8)`,
        values: [
          id,
          source.id,
          sourceArn,
          destinationArn,
          perSecond,
          startedMs,
          toMove,
          sources && JSON.stringify(sources),
        ],
      },
    ]);
  }

  async find(id: string): Promise<MoveRow | null> {
    const [row] = await this.#database.all<RawMove>(`SELECT ${COLUMNS} FROM message_moves WHERE id = ?1`, id);
    return row === undefined ? null : parseMove(row);
  }

  /** The latest moves of a queue, the newest first. */
  async list(source: QueueRow, limit: number): Promise<MoveRow[]> {
    const [, rows] = await this.#database.batch<[unknown, RawMove]>([
      requireQueue(source),
      {
        sql: `SELECT ${COLUMNS} FROM message_moves WHERE source_id = ?1 ORDER BY started_ms DESC, id LIMIT ?2`,
        values: [source.id, limit],
      },
    ]);
    return rows.map(parseMove);
  }

  async running(limit: number): Promise<MoveRow[]> {
    const rows = await this.#database.all<RawMove>(
      `SELECT ${COLUMNS} FROM message_moves WHERE state = 'RUNNING' ORDER BY source_id LIMIT ?1`,
      limit,
    );
    return rows.map(parseMove);
  }

  /** ARNs of up to `limit` queues that messages of a dead letter queue came from. Reads a row or two for each. */
  async sourcesIn(source: QueueRow, limit: number): Promise<string[]> {
    const next = (after: string) => `SELECT min(source) FROM messages INDEXED BY messages_by_source
      WHERE queue_id = ?1 AND source IS NOT NULL ${after}`;
    const [, rows] = await this.#database.batch<[unknown, { source: string }]>([
      requireQueue(source),
      {
        sql: `WITH RECURSIVE s(source) AS (${next("")} UNION ALL
                SELECT (${next("AND source > s.source")}) FROM s WHERE s.source IS NOT NULL)
              SELECT source FROM s WHERE source IS NOT NULL LIMIT ?2`,
        values: [source.id, limit],
      },
    ]);
    return rows.map((row) => row.source);
  }

  /** Ends a move that is running. False: it was not. */
  async end(id: string, state: Exclude<MoveState, "RUNNING">, failure: string | null = null): Promise<boolean> {
    const rows = await this.#database.all(
      "UPDATE message_moves SET state = ?2, failure = ?3 WHERE id = ?1 AND state = 'RUNNING' RETURNING 1 AS one",
      ...[id, state, failure],
    );
    return rows.length > 0;
  }

  /**
   * Moves up to `limit` messages that are visible, as messages that were sent just now under new ids, and counts them, in one batch: a crash
   * moves none twice and loses none.
   */
  async step(move: MoveRow, { nowMs, limit }: { nowMs: number; limit: number }): Promise<MoveStep> {
    const found = await this.#find(move, { nowMs, limit });
    if (found.length === 0) return { kind: "empty" };
    const movable = found.filter(({ destinationId }) => destinationId !== null);
    if (movable.length === 0) return { kind: found[0]?.target === null ? "no-source" : "no-destination" };
    const count = await this.#apply(move, movable as Movable[], nowMs);
    return count === null ? { kind: "ended" } : { kind: "moved", count };
  }

  #find(
    { sourceId, sourceArn, destinationArn, sources }: MoveRow,
    { nowMs, limit }: { nowMs: number; limit: number },
  ): Promise<Found[]> {
    const isAsked = (source: string) =>
      `(?5 IS NULL OR ${source} IS NULL OR ${source} IN (SELECT value FROM json_each(?5)))`;
    const standard = `SELECT place, lane, coalesce(?3, source) AS target FROM messages INDEXED BY messages_by_visibility
      WHERE queue_id = ?1 AND lane IS NULL AND visible_ms <= ?2 AND sent_ms > ?2 - ${KEPT_MS} AND ${isAsked("source")}
      ORDER BY visible_ms LIMIT ?4`;
    const fifo = `SELECT m.place, m.lane, coalesce(?3, m.source) AS target FROM message_groups g
      CROSS JOIN messages m INDEXED BY messages_by_lane ON m.queue_id = ?1 AND m.lane = g.lane AND m.lane IS NOT NULL
      WHERE g.queue_id = ?1 AND g.ready_ms <= ?2 AND m.visible_ms <= ?2
        AND m.sent_ms > ?2 - ${KEPT_MS} AND ${isAsked("m.source")} ORDER BY g.lane, m.sequence LIMIT ?4`;
    return this.#database.all<Found>(
      `SELECT place, lane, target,
         (SELECT id FROM queues WHERE account_id = ${arnPart("target", 4)} AND name = ${arnPart("target", 5)}) AS "destinationId"
       FROM (${sourceArn.endsWith(".fifo") ? fifo : standard})`,
      ...[sourceId, nowMs, destinationArn, limit, sources && JSON.stringify(sources)],
    );
  }

  async #apply(move: MoveRow, messages: readonly Movable[], nowMs: number): Promise<number | null> {
    const statements: Statement[] = [];
    for (const { place, destinationId, lane } of messages) {
      if (lane !== null) statements.push(reserveSequences(destinationId, 1, nowMs));
      statements.push({
        sql: `UPDATE messages SET queue_id = ?3, id = ${UUID}, sent_ms = ?4, visible_ms = ?4, receives = 0, receives_before = 0,
                first_received_ms = NULL, source = NULL,
                sequence = CASE WHEN lane IS NULL THEN NULL ELSE (SELECT last FROM message_sequences WHERE queue_id = ?3) END
              WHERE place = ?1 AND queue_id = ?2 AND visible_ms <= ?4
                AND EXISTS (SELECT 1 FROM message_moves WHERE id = ?5 AND state = 'RUNNING')
                AND EXISTS (SELECT 1 FROM queues WHERE id = ?3) RETURNING 1 AS one`,
        values: [place, move.sourceId, destinationId, nowMs, move.id],
      });
    }
    const inGroups = messages.filter(({ lane }) => lane !== null);
    const groups = new Map(inGroups.map((one) => [JSON.stringify([one.destinationId, one.lane]), one]));
    const regroups = [...groups.values()].flatMap(({ lane, destinationId }) => [
      {
        sql: `INSERT INTO message_groups (queue_id, lane, ready_ms)
              SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM messages WHERE queue_id = ?1 AND lane = ?2 AND lane IS NOT NULL) ON CONFLICT DO NOTHING`,
        values: [destinationId, lane, nowMs],
      },
      ...regroup(move.sourceId, lane as string, { nowMs, sentAfterMs: 0 }),
    ]);
    const [counted] = await this.#database.batch<unknown[]>([
      // Counts what the statements behind it are about to move: some may have been received meanwhile.
      {
        sql: `WITH moving AS (SELECT count(*) AS count FROM json_each(?2) j JOIN messages m ON m.place = j.value ->> 0
                JOIN queues q ON q.id = j.value ->> 1 WHERE m.queue_id = ?3 AND m.visible_ms <= ?4)
              UPDATE message_moves SET moved = moved + (SELECT count FROM moving)
              WHERE id = ?1 AND state = 'RUNNING' RETURNING (SELECT count FROM moving) AS count`,
        values: [
          ...[move.id, JSON.stringify(messages.map(({ place, destinationId }) => [place, destinationId]))],
          ...[move.sourceId, nowMs],
        ],
      },
      ...statements,
      ...regroups,
    ]);
    const [row] = counted as { count: number }[];
    return row?.count ?? null;
  }
}

interface Found {
  readonly place: number;
  readonly lane: string | null;
  readonly target: string | null;
  readonly destinationId: number | null;
}

type Movable = Found & { readonly destinationId: number };

/** A random UUID, version 4. */
const UUID = `(SELECT lower(substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-a' || substr(h, 18, 3) || '-' || substr(h, 21))
  FROM (SELECT hex(randomblob(16)) AS h))`;

/** A part of an ARN (SQL), from 0, which has no quotes: checked before it is stored. */
function arnPart(arn: string, part: number): string {
  return `json_extract('["' || replace(${arn}, ':', '","') || '"]', '$[${part}]')`;
}

/** Whether `MoveTable.start` failed because one is running. */
export function isMoveTaken(error: unknown): boolean {
  return error instanceof TakenError;
}
