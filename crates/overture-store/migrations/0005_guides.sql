-- Guides on the organisation's own pages.

CREATE TABLE guide (
  guide BLOB NOT NULL PRIMARY KEY, -- which
  name TEXT NOT NULL, -- as staff calls it
  draft TEXT NOT NULL, -- its content as it is being written, JSON
  draft_version INTEGER NOT NULL, -- counts up with each save, so that nobody overwrites another's
  live_revision INTEGER, -- the published revision that is live
  archived INTEGER NOT NULL, -- 1 once it was put away
  created_at INTEGER NOT NULL, -- when it was made
  changed_at INTEGER NOT NULL, -- when the draft was saved last
  changed_by TEXT NOT NULL -- a name for people
);

CREATE TABLE guide_revision (
  guide BLOB NOT NULL, -- which
  revision INTEGER NOT NULL, -- from 1, without gaps; never changed
  content TEXT NOT NULL, -- JSON
  by_whom TEXT NOT NULL, -- a name for people
  published_at INTEGER NOT NULL, -- when
  PRIMARY KEY (guide, revision)
) WITHOUT ROWID;

CREATE TABLE guide_set (
  revision INTEGER NOT NULL PRIMARY KEY, -- from 1, without gaps; named by the world
  targets TEXT NOT NULL, -- who sees which live guide, JSON
  by_whom TEXT NOT NULL, -- a name for people
  activated_at INTEGER NOT NULL -- when
);

CREATE TABLE guide_media (
  media BLOB NOT NULL PRIMARY KEY, -- which file
  guide BLOB NOT NULL, -- whose
  content_type TEXT NOT NULL, -- as it is served
  bytes INTEGER NOT NULL, -- its length
  duration_ms INTEGER NOT NULL, -- of a video; 0 for anything else
  created_at INTEGER NOT NULL -- when it was uploaded
);

CREATE INDEX guide_media_guide ON guide_media (guide);

CREATE TABLE guide_media_part (
  media BLOB NOT NULL, -- which file
  place INTEGER NOT NULL, -- from 0; every part but the last is equally long
  data BLOB NOT NULL, -- its bytes
  PRIMARY KEY (media, place)
) WITHOUT ROWID;

CREATE TABLE guide_sight (
  guide BLOB NOT NULL, -- which
  customer BLOB NOT NULL, -- who was to be shown it last
  revision INTEGER NOT NULL, -- of the guide
  found INTEGER NOT NULL, -- 1 if its elements were on the page
  step INTEGER NOT NULL, -- the step whose element was missing
  seen_at INTEGER NOT NULL, -- when
  PRIMARY KEY (guide, customer)
) WITHOUT ROWID;

CREATE INDEX guide_sight_customer ON guide_sight (customer);
