//! What HTTP asks of the running engine, and nothing else of it.
//!
//! The binary implements [`Core`]; tests implement it in memory. Everything that changes
//! something goes through [`Core::submit`] and is durable when that resolves; everything
//! that people look at is read from the store after a [`Hint`].

use std::sync::Arc;

use futures_util::future::BoxFuture;
use overture_engine::model::{
    CustomerId, CustomerState, EngagementScore, GuideTarget, Ingress, Millis, Mode, PacingOutlook,
    Reply, RolloutPlan, Timestamp, WorldFacts,
};
use overture_engine::{
    decide::{Explanation, Matches, Policy},
    route::slots::CallbackOutlook,
    understand::DomainLexicon,
};
use tokio::sync::broadcast;

/// The running engine, as HTTP sees it.
pub trait Core: Send + Sync + 'static {
    /// Hands inputs in. Resolves after the commit that made them durable, with one reply an
    /// input, in order. Dropping the future does not take the inputs back.
    fn submit(&self, inputs: Vec<Ingress>) -> BoxFuture<'static, Result<Vec<Reply>, Unavailable>>;

    /// What changed, after each commit. Lossy: a receiver that lags reads everything anew.
    fn hints(&self) -> broadcast::Receiver<Hint>;

    /// Tells those who watch the desk that its alert lane changed.
    fn desk_changed(&self) {}

    /// One customer as they stand now, from memory or from their row; follows merges.
    /// `None` when there is no such customer.
    fn peek(&self, customer: CustomerId) -> BoxFuture<'static, Option<CustomerView>>;

    /// How each rule in force stands with one customer now, the highest priority first; follows
    /// merges. `None` when there is no such customer.
    fn explain(&self, customer: CustomerId) -> BoxFuture<'static, Option<Explained>>;

    /// How many of the customers in memory who were active within `within` meet each rule of
    /// `policy` now. Looks at no more than [`MATCHES_LOOKED_AT_MAX`], few at a time, so that
    /// nothing else waits.
    fn matches(&self, policy: Arc<Policy>, within: Millis) -> BoxFuture<'static, Option<Matched>>;

    /// How callbacks stand for one customer now: who is there, and what is free ahead.
    /// `None` when there is no such customer.
    fn callback_outlook(&self, customer: CustomerId)
    -> BoxFuture<'static, Option<CallbackOutlook>>;

    /// How offers with a chat stand now, for everybody who chats. `None` while the engine stops.
    fn pacing_outlook(&self) -> BoxFuture<'static, Option<PacingOutlook>>;

    /// The world as last committed.
    fn world(&self) -> WorldFacts;

    /// Changes the world for both state machines; resolves after the commit. The change is
    /// stored by the caller first where it has a row of its own (a policy, articles).
    fn change_world(
        &self,
        change: WorldChange,
    ) -> BoxFuture<'static, Result<WorldFacts, Unavailable>>;

    /// Whether inputs are taken.
    fn ready(&self) -> Readiness;

    /// Numbers for the status page.
    fn stats(&self) -> CoreStats;

    /// Removes every fact that the demo made and starts anew, keeping accounts, sources and
    /// policy. Called only where the configuration says demo.
    fn wipe_demo(&self) -> BoxFuture<'static, Result<(), Unavailable>>;
}

/// One change of the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorldChange {
    /// Whether decisions reach customers. To shadow also withdraws open offers.
    Mode(Mode),
    /// A policy, already parsed without errors and stored under this revision.
    Policy {
        /// Its revision.
        revision: u32,
        /// Its text.
        toml: String,
    },
    /// Whether there are articles to offer.
    Faqs(bool),
    /// The live guides, each checked and all stored under this revision.
    Guides {
        /// Their revision.
        revision: u32,
        /// Who sees which.
        targets: Vec<GuideTarget>,
    },
    /// What phrases read as, stored under its revision. An older one than is in force changes nothing.
    Lexicon(Arc<DomainLexicon>),
    /// The plan for going live, checked and stored under its revision. An older one than is in force changes nothing. Open offers
    /// of rules that now reach nobody are withdrawn.
    Rollouts {
        /// Its revision.
        revision: u32,
        /// The plan.
        plan: RolloutPlan,
    },
}

/// Inputs cannot be taken, or their commit failed: answer 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not available: {reason}")]
pub struct Unavailable {
    /// When to try again, seconds.
    pub retry_after_s: u32,
    /// Why: `starting`, `overloaded`, `disk_full`, `commit_failed`, `stopping`.
    pub reason: &'static str,
}

/// Something changed and can now be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// A customer's timeline goes up to this number now.
    Customer(CustomerId, u64),
    /// Requests, reservations, conversations or presences changed; the number counts up.
    Desk(u64),
    /// The world has this version now.
    World(u64),
}

/// A customer in memory, with the score as of now.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerView {
    /// The state.
    pub state: CustomerState,
    /// The engagement score with its contributions.
    pub score: EngagementScore,
    /// The policy's thresholds for medium and high.
    pub thresholds: (f64, f64),
}

/// The most customers that a draft's rules are tried on.
pub const MATCHES_LOOKED_AT_MAX: usize = 20_000;

/// How the rules stand with one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The customer, after merges.
    pub customer: CustomerId,
    /// As of when (server time).
    pub at: Timestamp,
    /// The policy's revision.
    pub policy_revision: u32,
    /// Each rule.
    pub rules: Vec<Explanation>,
}

/// How many customers meet the rules of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// As of when (server time).
    pub at: Timestamp,
    /// The counts.
    pub matches: Matches,
    /// Whether there were more customers in memory than were looked at.
    pub is_sample: bool,
}

/// Whether inputs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The log is being replayed.
    Starting {
        /// Inputs replayed so far.
        replayed: u64,
        /// Inputs to replay.
        total: u64,
    },
    /// Yes.
    Ready,
    /// No, for this reason, for example `disk_full`.
    Refusing(&'static str),
}

/// Numbers for the status page.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CoreStats {
    /// Seconds since the start.
    pub uptime_s: u64,
    /// Log inputs ever.
    pub events_total: u64,
    /// Inputs a second, over the last 10 s.
    pub events_per_s: f64,
    /// 99th percentile of the commit time over the last minute, milliseconds.
    pub commit_p99_ms: f64,
    /// Customers ever.
    pub customers: u64,
    /// Inputs that were skipped because they made a step panic.
    pub skipped: u64,
    /// Bytes of the data directory.
    pub disk_used_bytes: u64,
    /// Bytes free on its disk.
    pub disk_free_bytes: u64,
}
