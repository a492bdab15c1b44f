-- Topics, their subscriptions and what is on its way to them. README.md beside this file explains the tables. They are of use in the first
-- database alone.

CREATE TABLE topics (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL,
  name TEXT NOT NULL,
  region TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  revision TEXT NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT,
  deleted_subscriptions INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX topics_by_name ON topics (account_id, name);

CREATE TABLE deleted_topics (
  topic_id INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE subscriptions (
  place INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL,
  topic_id INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  protocol TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  origin TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  token TEXT,
  authenticated INTEGER NOT NULL DEFAULT 0,
  has_filter INTEGER NOT NULL DEFAULT 0,
  attributes TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX subscriptions_by_id ON subscriptions (id);
CREATE UNIQUE INDEX subscriptions_by_endpoint ON subscriptions (topic_id, protocol, endpoint);
CREATE INDEX subscriptions_by_topic ON subscriptions (topic_id, place);
CREATE INDEX subscriptions_by_account ON subscriptions (account_id, place);
CREATE INDEX subscriptions_with_filters ON subscriptions (topic_id) WHERE has_filter = 1;
CREATE INDEX subscriptions_pending ON subscriptions (created_ms) WHERE token IS NOT NULL;

CREATE TABLE publications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  topic_id INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  sequence INTEGER,
  sealed_as TEXT,
  content TEXT NOT NULL,
  reached INTEGER
) STRICT;

CREATE INDEX publications_fresh ON publications (id) WHERE reached IS NOT NULL;

CREATE TABLE deliveries (
  subscription INTEGER NOT NULL,
  publication INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  since_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  failure TEXT,
  PRIMARY KEY (subscription, publication)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_due ON deliveries (next_ms);
CREATE INDEX deliveries_by_publication ON deliveries (publication);

CREATE TABLE topic_sequences (
  topic_id INTEGER PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

CREATE TABLE topic_deduplications (
  topic_id INTEGER NOT NULL,
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  PRIMARY KEY (topic_id, scope, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX topic_deduplications_by_time ON topic_deduplications (at_ms);

CREATE TABLE signing_certificates (
  id TEXT PRIMARY KEY,
  certificate TEXT NOT NULL,
  sealed_key TEXT NOT NULL,
  not_after_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE guard ADD COLUMN topic_changed INTEGER CONSTRAINT topic_changed CHECK (topic_changed IS NULL);
ALTER TABLE guard ADD COLUMN subscription_changed INTEGER CONSTRAINT subscription_changed CHECK (subscription_changed IS NULL);
ALTER TABLE guard ADD COLUMN publication_taken INTEGER CONSTRAINT publication_taken CHECK (publication_taken IS NULL);
