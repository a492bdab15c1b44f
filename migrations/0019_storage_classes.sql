-- The storage class whose drives a blob is to lie on. Null: STANDARD, as of all blobs that were written before.
ALTER TABLE blobs ADD COLUMN storage_class TEXT;

-- Configurations of which a bucket may have many, by kind (`intelligent-tiering`, `inventory`) and id. `document`: JSON. `set_ms`: when
-- the first of this id was set. `done_ms`: for which time a job has last done what it says.
CREATE TABLE named_configurations (
  kind TEXT NOT NULL,
  bucket_id INTEGER NOT NULL,
  id TEXT NOT NULL,
  document TEXT NOT NULL,
  set_ms INTEGER NOT NULL,
  done_ms INTEGER,
  PRIMARY KEY (kind, bucket_id, id)
) STRICT, WITHOUT ROWID;

-- The day (of SHERD_LIFECYCLE_DAY_SECONDS, counted since 1970) on which a version of class INTELLIGENT_TIERING was last read.
CREATE TABLE accesses (
  bucket_id INTEGER NOT NULL,
  version_id TEXT NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, version_id)
) STRICT, WITHOUT ROWID;
