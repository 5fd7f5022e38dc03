-- The spine. One text for both databases: the words BLOB, INTEGER, REAL and WITHOUT ROWID
-- are SQLite's and are translated for PostgreSQL. Times are milliseconds since 1970, UTC.
-- Ids are 16 bytes. A record is a versioned protobuf message (src/records).

CREATE TABLE progress (
  id INTEGER NOT NULL PRIMARY KEY, -- always 1: there is one row
  epoch INTEGER NOT NULL, -- counts up with every new writer; older ones are fenced
  last_seq INTEGER NOT NULL, -- the last input that is durable
  last_received_at INTEGER NOT NULL, -- when that input was received
  replay_from INTEGER NOT NULL, -- where recovery starts to replay
  inputs INTEGER NOT NULL -- inputs ever logged
);

INSERT INTO progress (id, epoch, last_seq, last_received_at, replay_from, inputs)
VALUES (1, 0, 0, 0, 1, 0);

CREATE TABLE state (
  name TEXT NOT NULL PRIMARY KEY, -- route, world, secret
  record BLOB NOT NULL -- the record, or the wrapped secret
);

CREATE TABLE log (
  last_seq INTEGER NOT NULL PRIMARY KEY, -- the last input in the row
  first_seq INTEGER NOT NULL, -- the first input in the row
  received_from INTEGER NOT NULL, -- when the first was received
  received_to INTEGER NOT NULL, -- when the last was received
  inputs INTEGER NOT NULL, -- how many
  bytes INTEGER NOT NULL, -- length of packed, to sum without reading it
  packed BLOB NOT NULL -- all inputs of one commit, compressed
);

CREATE TABLE customer (
  customer BLOB NOT NULL PRIMARY KEY, -- who
  seen_bucket INTEGER NOT NULL, -- last_seen_at in steps of 10 minutes, so that the index seldom changes
  last_seen_at INTEGER NOT NULL, -- when last heard of
  score REAL NOT NULL, -- engagement probability as last computed
  level INTEGER NOT NULL, -- 0 low, 1 medium, 2 high
  applied INTEGER NOT NULL, -- the last input the record has seen
  record BLOB NOT NULL -- CustomerRecord
);

CREATE INDEX customer_seen ON customer (seen_bucket);

CREATE TABLE customer_key (
  key_id INTEGER NOT NULL PRIMARY KEY, -- random; named in every text that the key sealed
  customer BLOB NOT NULL, -- whose, after merges
  wrapped BLOB NOT NULL -- the key, sealed by the master key
);

CREATE INDEX customer_key_customer ON customer_key (customer);

CREATE TABLE merged (
  loser BLOB NOT NULL PRIMARY KEY, -- the folded customer
  survivor BLOB NOT NULL -- the one that goes on
) WITHOUT ROWID;

CREATE TABLE link (
  link_key BLOB NOT NULL PRIMARY KEY, -- keyed hash of the identifier
  customer BLOB NOT NULL, -- whom it points to
  kind INTEGER NOT NULL, -- 0 anonymous, 1 device, 2 user id, 3 e-mail, 4 phone
  level INTEGER NOT NULL, -- 0 anonymous, 1 claimed, 2 verified
  linked_at INTEGER NOT NULL, -- when the link was made
  value BLOB NOT NULL -- the identifier, sealed
) WITHOUT ROWID;

CREATE INDEX link_customer ON link (customer);

CREATE TABLE customer_trait (
  customer BLOB NOT NULL, -- whose
  name TEXT NOT NULL, -- which
  value BLOB NOT NULL, -- sealed
  PRIMARY KEY (customer, name)
) WITHOUT ROWID;

CREATE TABLE timeline (
  customer BLOB NOT NULL, -- whose
  seq INTEGER NOT NULL, -- rising within the customer
  happened_at INTEGER NOT NULL, -- when it happened
  audience INTEGER NOT NULL, -- 0 staff, 1 everyone
  device BLOB, -- the browser that may see it
  record BLOB NOT NULL, -- TimelineRecord
  PRIMARY KEY (customer, seq)
) WITHOUT ROWID;

