-- What happened to objects, for those who want to know. README.md beside this file explains the tables.

-- Null: nobody wants to know. Otherwise a row of notifications.
ALTER TABLE buckets ADD COLUMN notification_id TEXT;

CREATE TABLE notifications (
  id TEXT PRIMARY KEY,
  bucket TEXT NOT NULL,
  owner TEXT NOT NULL,
  owner_account TEXT,
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

CREATE TABLE undelivered (
  target TEXT NOT NULL,
  place INTEGER NOT NULL,
  message TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  failure TEXT,
  PRIMARY KEY (target, place)
) STRICT, WITHOUT ROWID;

ALTER TABLE guard ADD COLUMN news_taken INTEGER CONSTRAINT news_taken CHECK (news_taken IS NULL);
