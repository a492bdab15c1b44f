-- Usage: what each bucket holds, exactly, kept by triggers. A statement that changes a version, of today or of later, cannot forget to count.

CREATE TABLE usage (
  bucket_id INTEGER PRIMARY KEY,
  owner TEXT NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0,
  versions INTEGER NOT NULL DEFAULT 0,
  objects INTEGER NOT NULL DEFAULT 0,
  markers INTEGER NOT NULL DEFAULT 0,
  counted_to TEXT
) STRICT;

CREATE INDEX usage_by_owner ON usage (owner);
CREATE INDEX usage_uncounted ON usage (bucket_id) WHERE counted_to IS NOT NULL;

CREATE TABLE quotas (
  bucket_id INTEGER PRIMARY KEY,
  bytes_max INTEGER,
  objects_max INTEGER,
  bytes_soft INTEGER,
  objects_soft INTEGER
) STRICT;

-- The limits that this database enforces: of several databases, each has a share of the account's.
CREATE TABLE account_quotas (
  owner TEXT PRIMARY KEY,
  bytes_max INTEGER,
  objects_max INTEGER,
  bytes_soft INTEGER,
  objects_soft INTEGER,
  whole TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE quota_crossings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket_id INTEGER NOT NULL,
  owner TEXT NOT NULL,
  scope TEXT NOT NULL,
  measure TEXT NOT NULL,
  used INTEGER NOT NULL,
  soft INTEGER NOT NULL
) STRICT;

CREATE TABLE usage_days (
  bucket_id INTEGER NOT NULL,
  day INTEGER NOT NULL,
  bucket TEXT NOT NULL,
  owner TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  versions INTEGER NOT NULL,
  objects INTEGER NOT NULL,
  markers INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, day)
) STRICT, WITHOUT ROWID;

ALTER TABLE guard ADD COLUMN bucket_quota_exceeded INTEGER CONSTRAINT bucket_quota_exceeded CHECK (bucket_quota_exceeded IS NULL);
ALTER TABLE guard ADD COLUMN account_quota_exceeded INTEGER CONSTRAINT account_quota_exceeded CHECK (account_quota_exceeded IS NULL);

-- Buckets that have rows already are counted by a job, key by key, up to counted_to; what lies behind it is not counted yet.
INSERT INTO usage (bucket_id, owner, counted_to)
SELECT b.id, b.owner, iif(EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = b.id)
  OR EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = b.id), '', NULL) FROM buckets b;

CREATE TRIGGER usage_of_new_bucket AFTER INSERT ON buckets BEGIN
  INSERT OR IGNORE INTO usage (bucket_id, owner, counted_to)
  VALUES (NEW.id, NEW.owner, iif(EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = NEW.id)
    OR EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = NEW.id), '', NULL));
END;

CREATE TRIGGER usage_of_old_bucket AFTER DELETE ON buckets BEGIN
  DELETE FROM usage WHERE bucket_id = OLD.id;
  DELETE FROM quotas WHERE bucket_id = OLD.id;
END;

-- How a key counts, at each moment of a batch: a version whose row is in both tables, on its way from one to the other, is one version;
-- a key with a row in objects is an object unless a delete marker is on top of it. Each trigger adds what its statement changes of that.
-- REPLACE fires no trigger for the row that it takes away, so triggers BEFORE INSERT look at that row. OR IGNORE and ON CONFLICT DO UPDATE
-- on these two tables would be counted wrongly: a test forbids them.

CREATE TRIGGER usage_of_new_object BEFORE INSERT ON objects BEGIN
  UPDATE usage SET (bytes, versions, objects) = (SELECT
      usage.bytes + NEW.size_bytes * n.adds - coalesce(c.size_bytes * c.drops, 0),
      usage.versions + n.adds - coalesce(c.drops, 0),
      usage.objects + n.shows - coalesce(c.hides, 0)
    FROM (SELECT NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = NEW.bucket_id AND v.key = NEW.key AND v.seq = NEW.seq AND v.id = NEW.id) AS adds,
        NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = NEW.bucket_id AND m.key = NEW.key AND m.seq >= NEW.seq AND m.is_marker = 1) AS shows LIMIT 1) n
    LEFT JOIN (SELECT o.size_bytes,
        NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = o.bucket_id AND v.key = o.key AND v.seq = o.seq AND v.id = o.id) AS drops,
        NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = o.bucket_id AND m.key = o.key AND m.seq >= o.seq AND m.is_marker = 1) AS hides
      FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key LIMIT 1) c)
  WHERE bucket_id = NEW.bucket_id AND (counted_to IS NULL OR NEW.key <= counted_to);
