//! Deciding: signals meet the policy's rules, and every reason against contact is kept.
//!
//! In order: [`Signals`] are read from the state, [`evaluate`] says which rules ask for
//! something, [`conclude`] weighs each against all [`WithholdReason`]s and books what was
//! used up, [`trace`] writes down what it was decided on. [`due`] tells when to look again.
//! [`explain`] tells how it stands without deciding anything.
//!
//! [`WithholdReason`]: crate::model::WithholdReason

pub mod condition;
mod evaluate;
mod explain;
mod guides;
mod pages;
mod permission;
pub mod policy;
pub mod quiet_hours;
mod reasons;
mod rollouts;
mod schema;
mod signals;
pub mod suppression;
mod trace;

pub use condition::{Condition, Join, Part};
pub use evaluate::{Conclusion, RuleHit, conclude, due, evaluate, put_away, re_arm};
pub use explain::{Because, Crossing, Explanation, Matches, Note, Reading, RuleMatches, explain};
pub use guides::{GUIDES_LIVE_MAX, GuideError, Guides, LiveGuide, audience};
pub use pages::{BadPattern, PATTERN_BYTES_MAX, PagePattern};
pub use permission::{allows, in_holdout, permits};
pub use policy::*;
pub use reasons::{Capability, withhold_reasons};
pub use rollouts::{RolloutError, Rollouts, ShadowWhy, in_share, shadow_why};
pub use schema::{SIGNAL_SCHEMA, SignalGroups, SignalId, SignalSpec, SignalType};
pub use signals::{SignalSource, SignalValue, Signals};
pub use trace::trace;
