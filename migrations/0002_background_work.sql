-- Background work: leases and cursors of jobs, and when a blob's shards were last verified.

CREATE TABLE jobs (
  name TEXT PRIMARY KEY,
  lease_holder TEXT,
  lease_until_ms INTEGER NOT NULL DEFAULT 0,
  cursor TEXT,
  started_ms INTEGER,
  finished_ms INTEGER,
  failed_ms INTEGER,
  failure TEXT,
  report TEXT
) STRICT, WITHOUT ROWID;

-- JSON [ms or null, …] by shard: when every frame of it was last read and found right.
ALTER TABLE blobs ADD COLUMN verified_ms TEXT;

-- How many objects a pack was made of; null for other blobs.
ALTER TABLE blobs ADD COLUMN pack_objects INTEGER;
