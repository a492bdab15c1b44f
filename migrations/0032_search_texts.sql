-- Full text of keys, tags and user metadata, where a bucket asks for it. README.md beside this file explains the tables.

ALTER TABLE search_indexes ADD COLUMN text INTEGER NOT NULL DEFAULT 0;

-- One row for each object of a bucket with such an index. The words are in search_text, a table of FTS5 that the first such index makes and the last
-- one takes away (src/metadata/search/text-table.ts): a database that has a virtual table cannot be exported by D1.
-- The ids of one index lie together, from index_id << 36 on, so that its words are read without those of others.
CREATE TABLE search_texts (
  id INTEGER PRIMARY KEY,
  index_id INTEGER NOT NULL,
  key TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX search_texts_by_key ON search_texts (index_id, key);

-- The triggers of 0030, with search_texts.

DROP TRIGGER search_of_replaced_object;
DROP TRIGGER search_of_new_object;
DROP TRIGGER search_of_object_before;
DROP TRIGGER search_of_object_after;
DROP TRIGGER search_of_old_object;

CREATE TRIGGER search_of_replaced_object BEFORE INSERT ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key);
  DELETE FROM search_texts WHERE key = NEW.key AND index_id IN (SELECT i.id FROM search_indexes i
    WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL AND i.text = 1);
END;

CREATE TRIGGER search_of_new_object AFTER INSERT ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  INSERT OR IGNORE INTO search_values (index_id, field, value, key) SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND e.value IS NOT NULL;
  INSERT OR IGNORE INTO search_texts (id, index_id, key)
    SELECT coalesce((SELECT max(t.id) FROM search_texts t WHERE t.id > i.id << 36 AND t.id < (i.id + 1) << 36), i.id << 36) + 1, i.id, NEW.key
    FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL AND i.text = 1;
END;

CREATE TRIGGER search_of_object_before BEFORE UPDATE OF bucket_id, key, size_bytes, modified_ms, tags, attributes ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id IN (OLD.bucket_id, NEW.bucket_id) AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = OLD.bucket_id AND e.key = OLD.key);
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND NEW.key <> OLD.key);
  DELETE FROM search_texts WHERE key IN (OLD.key, NEW.key) AND index_id IN (SELECT i.id FROM search_indexes i
    WHERE i.bucket_id IN (OLD.bucket_id, NEW.bucket_id) AND i.dropped_ms IS NULL AND i.text = 1);
END;

CREATE TRIGGER search_of_object_after AFTER UPDATE OF bucket_id, key, size_bytes, modified_ms, tags, attributes ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  INSERT OR IGNORE INTO search_values (index_id, field, value, key) SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = NEW.bucket_id AND e.key = NEW.key AND e.value IS NOT NULL;
  INSERT OR IGNORE INTO search_texts (id, index_id, key)
    SELECT coalesce((SELECT max(t.id) FROM search_texts t WHERE t.id > i.id << 36 AND t.id < (i.id + 1) << 36), i.id << 36) + 1, i.id, NEW.key
    FROM search_indexes i WHERE i.bucket_id = NEW.bucket_id AND i.dropped_ms IS NULL AND i.text = 1;
END;

CREATE TRIGGER search_of_old_object BEFORE DELETE ON objects
WHEN EXISTS (SELECT 1 FROM search_indexes i WHERE i.bucket_id = OLD.bucket_id AND i.dropped_ms IS NULL)
BEGIN
  DELETE FROM search_values WHERE (index_id, field, value, key) IN (SELECT e.index_id, e.field, e.value, e.key
    FROM search_entries e WHERE e.bucket_id = OLD.bucket_id AND e.key = OLD.key);
  DELETE FROM search_texts WHERE key = OLD.key AND index_id IN (SELECT i.id FROM search_indexes i
    WHERE i.bucket_id = OLD.bucket_id AND i.dropped_ms IS NULL AND i.text = 1);
END;