END;

CREATE TRIGGER usage_of_changed_object BEFORE UPDATE OF id, seq, size_bytes ON objects
WHEN NEW.key = OLD.key AND NEW.bucket_id = OLD.bucket_id AND (NEW.id, NEW.seq, NEW.size_bytes) IS NOT (OLD.id, OLD.seq, OLD.size_bytes)
BEGIN
  UPDATE usage SET (bytes, versions, objects) = (SELECT
      usage.bytes + NEW.size_bytes * n.adds - OLD.size_bytes * n.drops, usage.versions + n.adds - n.drops, usage.objects + n.shows - n.hides
    FROM (SELECT NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = NEW.bucket_id AND v.key = NEW.key AND v.seq = NEW.seq AND v.id = NEW.id) AS adds,
      NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = OLD.bucket_id AND v.key = OLD.key AND v.seq = OLD.seq AND v.id = OLD.id) AS drops,
      NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = NEW.bucket_id AND m.key = NEW.key AND m.seq >= NEW.seq AND m.is_marker = 1) AS shows,
      NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = OLD.bucket_id AND m.key = OLD.key AND m.seq >= OLD.seq AND m.is_marker = 1) AS hides LIMIT 1) n)
  WHERE bucket_id = NEW.bucket_id AND (counted_to IS NULL OR NEW.key <= counted_to);
END;

CREATE TRIGGER usage_of_renamed_object BEFORE UPDATE OF bucket_id, key ON objects
WHEN NEW.key <> OLD.key OR NEW.bucket_id <> OLD.bucket_id
BEGIN
  SELECT RAISE(ABORT, 'an object stays in its bucket') WHERE NEW.bucket_id <> OLD.bucket_id;
  UPDATE usage SET (bytes, versions, objects) = (SELECT
      usage.bytes + n.at_new * (NEW.size_bytes * n.adds - coalesce(c.size_bytes * c.drops, 0)) - n.at_old * OLD.size_bytes * n.drops,
      usage.versions + n.at_new * (n.adds - coalesce(c.drops, 0)) - n.at_old * n.drops,
      usage.objects + n.at_new * (n.shows - coalesce(c.hides, 0)) - n.at_old * n.hides
    FROM (SELECT (usage.counted_to IS NULL OR NEW.key <= usage.counted_to) AS at_new, (usage.counted_to IS NULL OR OLD.key <= usage.counted_to) AS at_old,
      NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = NEW.bucket_id AND v.key = NEW.key AND v.seq = NEW.seq AND v.id = NEW.id) AS adds,
      NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = OLD.bucket_id AND v.key = OLD.key AND v.seq = OLD.seq AND v.id = OLD.id) AS drops,
      NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = NEW.bucket_id AND m.key = NEW.key AND m.seq >= NEW.seq AND m.is_marker = 1) AS shows,
      NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = OLD.bucket_id AND m.key = OLD.key AND m.seq >= OLD.seq AND m.is_marker = 1) AS hides LIMIT 1) n
    LEFT JOIN (SELECT o.size_bytes,
        NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = o.bucket_id AND v.key = o.key AND v.seq = o.seq AND v.id = o.id) AS drops,
        NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = o.bucket_id AND m.key = o.key AND m.seq >= o.seq AND m.is_marker = 1) AS hides
      FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key LIMIT 1) c)
  WHERE bucket_id = NEW.bucket_id;
END;

CREATE TRIGGER usage_of_old_object AFTER DELETE ON objects
WHEN NOT (EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = OLD.bucket_id AND v.key = OLD.key AND v.seq = OLD.seq AND v.id = OLD.id)
  AND EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = OLD.bucket_id AND m.key = OLD.key AND m.seq >= OLD.seq AND m.is_marker = 1))
