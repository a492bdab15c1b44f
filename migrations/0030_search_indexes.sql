-- Indexes of the fields by which a bucket's objects are searched, where a bucket asks for one. README.md beside this file explains the tables.

CREATE TABLE search_indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  bucket_id INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  metadata INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  size INTEGER NOT NULL,
  filled_to TEXT DEFAULT '',
  dropped_ms INTEGER
) STRICT;

CREATE UNIQUE INDEX search_indexes_of_bucket ON search_indexes (bucket_id) WHERE dropped_ms IS NULL;
CREATE INDEX search_indexes_unfilled ON search_indexes (id) WHERE filled_to IS NOT NULL OR dropped_ms IS NOT NULL;

-- ANY: a value keeps its type, so that it compares as the column of the query does.
CREATE TABLE search_values (
  index_id INTEGER NOT NULL,
  field TEXT NOT NULL,
  value ANY NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (index_id, field, value, key)
) STRICT, WITHOUT ROWID;

-- What belongs into search_values, of the objects as they are.
CREATE VIEW search_entries AS
SELECT o.bucket_id, o.key, i.id AS index_id, 'size' AS field, o.size_bytes AS value
FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id WHERE i.dropped_ms IS NULL AND i.size = 1
UNION ALL
SELECT o.bucket_id, o.key, i.id, 'modified', strftime('%Y-%m-%d %H:%M:%f', o.modified_ms / 1000.0, 'unixepoch')
FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id WHERE i.dropped_ms IS NULL AND i.modified = 1
UNION ALL
SELECT o.bucket_id, o.key, i.id, 'tag:' || (t.value ->> 0), t.value ->> 1
FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id CROSS JOIN json_each(o.tags) t
WHERE i.dropped_ms IS NULL AND i.tags = 1
UNION ALL
SELECT o.bucket_id, o.key, i.id, 'metadata:' || m.key, m.value
FROM search_indexes i CROSS JOIN objects o ON o.bucket_id = i.bucket_id CROSS JOIN json_each(o.attributes, '$.user') m
WHERE i.dropped_ms IS NULL AND i.metadata = 1 AND coalesce(o.attributes ->> '$.encryption.form', '') <> 'SSE-C';

-- REPLACE fires no trigger for the row that it takes away, so triggers BEFORE look at that row.

CREATE TRIGGER search_of_replaced_object BEFORE INSERT ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key);
END;

CREATE TRIGGER search_of_new_object AFTER INSERT ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  INSERT OR IGNORE INTO search_values (index_id, field, value, key) SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND e.value IS NOT NULL;
END;

CREATE TRIGGER search_of_object_before BEFORE UPDATE OF bucket_id, key, size_bytes, modified_ms, tags, attributes ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id IN (OLD.bucket_id, NEW.bucket_id) AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = OLD.bucket_id AND e.key = OLD.key);
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND NEW.key <> OLD.key);
END;

CREATE TRIGGER search_of_object_after AFTER UPDATE OF bucket_id, key, size_bytes, modified_ms, tags, attributes ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  INSERT OR IGNORE INTO search_values (index_id, field, value, key) SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND e.value IS NOT NULL;
END;

CREATE TRIGGER search_of_old_object BEFORE DELETE ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = OLD.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = OLD.bucket_id AND e.key = OLD.key);
END;

CREATE TRIGGER search_of_old_bucket AFTER DELETE ON buckets BEGIN
  UPDATE search_indexes SET dropped_ms = 0 WHERE bucket_id = OLD.id AND dropped_ms IS NULL;
END;
