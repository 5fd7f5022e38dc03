-- What staff said a message really is: what models are made better with. It is kept until the customer is erased.

CREATE TABLE label (
  customer BLOB NOT NULL, -- whose message
  seq INTEGER NOT NULL, -- its number in their timeline
  labelled_at INTEGER NOT NULL, -- when it was last labelled
  agent BLOB NOT NULL, -- by whom
  sentiment INTEGER NOT NULL, -- 0 negative, 1 neutral, 2 positive
  words BLOB NOT NULL, -- the message as models see it, sealed
  PRIMARY KEY (customer, seq)
) WITHOUT ROWID;
