-- Lifecycle configurations of buckets, and how far the walk over each bucket has come; see README.md.
CREATE TABLE lifecycles (
  bucket_id INTEGER PRIMARY KEY,
  lifecycle_id TEXT NOT NULL,
  next_ms INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  walked_ms INTEGER,
  walk TEXT,
  report TEXT,
  configuration TEXT NOT NULL
) STRICT;

CREATE INDEX lifecycles_by_turn ON lifecycles (next_ms);
CREATE INDEX lifecycles_by_due ON lifecycles (due_ms);
