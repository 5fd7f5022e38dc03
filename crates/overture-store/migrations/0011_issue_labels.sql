-- What staff said a message is about: what issue classifiers are trained on. It is kept until the customer is erased.

CREATE TABLE issue_label (
  customer BLOB NOT NULL, -- whose message
  seq INTEGER NOT NULL, -- its number in their timeline
  labelled_at INTEGER NOT NULL, -- when it was last labelled
  agent BLOB NOT NULL, -- by whom
  issue TEXT, -- one of the organisation's issues; null for none of them
  words BLOB NOT NULL, -- the message as models see it, sealed
  PRIMARY KEY (customer, seq)
) WITHOUT ROWID;
