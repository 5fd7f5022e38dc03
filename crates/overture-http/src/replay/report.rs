//! What a replay says, as it goes over the wire and as the command line prints it.

use serde::Serialize;
use utoipa::ToSchema;

/// What would have been decided beside what was.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReplayReport {
    /// Whether every decision was made again, ids included; otherwise all figures of `draft` are
    /// open-loop estimates.
    pub exact: bool,
    /// Why it is an estimate, or what makes it exact; one sentence each.
    pub why: Vec<String>,
    /// The first instant compared, RFC 3339.
    pub from: String,
    /// The first instant not compared any more.
    pub to: String,
    /// `live`, `shadow` or `recorded`: how rules counted.
    #[serde(rename = "as")]
    pub acts: &'static str,
    /// When the log begins.
    pub log_from: String,
    /// Whether anything came before that: of customers known then, the replay knows only what
    /// came later.
    pub log_is_whole: bool,
    /// Inputs of the log that were taken, those before `from` included.
    pub events: u64,
    /// Customers in them.
    pub customers: u64,
    /// Inputs that made a step panic and were left out.
    pub left_out: u64,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// What was decided.
    pub happened: ReplaySide,
    /// What would have been.
    pub draft: ReplaySide,
    /// Rules, the most contacts first.
    pub rules: Vec<ReplayRule>,
    /// Contacts by what carries them: `banner`, `prompt`, `guide`.
    pub channels: Vec<ReplayNamed>,
    /// Why customers were left alone, by the deciding reason.
    pub reasons: Vec<ReplayNamed>,
    /// Contacts by hour of the day in `time_zone`, 24 of them.
    pub hours: Vec<ReplayHour>,
    /// The zone of `hours`.
    pub time_zone: String,
    /// Customers for whom the number of contacts differs most, at most 20.
    pub customers_examples: Vec<ReplayCustomer>,
    /// Which decisions differ.
    pub differences: ReplayDifferences,
    /// What the contacts would cost.
    pub cost: ReplayCost,
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct ReplaySide {
    /// Recorded decisions.
    pub decisions: u64,
    /// Customers were offered something, or would have been but for shadow mode.
    pub contacts: u64,
    /// How many customers that were.
    pub customers: u64,
    /// Staff was alerted, or would have been but for shadow mode.
    pub alerts: u64,
    /// A rule was met, and the customer was left alone.
    pub withheld: u64,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ReplayRule {
    /// Its id.
    pub rule: String,
    /// What came of it.
    pub happened: ReplaySide,
    /// What would have.
    pub draft: ReplaySide,
}

/// Two counts under one name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayNamed {
    /// Of what.
    pub name: String,
    /// How many there were.
    pub happened: u64,
    /// How many there would have been.
    pub draft: u64,
}

/// Contacts in one hour of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayHour {
    /// `0..=23`.
    pub hour: u8,
    /// How many there were.
    pub happened: u64,
    /// How many there would have been.
    pub draft: u64,
}

/// One customer's contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayCustomer {
    /// Who.
    pub customer: String,
    /// How many there were.
    pub happened: u64,
    /// How many there would have been.
    pub draft: u64,
}

/// Which decisions differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct ReplayDifferences {
    /// All of them.
    pub total: u64,
    /// Made only then.
    pub only_then: u64,
    /// Made only under the draft.
    pub only_draft: u64,
    /// Made on both sides, differently or at another moment.
    pub changed: u64,
    /// The first of them, at most 200: those about contacts first, then by time.
    pub shown: Vec<ReplayDifference>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayDifference {
    /// `only_then`, `only_draft` or `changed`.
    pub kind: &'static str,
    /// About whom.
    pub customer: String,
    /// By which rule.
    pub rule: String,
    /// What was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub happened: Option<ReplayDecided>,
    /// What would have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft: Option<ReplayDecided>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReplayDecided {
    /// Its id, where it was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// When.
    pub at: String,
    /// The rule, where the two sides' rules differ.
    pub rule: String,
    /// `contact`, `alert` or `withhold`.
    pub what: &'static str,
    /// `banner`, `prompt`, `guide`, `notify`, `escalate`, or the deciding reason.
    pub detail: &'static str,
}

/// What contacts would cost, if each of them led to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct ReplayCost {
    /// Minutes a contact.
    pub handle_minutes: f64,
    /// Cost of a minute.
    pub per_minute: f64,
    /// Of what happened.
    pub happened: f64,
    /// Of the draft.
    pub draft: f64,
}
