-- Accounts and who is in them: users, groups, roles, their keys and policies. README.md beside this file explains the tables.
-- They are of use in the first database alone.

CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  canonical_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  email TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('active', 'closed')),
  created_ms INTEGER NOT NULL,
  alias TEXT UNIQUE,
  access_epoch INTEGER NOT NULL DEFAULT 1,
  user_count INTEGER NOT NULL DEFAULT 0,
  group_count INTEGER NOT NULL DEFAULT 0,
  role_count INTEGER NOT NULL DEFAULT 0,
  policy_count INTEGER NOT NULL DEFAULT 0,
  policy_version_count INTEGER NOT NULL DEFAULT 0,
  provider_count INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The owner of all buckets so far becomes the first account. Its root key is a secret of the Worker.
INSERT INTO accounts (id, canonical_id, name, state, created_ms)
VALUES ('100000000001', '3fc6b54705736df6ff6010111bd81893a6f6b1f4ddc2b58c344e4f32415f5a96', 'root', 'active', 0);

CREATE TABLE access_keys (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  secret TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('Active', 'Inactive')),
  created_ms INTEGER NOT NULL,
  used_ms INTEGER,
  used_service TEXT,
  used_region TEXT
) STRICT, WITHOUT ROWID;

CREATE INDEX access_keys_by_owner ON access_keys (owner_id, id);

CREATE TABLE entities (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('user', 'group', 'role')),
  folded TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  tags TEXT,
  boundary TEXT,
  trust TEXT,
  description TEXT,
  max_session_seconds INTEGER,
  used_ms INTEGER,
  used_region TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX entities_by_name ON entities (account_id, kind, folded);
CREATE INDEX entities_by_path ON entities (account_id, kind, path, folded);
CREATE INDEX entities_by_boundary ON entities (account_id, boundary, id) WHERE boundary IS NOT NULL;

CREATE TABLE memberships (
  group_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX memberships_by_user ON memberships (user_id, group_id);

CREATE TABLE inline_policies (
  entity_id TEXT NOT NULL,
  name TEXT NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (entity_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies (
  arn TEXT PRIMARY KEY,
  id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  folded TEXT NOT NULL,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  description TEXT,
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  default_version INTEGER NOT NULL,
  last_version INTEGER NOT NULL,
  attachments INTEGER NOT NULL DEFAULT 0,
  tags TEXT,
  document TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX policies_by_name ON policies (account_id, folded);
CREATE INDEX policies_by_path ON policies (account_id, path, folded);

CREATE TABLE policy_versions (
  arn TEXT NOT NULL,
  version INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (arn, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachments (
  entity_id TEXT NOT NULL,
  policy_arn TEXT NOT NULL,
  account_id TEXT NOT NULL,
  PRIMARY KEY (entity_id, policy_arn)
) STRICT, WITHOUT ROWID;

CREATE INDEX attachments_by_policy ON attachments (account_id, policy_arn, entity_id);

CREATE TABLE oidc_providers (
  account_id TEXT NOT NULL,
  url TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  client_ids TEXT NOT NULL,
  thumbprints TEXT NOT NULL,
  tags TEXT,
  PRIMARY KEY (account_id, url)
) STRICT, WITHOUT ROWID;

ALTER TABLE guard ADD COLUMN access_changed INTEGER CONSTRAINT access_changed CHECK (access_changed IS NULL);
