-- Buckets whose plain objects are being encrypted, or were. See README.md beside this file.
CREATE TABLE bucket_encryptions (
  bucket_id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL,
  state TEXT NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  busy_until_ms INTEGER NOT NULL DEFAULT 0,
  place TEXT NOT NULL,
  progress TEXT NOT NULL
) STRICT;
