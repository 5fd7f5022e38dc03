//! Decisions, the reasons against them, and their traces.

use super::{
    Contribution, CustomerId, DecisionId, GrantId, GrantStanding, InteractionId, OfferId, Timestamp,
};

/// What was decided about a customer by a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Show a contextual prompt.
    Prompt(OfferId),
    /// Offer help.
    Offer(OfferId),
    /// Tell staff or a connected system.
    Notify,
    /// Hand to senior staff.
    Escalate,
    /// Let the customer reach an agent: this grant allows it.
    Grant(GrantId),
    /// Let the customer reach an agent more often: this grant allows it.
    Boost(GrantId),
    /// Leave the customer alone, for these reasons; the deciding one first, never empty.
    Withhold(Vec<WithholdReason>),
}

impl Outcome {
    /// The names of all outcomes but to leave the customer alone: by these a rule acted.
    pub const ACTS: [&'static str; 6] = ["prompt", "offer", "notify", "escalate", "grant", "boost"];

    /// `prompt`, `offer`, `notify`, `escalate`, `grant`, `boost` or `withhold`.
    pub const fn name(&self) -> &'static str {
        match self {
            Outcome::Prompt(_) => "prompt",
            Outcome::Offer(_) => "offer",
            Outcome::Notify => "notify",
            Outcome::Escalate => "escalate",
            Outcome::Grant(_) => "grant",
            Outcome::Boost(_) => "boost",
            Outcome::Withhold(_) => "withhold",
        }
    }
}

/// Why a customer who met a rule was not contacted, the most protective first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WithholdReason {
    /// No lawful basis for contact.
    NoConsent,
    /// The customer said "Don't offer again" or opted out.
    OptedOut,
    /// The rule needs a better proven identity than the session has.
    IdentityTooWeak,
    /// Reaching an agent needs a grant, and none is usable.
    AuthorizationDenied(AuthorizationDenial),
    /// The customer's night.
    QuietHours,
    /// Too many contacts lately.
    FrequencyCap,
    /// Too soon after the last one.
    CoolingDown,
    /// The customer said "Not now" or let an offer pass.
    DeclinedRecently,
    /// An offer is already open.
    LiveOffer,
    /// A conversation is already open.
    AlreadyInContact,
    /// The customer is in the comparison group.
    Holdout,
    /// No capacity: nothing in the offer could be honoured.
    Paced,
    /// The signals are too old to act on.
    StaleSignals,
    /// The policy or the rule is only being watched.
    ShadowMode,
}

impl WithholdReason {
    /// The reason's place in the order, `0..14`.
    pub const fn place(self) -> u32 {
        match self {
            WithholdReason::NoConsent => 0,
            WithholdReason::OptedOut => 1,
            WithholdReason::IdentityTooWeak => 2,
            WithholdReason::AuthorizationDenied(_) => 3,
            WithholdReason::QuietHours => 4,
            WithholdReason::FrequencyCap => 5,
            WithholdReason::CoolingDown => 6,
            WithholdReason::DeclinedRecently => 7,
            WithholdReason::LiveOffer => 8,
            WithholdReason::AlreadyInContact => 9,
            WithholdReason::Holdout => 10,
            WithholdReason::Paced => 11,
            WithholdReason::StaleSignals => 12,
            WithholdReason::ShadowMode => 13,
        }
    }

    /// The reason's wire name, for example `frequency_cap`.
    pub const fn name(self) -> &'static str {
        [
            "no_consent",
            "opted_out",
            "identity_too_weak",
            "authorization_denied",
            "quiet_hours",
            "frequency_cap",
            "cooling_down",
            "declined_recently",
            "live_offer",
            "already_in_contact",
            "holdout",
            "paced",
            "stale_signals",
            "shadow_mode",
        ][self.place() as usize]
    }
}

/// Why no grant could be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AuthorizationDenial {
    /// There is none, and the rule issues none.
    NoGrant,
    /// All contacts of it are made or under way.
    Exhausted,
    /// It is too old.
    Expired,
    /// Staff ended it.
    Revoked,
    /// It does not cover the channel.
    WrongChannel,
    /// The token is of an older generation.
    OldToken,
}

impl AuthorizationDenial {
    /// The denial's wire name, for example `no_grant`.
    pub const fn name(self) -> &'static str {
        match self {
            AuthorizationDenial::NoGrant => "no_grant",
            AuthorizationDenial::Exhausted => "exhausted",
            AuthorizationDenial::Expired => "expired",
            AuthorizationDenial::Revoked => "revoked",
            AuthorizationDenial::WrongChannel => "wrong_channel",
            AuthorizationDenial::OldToken => "old_token",
        }
    }
}

impl From<GrantStanding> for Option<AuthorizationDenial> {
    fn from(standing: GrantStanding) -> Self {
        match standing {
            GrantStanding::Active => None,
            GrantStanding::Exhausted => Some(AuthorizationDenial::Exhausted),
            GrantStanding::Expired => Some(AuthorizationDenial::Expired),
            GrantStanding::Revoked => Some(AuthorizationDenial::Revoked),
        }
    }
}

/// A decision as it is recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionRecord {
    /// Its id.
    pub decision: DecisionId,
    /// About whom.
    pub customer: CustomerId,
    /// In which visit.
    pub session: Option<InteractionId>,
    /// When (server time).
    pub at: Timestamp,
    /// The rule's id.
    pub rule: String,
    /// What was decided.
    pub outcome: Outcome,
    /// All that it was decided on.
    pub trace: Trace,
}

/// All that a decision was made on, enough to explain and to repeat it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Signal values by name, as the rule saw them; and, where it only watched, why: `shadow.why`.
    pub signals: Vec<(String, String)>,
    /// The rule's condition, as written.
    pub condition: String,
    /// Each part of the condition with its value.
    pub parts: Vec<(String, bool)>,
    /// The engagement score.
    pub score: f64,
    /// What made the score, largest first.
    pub contributions: Vec<Contribution>,
    /// The policy's revision.
    pub policy_revision: u32,
    /// The engagement model.
    pub model: String,
    /// The engine's version.
    pub engine: String,
}
