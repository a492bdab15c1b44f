-- Healing, draining, scrubbing and the walk over the drives. README.md beside this file explains the columns.

ALTER TABLE blobs ADD COLUMN spare_shards INTEGER;
ALTER TABLE blobs ADD COLUMN heal_after_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blobs ADD COLUMN heal_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE blobs ADD COLUMN moved_ms INTEGER;

-- The queue of the healer: closest to loss first.
CREATE INDEX blobs_ailing ON blobs (spare_shards, heal_after_ms) WHERE spare_shards IS NOT NULL AND condemned_ms IS NULL;

UPDATE blobs SET spare_shards = max(-1, m - (SELECT count(*) FROM damage d WHERE d.blob_id = blobs.id))
WHERE id IN (SELECT blob_id FROM damage);

-- One row at the most: since when this database knows every shard that was written.
CREATE TABLE epoch (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  since_ms INTEGER NOT NULL
) STRICT;
