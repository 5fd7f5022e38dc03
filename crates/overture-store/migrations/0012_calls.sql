-- Calls, and what of them is kept: the customer's side of the audio, and what was heard second by second.

CREATE TABLE call (
  call BLOB NOT NULL PRIMARY KEY, -- which; rises with the time it began
  customer BLOB NOT NULL, -- whose
  started_at INTEGER NOT NULL, -- when it began
  ended_at INTEGER, -- when it was over; null while it goes on
  record BLOB NOT NULL -- as it stands
) WITHOUT ROWID;

CREATE INDEX call_customer ON call (customer, call);
CREATE INDEX call_live ON call (call) WHERE ended_at IS NULL;

CREATE TABLE call_part (
  call BLOB NOT NULL, -- of which call
  kind INTEGER NOT NULL, -- 1 the customer's audio (mu-law, 8 kHz), 2 what was heard second by second (JSON)
  place INTEGER NOT NULL, -- from 0, without gaps
  customer BLOB NOT NULL, -- whose
  kept_at INTEGER NOT NULL, -- when it was stored
  bytes INTEGER NOT NULL, -- its length before it was sealed
  sealed BLOB NOT NULL, -- the bytes, sealed
  PRIMARY KEY (call, kind, place)
);

CREATE INDEX call_part_customer ON call_part (customer);
CREATE INDEX call_part_kept ON call_part (kept_at) WHERE kind = 1;
