-- Keys of the KMS. README.md beside this file explains the tables. They are of use in the first database alone.

CREATE TABLE kms_keys (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  manager TEXT NOT NULL CHECK (manager IN ('CUSTOMER', 'AWS')),
  state TEXT NOT NULL CHECK (state IN ('Enabled', 'Disabled', 'PendingDeletion')),
  created_ms INTEGER NOT NULL,
  description TEXT NOT NULL,
  policy TEXT NOT NULL,
  tags TEXT,
  material INTEGER NOT NULL,
  external_store TEXT,
  external_key TEXT,
  rotation_days INTEGER,
  rotation_ms INTEGER,
  deletion_ms INTEGER,
  deletion_days INTEGER,
  condemned_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_keys_by_account ON kms_keys (account_id, id);
CREATE INDEX kms_keys_by_rotation ON kms_keys (rotation_ms) WHERE rotation_ms IS NOT NULL;
CREATE INDEX kms_keys_by_deletion ON kms_keys (deletion_ms) WHERE deletion_ms IS NOT NULL;

CREATE TABLE kms_materials (
  key_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  rotation TEXT CHECK (rotation IN ('AUTOMATIC', 'ON_DEMAND')),
  PRIMARY KEY (key_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE kms_aliases (
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  key_id TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_aliases_by_key ON kms_aliases (key_id, name);

CREATE TABLE kms_grants (
  id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  name TEXT,
  grantee TEXT NOT NULL,
  retiring TEXT,
  operations TEXT NOT NULL,
  constraints TEXT,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX kms_grants_by_key ON kms_grants (key_id, id);
CREATE INDEX kms_grants_by_retiring ON kms_grants (retiring, id) WHERE retiring IS NOT NULL;

ALTER TABLE accounts ADD COLUMN key_count INTEGER NOT NULL DEFAULT 0;
