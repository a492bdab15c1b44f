-- Rate limits of accounts and of access keys. A change raises the account's access epoch, so that no isolate goes on by older ones.

CREATE TABLE rate_limits (
  account_id TEXT NOT NULL,
  access_key_id TEXT NOT NULL,
  requests_per_second INTEGER,
  bytes_in_per_second INTEGER,
  bytes_out_per_second INTEGER,
  PRIMARY KEY (account_id, access_key_id)
) STRICT, WITHOUT ROWID;
