-- Fan-out of a topic that failed waits without holding up other topics, and a confirmation is not sent again at once. README.md beside this
-- file explains them.

CREATE TABLE topic_failures (
  topic_id INTEGER PRIMARY KEY,
  attempts INTEGER NOT NULL,
  next_ms INTEGER NOT NULL
) STRICT;

ALTER TABLE subscriptions ADD COLUMN asked_ms INTEGER NOT NULL DEFAULT 0;
