-- The domain lexicon: what phrases read as. Each save is a row of its own, and none is ever changed.

CREATE TABLE lexicon (
  revision INTEGER NOT NULL PRIMARY KEY, -- from 1, without gaps; named by the world and by each reading
  entries TEXT NOT NULL, -- the whole list, JSON
  phrases INTEGER NOT NULL, -- how many entries that is
  by_whom TEXT NOT NULL, -- a name for people
  saved_at INTEGER NOT NULL, -- when
  note TEXT NOT NULL -- what for, in their words; may be empty
);
