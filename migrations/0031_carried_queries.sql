-- Long queries of Athena's API that background steps carry on. README.md beside this file explains the table.

CREATE TABLE carried_queries (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  database TEXT NOT NULL,
  sight TEXT NOT NULL,
  place TEXT,
  groups TEXT NOT NULL,
  scanned INTEGER NOT NULL,
  is_done INTEGER NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
