-- Messages that are encrypted under a data key of the KMS (SSE-KMS). README.md beside this file explains the column.

ALTER TABLE messages ADD COLUMN data_key TEXT;
