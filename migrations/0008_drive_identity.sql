-- Which drives belong to this store, and what they were found to lack. README.md beside this file explains the columns.

-- Id of the store that all databases and drives of a deployment share; null until the drives are first looked at.
ALTER TABLE identity ADD COLUMN store TEXT;

CREATE TABLE drives (
  name TEXT PRIMARY KEY,
  marker TEXT NOT NULL,
  generation INTEGER NOT NULL,
  marked_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  sentence TEXT,
  missed_ms INTEGER NOT NULL DEFAULT 0,
  sampled_ms INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX drives_in_trouble ON drives (state) WHERE state <> 'ours';

CREATE TABLE drive_losses (
  drive TEXT NOT NULL,
  noticed_ms INTEGER NOT NULL,
  cause TEXT NOT NULL,
  from_id TEXT NOT NULL,
  before_id TEXT NOT NULL,
  after_id TEXT NOT NULL DEFAULT '',
  noted_shards INTEGER NOT NULL DEFAULT 0,
  queued_ms INTEGER,
  healed_ms INTEGER,
  PRIMARY KEY (drive, noticed_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX drive_losses_open ON drive_losses (drive) WHERE healed_ms IS NULL;