BEGIN
  UPDATE usage SET (bytes, versions, objects) = (SELECT
      usage.bytes - OLD.size_bytes * n.drops, usage.versions - n.drops, usage.objects - n.hides
    FROM (SELECT NOT EXISTS (SELECT 1 FROM versions v WHERE v.bucket_id = OLD.bucket_id AND v.key = OLD.key AND v.seq = OLD.seq AND v.id = OLD.id) AS drops,
      NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = OLD.bucket_id AND m.key = OLD.key AND m.seq >= OLD.seq AND m.is_marker = 1) AS hides LIMIT 1) n)
  WHERE bucket_id = OLD.bucket_id AND (counted_to IS NULL OR OLD.key <= counted_to);
END;

CREATE TRIGGER usage_of_new_version BEFORE INSERT ON versions
WHEN NEW.is_marker = 0 AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key AND o.seq = NEW.seq AND o.id = NEW.id)
BEGIN
  UPDATE usage SET bytes = bytes + NEW.size_bytes, versions = versions + 1
  WHERE bucket_id = NEW.bucket_id AND (counted_to IS NULL OR NEW.key <= counted_to);
END;

CREATE TRIGGER usage_of_new_marker BEFORE INSERT ON versions WHEN NEW.is_marker = 1 BEGIN
  UPDATE usage SET markers = markers + 1, objects = objects
    - EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key AND o.seq <= NEW.seq
      AND NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = o.bucket_id AND m.key = o.key AND m.seq >= o.seq AND m.is_marker = 1))
  WHERE bucket_id = NEW.bucket_id AND (counted_to IS NULL OR NEW.key <= counted_to);
END;

-- Only a restore does these two, before its buckets are there. Whatever else may come to do them, the bucket is counted again.

CREATE TRIGGER usage_of_replaced_version BEFORE INSERT ON versions
WHEN EXISTS (SELECT 1 FROM versions w WHERE w.bucket_id = NEW.bucket_id AND w.key = NEW.key AND w.seq = NEW.seq)
BEGIN
  UPDATE usage SET bytes = 0, versions = 0, objects = 0, markers = 0, counted_to = '' WHERE bucket_id = NEW.bucket_id;
END;

CREATE TRIGGER usage_of_moved_version BEFORE UPDATE OF bucket_id, key, seq, is_marker ON versions
WHEN (NEW.bucket_id, NEW.key, NEW.seq, NEW.is_marker) IS NOT (OLD.bucket_id, OLD.key, OLD.seq, OLD.is_marker)
BEGIN
  UPDATE usage SET bytes = 0, versions = 0, objects = 0, markers = 0, counted_to = '' WHERE bucket_id IN (OLD.bucket_id, NEW.bucket_id);
END;

CREATE TRIGGER usage_of_changed_version BEFORE UPDATE OF id, size_bytes ON versions
WHEN (NEW.id, NEW.size_bytes) IS NOT (OLD.id, OLD.size_bytes)
BEGIN
  UPDATE usage SET
    bytes = bytes + NEW.size_bytes * NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key AND o.seq = NEW.seq AND o.id = NEW.id)
      - OLD.size_bytes * NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = OLD.bucket_id AND o.key = OLD.key AND o.seq = OLD.seq AND o.id = OLD.id),
    versions = versions + NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = NEW.bucket_id AND o.key = NEW.key AND o.seq = NEW.seq AND o.id = NEW.id)
      - NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = OLD.bucket_id AND o.key = OLD.key AND o.seq = OLD.seq AND o.id = OLD.id)
  WHERE bucket_id = NEW.bucket_id AND (counted_to IS NULL OR NEW.key <= counted_to) AND NEW.is_marker = 0;
END;

CREATE TRIGGER usage_of_old_version AFTER DELETE ON versions
WHEN OLD.is_marker = 0 AND NOT EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = OLD.bucket_id AND o.key = OLD.key AND o.seq = OLD.seq AND o.id = OLD.id)
BEGIN
  UPDATE usage SET bytes = bytes - OLD.size_bytes, versions = versions - 1
  WHERE bucket_id = OLD.bucket_id AND (counted_to IS NULL OR OLD.key <= counted_to);
