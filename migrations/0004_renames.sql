-- What renames with a client token were done, so that a repeated one is recognised. README.md beside this file explains the columns.

CREATE TABLE rename_tokens (
  day INTEGER NOT NULL,
  bucket_id INTEGER NOT NULL,
  token TEXT NOT NULL,
  request TEXT NOT NULL,
  PRIMARY KEY (day, bucket_id, token)
) STRICT, WITHOUT ROWID;
