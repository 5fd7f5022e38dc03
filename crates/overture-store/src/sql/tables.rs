//! The tables that a unit writes to.

use super::{Kind, Table};

pub(super) const KEY: Table = Table {
    name: "customer_key",
    columns: &[
        ("key_id", Kind::Int),
        ("customer", Kind::Blob),
        ("wrapped", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const ATTACHMENT: Table = Table {
    name: "attachment",
    columns: &[
        ("attachment", Kind::Blob),
        ("customer", Kind::Blob),
        ("conversation", Kind::Blob),
        ("device", Kind::Blob),
        ("agent", Kind::Blob),
        ("uploaded_at", Kind::Int),
        ("sent", Kind::Int),
        ("content_type", Kind::Text),
        ("bytes", Kind::Int),
        ("width_px", Kind::Int),
        ("height_px", Kind::Int),
        ("name", Kind::Blob),
        ("alt", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const ATTACHMENT_CHUNK: Table = Table {
    name: "attachment_chunk",
    columns: &[
        ("attachment", Kind::Blob),
        ("place", Kind::Int),
        ("sealed", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const CUSTOMER: Table = Table {
    name: "customer",
    columns: &[
        ("customer", Kind::Blob),
        ("seen_bucket", Kind::Int),
        ("last_seen_at", Kind::Int),
        ("score", Kind::Real),
        ("level", Kind::Int),
        ("applied", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (customer) DO UPDATE SET seen_bucket = excluded.seen_bucket, \
                  last_seen_at = excluded.last_seen_at, score = excluded.score, \
                  level = excluded.level, applied = excluded.applied, record = excluded.record",
    update_first: Some(
        "UPDATE customer SET last_seen_at = ?3, score = ?4, level = ?5, applied = ?6, \
         record = ?7 WHERE customer = ?1 AND seen_bucket = ?2",
    ),
};

pub(super) const TIMELINE: Table = Table {
    name: "timeline",
    columns: &[
        ("customer", Kind::Blob),
        ("seq", Kind::Int),
        ("happened_at", Kind::Int),
        ("audience", Kind::Int),
        ("device", Kind::Blob),
        ("record", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const DECISION: Table = Table {
    name: "decision",
    columns: &[
        ("decision", Kind::Blob),
        ("customer", Kind::Blob),
        ("rule", Kind::Text),
        ("outcome", Kind::Text),
        ("reasons", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const OFFER: Table = Table {
    name: "offer",
    columns: &[
        ("offer", Kind::Blob),
        ("customer", Kind::Blob),
        ("decision", Kind::Blob),
        ("rule", Kind::Text),
        ("made_at", Kind::Int),
        ("shown_at", Kind::Int),
        ("ended_at", Kind::Int),
        ("stage", Kind::Text),
        ("opted_out", Kind::Int),
    ],
    on_conflict: "ON CONFLICT (offer) DO UPDATE SET customer = excluded.customer, \
                  shown_at = COALESCE(offer.shown_at, excluded.shown_at), \
                  ended_at = excluded.ended_at, stage = excluded.stage, \
                  opted_out = CASE WHEN offer.opted_out = 1 THEN 1 ELSE excluded.opted_out END",
    update_first: None,
};

pub(super) const LEDGER: Table = Table {
    name: "ledger",
    columns: &[
        ("chain", Kind::Int),
        ("place", Kind::Int),
        ("customer", Kind::Blob),
        ("grant_id", Kind::Blob),
        ("happened_at", Kind::Int),
        ("change", Kind::Blob),
        ("hash", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const LEDGER_END: Table = Table {
    name: "ledger_end",
    columns: &[
        ("chain", Kind::Int),
        ("place", Kind::Int),
        ("hash", Kind::Blob),
        ("signature", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (chain) DO UPDATE SET place = excluded.place, \
                  hash = excluded.hash, signature = excluded.signature",
    update_first: None,
};

pub(super) const GRANT: Table = Table {
    name: "grant_state",
    columns: &[
        ("grant_id", Kind::Blob),
        ("customer", Kind::Blob),
        ("issued_at", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (grant_id) DO UPDATE SET customer = excluded.customer, \
                  issued_at = excluded.issued_at, record = excluded.record",
    update_first: None,
};

pub(super) const CONVERSATION: Table = Table {
    name: "conversation",
    columns: &[
        ("conversation", Kind::Blob),
        ("customer", Kind::Blob),
        ("status", Kind::Int),
        ("agent", Kind::Blob),
        ("last_at", Kind::Int),
        ("last_author", Kind::Blob),
        ("last_text", Kind::Blob),
        ("record", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (conversation) DO UPDATE SET customer = excluded.customer, \
                  status = excluded.status, agent = excluded.agent, \
                  last_at = excluded.last_at, record = excluded.record, \
                  last_author = COALESCE(excluded.last_author, conversation.last_author), \
                  last_text = COALESCE(excluded.last_text, conversation.last_text)",
    update_first: None,
};

pub(super) const REQUEST: Table = Table {
    name: "request",
    columns: &[
        ("request", Kind::Blob),
        ("queued_at", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (request) DO UPDATE SET queued_at = excluded.queued_at, \
                  record = excluded.record",
    update_first: None,
};

pub(super) const AGENT: Table = Table {
    name: "agent",
    columns: &[("agent", Kind::Blob), ("record", Kind::Blob)],
    on_conflict: "ON CONFLICT (agent) DO UPDATE SET record = excluded.record",
    update_first: None,
};

pub(super) const LINK: Table = Table {
    name: "link",
    columns: &[
        ("link_key", Kind::Blob),
        ("customer", Kind::Blob),
        ("kind", Kind::Int),
        ("level", Kind::Int),
        ("linked_at", Kind::Int),
        ("value", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (link_key) DO UPDATE SET customer = excluded.customer, \
                  kind = excluded.kind, level = excluded.level, \
                  linked_at = excluded.linked_at, value = excluded.value",
    update_first: None,
};

pub(super) const TRAIT: Table = Table {
    name: "customer_trait",
    columns: &[
        ("customer", Kind::Blob),
        ("name", Kind::Text),
        ("value", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (customer, name) DO UPDATE SET value = excluded.value",
    update_first: None,
};

pub(super) const WAKE: Table = Table {
    name: "wake",
    columns: &[("customer", Kind::Blob), ("due_at", Kind::Int)],
    on_conflict: "ON CONFLICT (customer) DO UPDATE SET due_at = excluded.due_at",
    update_first: None,
};

pub(super) const OUTBOX: Table = Table {
    name: "outbox",
    columns: &[
        ("delivery", Kind::Blob),
        ("next_try_at", Kind::Int),
        ("attempts", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const COUNT: Table = Table {
    name: "minute_count",
    columns: &[
        ("minute", Kind::Int),
        ("rule", Kind::Text),
        ("what", Kind::Text),
        ("counted", Kind::Int),
    ],
    on_conflict: "ON CONFLICT (minute, rule, what) \
                  DO UPDATE SET counted = minute_count.counted + excluded.counted",
    update_first: None,
};

pub(super) const ARTICLE_COUNT: Table = Table {
    name: "article_count",
    columns: &[
        ("article", Kind::Blob),
        ("locale", Kind::Text),
        ("version", Kind::Int),
        ("opened", Kind::Int),
        ("helpful", Kind::Int),
        ("not_helpful", Kind::Int),
        ("still_needed", Kind::Int),
        ("read_s", Kind::Int),
    ],
    on_conflict: "ON CONFLICT (article, locale, version) DO UPDATE SET \
                  opened = article_count.opened + excluded.opened, \
                  helpful = article_count.helpful + excluded.helpful, \
                  not_helpful = article_count.not_helpful + excluded.not_helpful, \
                  still_needed = article_count.still_needed + excluded.still_needed, \
                  read_s = article_count.read_s + excluded.read_s",
    update_first: None,
};

pub(super) const SEARCH_MISS: Table = Table {
    name: "search_miss",
    columns: &[
        ("happened_at", Kind::Int),
        ("customer", Kind::Blob),
        ("place", Kind::Int),
        ("locale", Kind::Text),
        ("words", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (happened_at, customer, place) DO NOTHING",
    update_first: None,
};

pub(super) const LABEL: Table = Table {
    name: "label",
    columns: &[
        ("customer", Kind::Blob),
        ("seq", Kind::Int),
        ("labelled_at", Kind::Int),
        ("agent", Kind::Blob),
        ("sentiment", Kind::Int),
        ("words", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (customer, seq) DO UPDATE SET labelled_at = excluded.labelled_at, \
                  agent = excluded.agent, sentiment = excluded.sentiment, words = excluded.words",
    update_first: None,
};

pub(super) const ISSUE_LABEL: Table = Table {
    name: "issue_label",
    columns: &[
        ("customer", Kind::Blob),
        ("seq", Kind::Int),
        ("labelled_at", Kind::Int),
        ("agent", Kind::Blob),
        ("issue", Kind::Text),
        ("words", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (customer, seq) DO UPDATE SET labelled_at = excluded.labelled_at, \
                  agent = excluded.agent, issue = excluded.issue, words = excluded.words",
    update_first: None,
};

pub(super) const SOURCE_COUNT: Table = Table {
    name: "source_count",
    columns: &[
        ("source", Kind::Blob),
        ("events", Kind::Int),
        ("last_at", Kind::Int),
    ],
    on_conflict: "ON CONFLICT (source) DO UPDATE SET \
                  events = source_count.events + excluded.events, last_at = excluded.last_at",
    update_first: None,
};

pub(super) const SKIPPED: Table = Table {
    name: "skipped",
    columns: &[
        ("seq", Kind::Int),
        ("received_at", Kind::Int),
        ("customer", Kind::Blob),
        ("reason", Kind::Text),
    ],
    on_conflict: "",
    update_first: None,
};

pub(super) const STATE: Table = Table {
    name: "state",
    columns: &[("name", Kind::Text), ("record", Kind::Blob)],
    on_conflict: "ON CONFLICT (name) DO UPDATE SET record = excluded.record",
    update_first: None,
};

pub(super) const CALL: Table = Table {
    name: "call",
    columns: &[
        ("call", Kind::Blob),
        ("customer", Kind::Blob),
        ("started_at", Kind::Int),
        ("ended_at", Kind::Int),
        ("record", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (call) DO UPDATE SET customer = excluded.customer, \
                  ended_at = excluded.ended_at, record = excluded.record",
    update_first: None,
};

pub(super) const CALL_PART: Table = Table {
    name: "call_part",
    columns: &[
        ("call", Kind::Blob),
        ("kind", Kind::Int),
        ("place", Kind::Int),
        ("customer", Kind::Blob),
        ("kept_at", Kind::Int),
        ("bytes", Kind::Int),
        ("sealed", Kind::Blob),
    ],
    on_conflict: "ON CONFLICT (call, kind, place) DO UPDATE SET kept_at = excluded.kept_at, \
                  bytes = excluded.bytes, sealed = excluded.sealed",
    update_first: None,
};
