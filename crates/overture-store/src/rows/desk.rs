//! Rows that the desk and the decision pages read.

use std::collections::BTreeMap;

use overture_engine::model::{
    AgentId, CustomerId, DecisionId, DeliveryId, GrantId, GrantState, LabelledText, LedgerEntry,
    NeedLevel, Seq, TimelineItem, Timestamp,
};

/// A stretch of a timeline, oldest first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimelinePage {
    /// The rows. After a merge several rows can have the same number: a page never cuts
    /// between them, so it can be a little longer than the limit.
    pub items: Vec<TimelineItem>,
    /// Whether more rows exist in the direction that was read.
    pub more: bool,
}

/// Which labels are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelKind {
    /// How the writer feels.
    Sentiment,
    /// What the message is about.
    Issue,
}

/// A message that staff labelled; it goes with its customer.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRow {
    /// Whose message.
    pub customer: CustomerId,
    /// When it was labelled last.
    pub at: Timestamp,
    /// By whom, which and what; in which conversation is not kept.
    pub label: LabelledText,
}

/// A customer as a list shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerSummary {
    /// Who.
    pub customer: CustomerId,
    /// When last heard of, as of the row (it can lag by the write-behind delay).
    pub last_seen_at: Timestamp,
    /// The engagement probability as last written, `0.0..=1.0`.
    pub score: f64,
    /// Its level.
    pub level: NeedLevel,
}

/// Decisions counted over everything that a filter lets through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionCounts {
    /// By the outcome's name.
    pub by_outcome: BTreeMap<String, u64>,
    /// By every recorded reason's name.
    pub by_reason: BTreeMap<String, u64>,
    /// By the rule's id.
    pub by_rule: BTreeMap<String, u64>,
}

/// A grant with its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct GrantRow {
    /// Whose.
    pub customer: CustomerId,
    /// As it stands.
    pub grant: GrantState,
}

/// A row of the hash-chained ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerRow {
    /// Which chain, `0..64`.
    pub partition: u32,
    /// Its place in the chain, from 1.
    pub row: u64,
    /// What happened.
    pub entry: LedgerEntry,
    /// SHA-256 over the previous row's hash and this row's canonical bytes.
    pub hash: [u8; 32],
}

/// What checking the whole ledger found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerReport {
    /// Rows checked.
    pub rows: u64,
    /// The first row that does not fit its chain: (partition, row).
    pub first_bad: Option<(u32, u64)>,
}

/// How often something happened in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinuteCount {
    /// The minute's start.
    pub minute: Timestamp,
    /// The rule's id.
    pub rule: String,
    /// An outcome's or a reason's name.
    pub what: String,
    /// How often.
    pub count: u64,
}

/// An input that was left out because it made a step panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedEvent {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was received.
    pub at: Timestamp,
    /// Whose it was.
    pub customer: Option<CustomerId>,
    /// The panic's message, shortened.
    pub reason: String,
}

/// A line in the desk's alert lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The delivery that brought it; bringing it twice changes nothing.
    pub alert: DeliveryId,
    /// When.
    pub at: Timestamp,
    /// About whom.
    pub customer: CustomerId,
    /// The decision behind it.
    pub decision: DecisionId,
    /// The rule's id.
    pub rule: String,
    /// One plain line.
    pub text: String,
    /// Who put it away, and when.
    pub done: Option<(AgentId, Timestamp)>,
}

/// Which ledger rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerOf {
    /// One grant's.
    Grant(GrantId),
    /// One customer's, as it was written then.
    Customer(CustomerId),
}
