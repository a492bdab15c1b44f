-- Which queues messages in dead letter queues came from.
CREATE INDEX messages_by_source ON messages (queue_id, source) WHERE source IS NOT NULL;
-- JSON text: ARNs of the queues that a move may give messages back to. Null: it has a destination, or is older than this column.
ALTER TABLE message_moves ADD COLUMN sources TEXT;
