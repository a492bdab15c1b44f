-- Who may reach a bucket besides its owner. README.md beside this file explains the columns.

ALTER TABLE buckets ADD COLUMN owner_account TEXT;
ALTER TABLE buckets ADD COLUMN access TEXT;
ALTER TABLE buckets ADD COLUMN access_id TEXT;

-- Until now these two were kept among the configurations and had no effect.
UPDATE buckets SET
  access = json_patch('{}', json_object(
    'block', configuration -> '$.publicAccessBlock',
    'ownership', CASE WHEN configuration ->> '$.ownershipControlsRemoved' THEN 'none' END)),
  access_id = lower(hex(randomblob(16))),
  configuration = json_remove(configuration, '$.publicAccessBlock', '$.ownershipControlsRemoved')
WHERE configuration -> '$.publicAccessBlock' IS NOT NULL OR configuration -> '$.ownershipControlsRemoved' IS NOT NULL;

CREATE TABLE account_access (
  owner TEXT PRIMARY KEY,
  block TEXT NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE guard ADD COLUMN bucket_access_changed INTEGER CONSTRAINT bucket_access_changed CHECK (bucket_access_changed IS NULL);
