-- How often the bytes of an annotation are encrypted; 0: they are plain. See migrations/README.md.
ALTER TABLE annotations ADD COLUMN layers INTEGER NOT NULL DEFAULT 0;
