-- The storage class whose drives a blob is to lie on. Null: STANDARD, as of all blobs that were written before.
ALTER TABLE blobs ADD COLUMN storage_class TEXT;
