import type { Database } from "../database.ts";
import { FifoMessageTable } from "./fifo-messages.ts";
import { MessageTable } from "./messages.ts";
import { MoveTable } from "./moves.ts";
import { QueueTable } from "./queues.ts";
import { QueueUpkeep } from "./upkeep.ts";

/** Queues, their messages, and what is moved between them. Of use in the first database alone. */
export class Queues {
  readonly queues: QueueTable;
  readonly messages: MessageTable;
  readonly fifo: FifoMessageTable;
  readonly moves: MoveTable;
  readonly upkeep: QueueUpkeep;

  constructor(database: Database) {
    this.queues = new QueueTable(database);
    this.messages = new MessageTable(database);
    this.fifo = new FifoMessageTable(database);
    this.moves = new MoveTable(database);
    this.upkeep = new QueueUpkeep(database);
  }
}
