//! What a reader may ask for.

use overture_engine::model::{
    AgentId, CustomerId, DecisionId, IdentityLevel, LinkKey, WithholdReason,
};

/// Which stretch of a timeline to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineWindow {
    /// The oldest rows after this number.
    After(u64),
    /// The newest rows before this number.
    Before(u64),
    /// The newest rows.
    Newest,
}

/// Who reads a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineReader {
    /// Staff: every row.
    Staff,
    /// A widget session: rows for everyone that belong to its own browser, or all of
    /// them when the session is verified.
    Session {
        /// The session's browser.
        device: LinkKey,
        /// How far the person is proven.
        level: IdentityLevel,
    },
}

/// Which rows of which timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Whose.
    pub customer: CustomerId,
    /// From where.
    pub window: TimelineWindow,
    /// For whom.
    pub reader: TimelineReader,
    /// At most this many rows, `1..=1000`.
    pub limit: u32,
}

/// Which conversations to list, the one with the latest message first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConversationsOf {
    /// Every one that is open: not over, and no callback that waits for its time.
    Open,
    /// Those an agent serves and that are not over.
    Agent(AgentId),
    /// All of one customer.
    Customer(CustomerId),
    /// Callbacks that wait for their time.
    Scheduled,
    /// All.
    Anyone,
}

/// Which customers to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomersBy {
    /// The last ones heard of, newest first.
    Recent,
    /// The one with exactly this identifier.
    Link(LinkKey),
}

/// Which decisions; every set field must fit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionFilter {
    /// The rule's id.
    pub rule: Option<String>,
    /// The outcome's name.
    pub outcome: Option<String>,
    /// A reason, by name, anywhere among the recorded ones.
    pub reason: Option<String>,
    /// About whom.
    pub customer: Option<CustomerId>,
}

/// A page of decisions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DecisionQuery {
    /// Which.
    pub filter: DecisionFilter,
    /// The last decision of the page before.
    pub cursor: Option<DecisionId>,
    /// At most this many, `1..=1000`.
    pub limit: u32,
}

/// The wire names of all reasons, in their order of protection.
pub const REASON_NAMES: [&str; 14] = [
    WithholdReason::NoConsent.name(),
    WithholdReason::OptedOut.name(),
    WithholdReason::IdentityTooWeak.name(),
    "authorization_denied",
    WithholdReason::QuietHours.name(),
    WithholdReason::FrequencyCap.name(),
    WithholdReason::CoolingDown.name(),
    WithholdReason::DeclinedRecently.name(),
    WithholdReason::LiveOffer.name(),
    WithholdReason::AlreadyInContact.name(),
    WithholdReason::Holdout.name(),
    WithholdReason::Paced.name(),
    WithholdReason::StaleSignals.name(),
    WithholdReason::ShadowMode.name(),
];