CREATE TABLE decision (
  decision BLOB NOT NULL PRIMARY KEY, -- which; sorts by time
  customer BLOB NOT NULL, -- about whom
  rule TEXT NOT NULL, -- the rule's id
  outcome TEXT NOT NULL, -- the outcome's name
  reasons INTEGER NOT NULL, -- one bit for each reason, by its place in the order
  record BLOB NOT NULL -- DecisionRow
);

CREATE INDEX decision_customer ON decision (customer, decision);
CREATE INDEX decision_counts ON decision (rule, outcome, reasons);

CREATE TABLE ledger (
  chain INTEGER NOT NULL, -- the customer's partition
  place INTEGER NOT NULL, -- from 1, without gaps
  customer BLOB NOT NULL, -- whose, as of then
  grant_id BLOB NOT NULL, -- which grant
  happened_at INTEGER NOT NULL, -- when
  change BLOB NOT NULL, -- ChangeRecord
  hash BLOB NOT NULL, -- SHA-256 over the previous row's hash and this row
  PRIMARY KEY (chain, place)
) WITHOUT ROWID;

CREATE INDEX ledger_grant ON ledger (grant_id);
CREATE INDEX ledger_customer ON ledger (customer);

CREATE TABLE ledger_end (
  chain INTEGER NOT NULL PRIMARY KEY, -- the customer's partition
  place INTEGER NOT NULL, -- the chain's last row
  hash BLOB NOT NULL, -- its hash
  signature BLOB NOT NULL -- HMAC over the three, so that cutting the end is seen
);

CREATE TABLE grant_state (
  grant_id BLOB NOT NULL PRIMARY KEY, -- which
  customer BLOB NOT NULL, -- whose
  issued_at INTEGER NOT NULL, -- when it was issued
  record BLOB NOT NULL -- GrantRecord
);

CREATE INDEX grant_customer ON grant_state (customer);

CREATE TABLE conversation (
  conversation BLOB NOT NULL PRIMARY KEY, -- which
  customer BLOB NOT NULL, -- whose
  status INTEGER NOT NULL, -- 0 queued, 1 assigned, 2 ended, 3 no agent
  agent BLOB, -- who serves or served it
  last_at INTEGER NOT NULL, -- when the last message came
  last_author BLOB, -- who wrote it: AuthorRecord
  last_text BLOB, -- the message, sealed
  record BLOB NOT NULL -- ConversationRecord, without the last message
);

CREATE INDEX conversation_customer ON conversation (customer);
CREATE INDEX conversation_last ON conversation (last_at);
CREATE INDEX conversation_open ON conversation (last_at) WHERE status <> 2;

CREATE TABLE request (
  request BLOB NOT NULL PRIMARY KEY, -- which
  queued_at INTEGER NOT NULL, -- when it entered the queue
  record BLOB NOT NULL -- RequestRecord
);

CREATE TABLE agent (
  agent BLOB NOT NULL PRIMARY KEY, -- who
  record BLOB NOT NULL -- AgentRecord
);

CREATE TABLE wake (
  customer BLOB NOT NULL PRIMARY KEY, -- who wants a tick
  due_at INTEGER NOT NULL -- when
) WITHOUT ROWID;

CREATE TABLE outbox (
  delivery BLOB NOT NULL PRIMARY KEY, -- the same id on every attempt
  next_try_at INTEGER NOT NULL, -- when it may be claimed
  attempts INTEGER NOT NULL, -- how often it was claimed
  claimed_by INTEGER, -- the epoch that holds it
  record BLOB NOT NULL -- OutboxRecord
);

CREATE INDEX outbox_due ON outbox (next_try_at);

CREATE TABLE alert (
  alert BLOB NOT NULL PRIMARY KEY, -- the delivery that brought it
  raised_at INTEGER NOT NULL, -- when
  customer BLOB NOT NULL, -- about whom
  decision BLOB NOT NULL, -- the decision behind it
  rule TEXT NOT NULL, -- the rule's id
  line TEXT NOT NULL, -- one plain line
  done_by BLOB, -- who put it away
  done_at INTEGER -- when
);

