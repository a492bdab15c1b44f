-- Server access logs: where a bucket's go, and lines that wait to become objects. README.md beside this file explains the tables.

-- JSON; null: nobody wants to know.
ALTER TABLE buckets ADD COLUMN logging TEXT;

CREATE TABLE access_log_lines (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket_id INTEGER NOT NULL,
  day TEXT NOT NULL,
  batch TEXT,
  batch_ms INTEGER,
  lines TEXT NOT NULL
) STRICT;

CREATE INDEX access_log_lines_by_bucket ON access_log_lines (bucket_id, day, id) WHERE batch IS NULL;
CREATE INDEX access_log_lines_by_batch ON access_log_lines (batch, id) WHERE batch IS NOT NULL;
