-- Queues and their messages. README.md beside this file explains the tables. They are of use in the first database alone.

CREATE TABLE queues (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  region TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  modified_ms INTEGER NOT NULL,
  revision TEXT NOT NULL,
  attributes TEXT NOT NULL,
  dead_letter TEXT,
  tags TEXT,
  purged_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX queues_by_name ON queues (account_id, name);
CREATE INDEX queues_by_dead_letter ON queues (account_id, dead_letter, name) WHERE dead_letter IS NOT NULL;

CREATE TABLE deleted_queues (
  queue_id INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  deleted_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX deleted_queues_by_name ON deleted_queues (account_id, name);

CREATE TABLE messages (
  place INTEGER PRIMARY KEY,
  queue_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  visible_ms INTEGER NOT NULL,
  receives INTEGER NOT NULL DEFAULT 0,
  receives_before INTEGER NOT NULL DEFAULT 0,
  sent_ms INTEGER NOT NULL,
  first_received_ms INTEGER,
  lane TEXT,
  sequence INTEGER,
  sender TEXT NOT NULL,
  group_id TEXT,
  deduplication_id TEXT,
  source TEXT,
  sealed_as TEXT,
  content TEXT NOT NULL
) STRICT;

CREATE INDEX messages_by_visibility ON messages (queue_id, visible_ms, receives, sent_ms) WHERE lane IS NULL;
CREATE INDEX messages_by_lane ON messages (queue_id, lane, sequence, visible_ms, receives, sent_ms) WHERE lane IS NOT NULL;

CREATE TABLE message_groups (
  queue_id INTEGER NOT NULL,
  lane TEXT NOT NULL,
  ready_ms INTEGER NOT NULL,
  PRIMARY KEY (queue_id, lane)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_groups_by_time ON message_groups (queue_id, ready_ms, lane);

CREATE TABLE message_sequences (
  queue_id INTEGER PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

CREATE TABLE message_deduplications (
  queue_id INTEGER NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  sent_ms INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (queue_id, scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE receive_attempts (
  queue_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  messages TEXT NOT NULL,
  PRIMARY KEY (queue_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE message_moves (
  id TEXT PRIMARY KEY,
  source_id INTEGER NOT NULL,
  source_arn TEXT NOT NULL,
  destination_arn TEXT,
  per_second INTEGER,
  state TEXT NOT NULL CHECK (state IN ('RUNNING', 'CANCELLED', 'COMPLETED', 'FAILED')),
  started_ms INTEGER NOT NULL,
  to_move INTEGER NOT NULL,
  moved INTEGER NOT NULL DEFAULT 0,
  failure TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_moves_running ON message_moves (source_id) WHERE state = 'RUNNING';
CREATE INDEX message_moves_by_source ON message_moves (source_id, started_ms);

ALTER TABLE guard ADD COLUMN queue_changed INTEGER CONSTRAINT queue_changed CHECK (queue_changed IS NULL);
ALTER TABLE guard ADD COLUMN queue_deleted_recently INTEGER CONSTRAINT queue_deleted_recently CHECK (queue_deleted_recently IS NULL);
