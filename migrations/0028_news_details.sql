-- What events of some kinds tell besides: JSON text of storage class, access tier or annotation. Null: nothing.
ALTER TABLE outbox ADD COLUMN detail TEXT;
