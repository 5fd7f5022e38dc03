CREATE TABLE brand (
  brand BLOB NOT NULL PRIMARY KEY, -- which
  name TEXT NOT NULL, -- as staff call it
  profile TEXT NOT NULL, -- JSON: look, hours, texts and what it allows
  created_at INTEGER NOT NULL -- when it was made
);

ALTER TABLE source ADD COLUMN brand BLOB;