END;

CREATE TRIGGER usage_of_old_marker AFTER DELETE ON versions WHEN OLD.is_marker = 1 BEGIN
  UPDATE usage SET markers = markers - 1, objects = objects
    + EXISTS (SELECT 1 FROM objects o WHERE o.bucket_id = OLD.bucket_id AND o.key = OLD.key AND o.seq <= OLD.seq
      AND NOT EXISTS (SELECT 1 FROM versions m WHERE m.bucket_id = o.bucket_id AND m.key = o.key AND m.seq >= o.seq AND m.is_marker = 1))
  WHERE bucket_id = OLD.bucket_id AND (counted_to IS NULL OR OLD.key <= counted_to);
END;

-- Whatever makes a bucket grow beyond a quota fails with its whole batch. Only the counting job changes counted_to: it is let pass.

CREATE TRIGGER quota_of_bucket AFTER UPDATE OF bytes, versions ON usage
WHEN (NEW.bytes > OLD.bytes OR NEW.versions > OLD.versions) AND NEW.counted_to IS OLD.counted_to
  AND EXISTS (SELECT 1 FROM quotas q WHERE q.bucket_id = NEW.bucket_id)
BEGIN
  INSERT INTO guard (bucket_quota_exceeded) SELECT 1 FROM quotas q WHERE q.bucket_id = NEW.bucket_id
    AND ((NEW.bytes > OLD.bytes AND NEW.bytes > q.bytes_max) OR (NEW.versions > OLD.versions AND NEW.versions > q.objects_max));
  INSERT INTO quota_crossings (bucket_id, owner, scope, measure, used, soft)
    SELECT NEW.bucket_id, NEW.owner, 'bucket', 'bytes', NEW.bytes, q.bytes_soft FROM quotas q
    WHERE q.bucket_id = NEW.bucket_id AND OLD.bytes <= q.bytes_soft AND NEW.bytes > q.bytes_soft;
  INSERT INTO quota_crossings (bucket_id, owner, scope, measure, used, soft)
    SELECT NEW.bucket_id, NEW.owner, 'bucket', 'objects', NEW.versions, q.objects_soft FROM quotas q
    WHERE q.bucket_id = NEW.bucket_id AND OLD.versions <= q.objects_soft AND NEW.versions > q.objects_soft;
END;

CREATE TRIGGER quota_of_account AFTER UPDATE OF bytes, versions ON usage
WHEN (NEW.bytes > OLD.bytes OR NEW.versions > OLD.versions) AND NEW.counted_to IS OLD.counted_to
  AND EXISTS (SELECT 1 FROM account_quotas q WHERE q.owner = NEW.owner)
BEGIN
  INSERT INTO guard (account_quota_exceeded) SELECT 1 FROM account_quotas q
    JOIN (SELECT sum(u.bytes) AS bytes, sum(u.versions) AS versions FROM usage u WHERE u.owner = NEW.owner) s
    WHERE q.owner = NEW.owner
    AND ((NEW.bytes > OLD.bytes AND s.bytes > q.bytes_max) OR (NEW.versions > OLD.versions AND s.versions > q.objects_max));
  INSERT INTO quota_crossings (bucket_id, owner, scope, measure, used, soft)
    SELECT NEW.bucket_id, NEW.owner, 'account', m.measure, m.used, m.soft FROM (
      SELECT 'bytes' AS measure, sum(u.bytes) AS used, NEW.bytes - OLD.bytes AS grown,
        (SELECT q.bytes_soft FROM account_quotas q WHERE q.owner = NEW.owner) AS soft FROM usage u WHERE u.owner = NEW.owner
      UNION ALL
      SELECT 'objects', sum(u.versions), NEW.versions - OLD.versions,
        (SELECT q.objects_soft FROM account_quotas q WHERE q.owner = NEW.owner) FROM usage u WHERE u.owner = NEW.owner) m
    WHERE m.used > m.soft AND m.used - m.grown <= m.soft;
END;
