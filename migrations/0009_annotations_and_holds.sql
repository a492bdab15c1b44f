-- Object annotations, event holds of object lock, and what binds identities: see migrations/README.md.

-- How many annotations a version has. They are the rows of `annotations` with the version's id.
ALTER TABLE objects ADD COLUMN annotations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE versions ADD COLUMN annotations INTEGER NOT NULL DEFAULT 0;

CREATE TABLE annotations (
  version_id TEXT NOT NULL,
  name TEXT NOT NULL,
  id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  extents TEXT,
  inline_body TEXT,
  PRIMARY KEY (version_id, name)
) STRICT, WITHOUT ROWID;

-- How many annotations of version `id` go when the row is collected.
ALTER TABLE trash ADD COLUMN annotations INTEGER NOT NULL DEFAULT 0;

ALTER TABLE objects ADD COLUMN event_hold TEXT;
ALTER TABLE versions ADD COLUMN event_hold TEXT;
ALTER TABLE uploads ADD COLUMN event_hold TEXT;

-- Sessions of the account's root that were made before this time are not accepted.
ALTER TABLE accounts ADD COLUMN root_sessions_from_ms INTEGER NOT NULL DEFAULT 0;
