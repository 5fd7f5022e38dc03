-- Files that come with messages. Names, descriptions and bytes are sealed with the key of the
-- customer whose conversation they are in, and go with it.

CREATE TABLE attachment (
  attachment BLOB NOT NULL PRIMARY KEY, -- which; random
  customer BLOB NOT NULL, -- whose conversation
  conversation BLOB NOT NULL, -- which conversation
  device BLOB, -- the browser that may see it, as with the conversation's messages
  agent BLOB, -- who uploaded it; null for the customer
  uploaded_at INTEGER NOT NULL, -- when
  sent INTEGER NOT NULL, -- 1 once a message was to carry it; others are forgotten
  content_type TEXT NOT NULL, -- its media type
  bytes INTEGER NOT NULL, -- its length
  width_px INTEGER NOT NULL, -- of an image, else 0
  height_px INTEGER NOT NULL, -- of an image, else 0
  name BLOB NOT NULL, -- its file name, sealed
  alt BLOB NOT NULL -- what it shows, sealed
) WITHOUT ROWID;

CREATE INDEX attachment_conversation ON attachment (conversation, bytes);
CREATE INDEX attachment_customer ON attachment (customer);
CREATE INDEX attachment_unsent ON attachment (uploaded_at) WHERE sent = 0;

CREATE TABLE attachment_chunk (
  attachment BLOB NOT NULL, -- which
  place INTEGER NOT NULL, -- from 0, without gaps
  sealed BLOB NOT NULL, -- the chunk's bytes, sealed
  PRIMARY KEY (attachment, place)
);