CREATE INDEX alert_open ON alert (raised_at) WHERE done_at IS NULL;

CREATE TABLE minute_count (
  minute INTEGER NOT NULL, -- the minute's start
  rule TEXT NOT NULL, -- the rule's id
  what TEXT NOT NULL, -- an outcome's or a reason's name
  counted INTEGER NOT NULL, -- how often
  PRIMARY KEY (minute, rule, what)
) WITHOUT ROWID;

CREATE TABLE skipped (
  seq INTEGER NOT NULL PRIMARY KEY, -- its place in the log
  received_at INTEGER NOT NULL, -- when
  customer BLOB, -- whose
  reason TEXT NOT NULL -- the panic's message, shortened
);

CREATE TABLE staff (
  agent BLOB NOT NULL PRIMARY KEY, -- who
  email TEXT NOT NULL UNIQUE, -- lower-cased
  name TEXT NOT NULL, -- as shown
  role TEXT NOT NULL, -- admin, supervisor, agent or analyst
  password_hash TEXT NOT NULL, -- Argon2, PHC form
  must_change_password INTEGER NOT NULL, -- 1 while it is the one that was given
  profile TEXT NOT NULL, -- skills, languages and capacity as JSON
  active INTEGER NOT NULL, -- 1 if the account may be used
  created_at INTEGER NOT NULL -- when
);

CREATE TABLE staff_session (
  token_hash BLOB NOT NULL PRIMARY KEY, -- SHA-256 of the cookie
  agent BLOB NOT NULL, -- who
  csrf TEXT NOT NULL, -- what changes must echo
  created_at INTEGER NOT NULL, -- when it began
  expires_at INTEGER NOT NULL -- when it ends
);

CREATE INDEX staff_session_agent ON staff_session (agent);

CREATE TABLE source (
  source BLOB NOT NULL PRIMARY KEY, -- which
  name TEXT NOT NULL, -- as shown
  allowed_origins TEXT NOT NULL, -- JSON list
  identity_secret BLOB NOT NULL, -- sealed by the master key
  created_at INTEGER NOT NULL -- when
);

CREATE TABLE write_key (
  write_key TEXT NOT NULL PRIMARY KEY, -- public by nature
  source BLOB NOT NULL, -- whose
  created_at INTEGER NOT NULL, -- when
  revoked_at INTEGER -- when it was revoked
);

CREATE TABLE source_count (
  source BLOB NOT NULL PRIMARY KEY, -- which
  events INTEGER NOT NULL, -- inputs that it brought
  last_at INTEGER NOT NULL -- when the last came
);

CREATE TABLE api_token (
  token BLOB NOT NULL PRIMARY KEY, -- which
  name TEXT NOT NULL, -- as shown
  scopes TEXT NOT NULL, -- JSON list
  secret_hash BLOB NOT NULL, -- SHA-256 of the secret
  created_at INTEGER NOT NULL -- when
);

CREATE TABLE policy (
  revision INTEGER NOT NULL PRIMARY KEY, -- from 1, without gaps
  toml TEXT NOT NULL, -- the text
  by_whom TEXT NOT NULL, -- a name for people
  activated_at INTEGER NOT NULL -- when
);

CREATE TABLE faq (
  faq BLOB NOT NULL PRIMARY KEY, -- which
  place INTEGER NOT NULL, -- order in the list
  title TEXT NOT NULL, -- its title
  body_markdown TEXT NOT NULL -- its text
);

CREATE TABLE rejected (
  number INTEGER NOT NULL PRIMARY KEY, -- counts up
  rejected_at INTEGER NOT NULL, -- when
  source BLOB, -- from where
  reason TEXT NOT NULL, -- a code
  field TEXT, -- which field was wrong
  excerpt TEXT NOT NULL -- the start of what came, redacted
);

CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY, -- which
  value TEXT NOT NULL -- its text
);
