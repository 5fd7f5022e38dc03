-- Going live rule by rule, and what came of each offer. Every save of the plan is a row of its own, and none is ever changed.

CREATE TABLE rollout (
  revision INTEGER NOT NULL PRIMARY KEY, -- from 1, without gaps; named by the world
  rules TEXT NOT NULL, -- the rules' stages, and what holds for the others, JSON
  testers BLOB NOT NULL, -- the test identities, JSON, sealed by the master key
  by_whom TEXT NOT NULL, -- a name for people
  saved_at INTEGER NOT NULL, -- when
  note TEXT NOT NULL -- what for, in their words; may be empty
);

CREATE TABLE offer (
  offer BLOB NOT NULL PRIMARY KEY, -- which; sorts by time
  customer BLOB NOT NULL, -- to whom
  decision BLOB NOT NULL, -- the decision behind it
  rule TEXT NOT NULL, -- the rule's id
  made_at INTEGER NOT NULL, -- when it was made
  shown_at INTEGER, -- when the customer saw it; null while nobody did
  ended_at INTEGER, -- when it was over; null while it is open
  stage TEXT NOT NULL, -- how far it has come: the stage's name
  opted_out INTEGER NOT NULL -- 1 when it was put away for good
) WITHOUT ROWID;

CREATE INDEX offer_made ON offer (made_at, rule);
CREATE INDEX offer_customer ON offer (customer);
