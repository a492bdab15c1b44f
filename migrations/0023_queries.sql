-- Queries that were started by Athena's API. README.md beside this file explains the table.

CREATE TABLE query_executions (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  client_token TEXT NOT NULL,
  request TEXT NOT NULL,
  state TEXT NOT NULL,
  reason TEXT,
  submitted_ms INTEGER NOT NULL,
  completed_ms INTEGER,
  output TEXT,
  columns TEXT,
  row_count INTEGER,
  scanned INTEGER,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX query_executions_by_token ON query_executions (account_id, client_token);
CREATE INDEX query_executions_by_age ON query_executions (submitted_ms);
