-- Sherd's first schema. Tables, columns, units and state machines are explained in README.md beside this file.

CREATE TABLE buckets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  region TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  versioning TEXT,
  object_lock TEXT,
  configuration TEXT NOT NULL DEFAULT '{}'
) STRICT;

-- Short columns first: a listing must not follow a row to its overflow pages.
CREATE TABLE objects (
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  is_null INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum TEXT,
  tags TEXT,
  retain_until_ms INTEGER,
  retain_mode TEXT,
  legal_hold INTEGER NOT NULL DEFAULT 0,
  attributes TEXT NOT NULL,
  parts TEXT,
  extents TEXT,
  inline_body TEXT,
  PRIMARY KEY (bucket_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE versions (
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  is_null INTEGER NOT NULL,
  is_marker INTEGER NOT NULL,
  noncurrent_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum TEXT,
  tags TEXT,
  retain_until_ms INTEGER,
  retain_mode TEXT,
  legal_hold INTEGER NOT NULL DEFAULT 0,
  attributes TEXT NOT NULL,
  parts TEXT,
  extents TEXT,
  inline_body TEXT,
  PRIMARY KEY (bucket_id, key, seq DESC)
) STRICT, WITHOUT ROWID;

CREATE INDEX versions_null ON versions (bucket_id, key) WHERE is_null = 1;

CREATE TABLE blobs (
  id TEXT PRIMARY KEY,
  k INTEGER NOT NULL,
  m INTEGER NOT NULL,
  block_bytes INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  crc64nvme TEXT NOT NULL,
  shards TEXT NOT NULL,
  condemned_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX blobs_condemned ON blobs (condemned_ms) WHERE condemned_ms IS NOT NULL;

CREATE TABLE blob_refs (
  blob_id TEXT NOT NULL,
  referent TEXT NOT NULL,
  PRIMARY KEY (blob_id, referent)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
  bucket_id INTEGER NOT NULL,
  key TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  storage_class TEXT NOT NULL,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  tags TEXT,
  retain_until_ms INTEGER,
  retain_mode TEXT,
  legal_hold INTEGER NOT NULL DEFAULT 0,
  attributes TEXT NOT NULL,
  initiated_ms INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, key, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX uploads_by_age ON uploads (initiated_ms);

CREATE TABLE parts (
  upload_id TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  id TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  etag TEXT NOT NULL,
  modified_ms INTEGER NOT NULL,
  checksum TEXT,
  crc64nvme TEXT,
  extents TEXT NOT NULL,
  PRIMARY KEY (upload_id, part_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE trash (
  dropped_ms INTEGER NOT NULL,
  id TEXT NOT NULL,
  extents TEXT NOT NULL,
  PRIMARY KEY (dropped_ms, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE damage (
  blob_id TEXT NOT NULL,
  shard INTEGER NOT NULL,
  cause TEXT NOT NULL,
  noted_ms INTEGER NOT NULL,
  PRIMARY KEY (blob_id, shard)
) STRICT, WITHOUT ROWID;

-- Never holds a row: a statement that tries to write one fails its whole batch, and the constraint's name says why.
CREATE TABLE guard (
  no_such_bucket INTEGER CONSTRAINT no_such_bucket CHECK (no_such_bucket IS NULL),
  bucket_changed INTEGER CONSTRAINT bucket_changed CHECK (bucket_changed IS NULL),
  bucket_not_empty INTEGER CONSTRAINT bucket_not_empty CHECK (bucket_not_empty IS NULL),
  no_such_upload INTEGER CONSTRAINT no_such_upload CHECK (no_such_upload IS NULL),
  part_changed INTEGER CONSTRAINT part_changed CHECK (part_changed IS NULL),
  blob_gone INTEGER CONSTRAINT blob_gone CHECK (blob_gone IS NULL),
  exists_already INTEGER CONSTRAINT exists_already CHECK (exists_already IS NULL),
  etag_differs INTEGER CONSTRAINT etag_differs CHECK (etag_differs IS NULL),
  no_such_key INTEGER CONSTRAINT no_such_key CHECK (no_such_key IS NULL),
  object_changed INTEGER CONSTRAINT object_changed CHECK (object_changed IS NULL)
) STRICT;
