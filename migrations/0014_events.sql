-- What happened to objects, for those who want to know. README.md beside this file explains the tables.

-- Null: nobody wants to know. Otherwise a row of notifications.
ALTER TABLE buckets ADD COLUMN notification_id TEXT;

CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  bucket TEXT NOT NULL,
  owner TEXT NOT NULL,
  region TEXT NOT NULL,
  configuration TEXT NOT NULL,
  replaced_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  notification_id TEXT NOT NULL,
  key TEXT NOT NULL,
  event TEXT NOT NULL,
  version_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  is_null INTEGER NOT NULL,
  size_bytes INTEGER,
  etag TEXT,
  at_ms INTEGER NOT NULL,
  origin TEXT
) STRICT;
