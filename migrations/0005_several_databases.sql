-- Buckets spread over several D1 databases. README.md beside this file explains the tables.

CREATE TABLE placements (
  bucket TEXT PRIMARY KEY,
  database TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row at the most: which of the databases this one is.
CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  database TEXT NOT NULL
) STRICT;

ALTER TABLE guard ADD COLUMN wrong_database INTEGER CONSTRAINT wrong_database CHECK (wrong_database IS NULL);
ALTER TABLE guard ADD COLUMN bucket_elsewhere INTEGER CONSTRAINT bucket_elsewhere CHECK (bucket_elsewhere IS NULL);
