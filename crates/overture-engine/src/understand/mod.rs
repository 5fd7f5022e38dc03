//! Understanding: what a customer did becomes features, features become need.
//!
//! [`observe`] is what a step calls for behaviour, [`refresh`] what it calls when time
//! alone has passed. Both say which signals changed, so that only the rules that read
//! them are looked at again.

pub mod engagement;
pub mod entities;
pub mod features;
pub mod fusion;
pub mod issue;
pub mod lexicon;
pub mod need;
pub mod redact;
pub mod redaction;
pub mod text;
pub mod transcribe;
pub mod voice;

use smallvec::SmallVec;

pub use engagement::{EngagementInputs, EngagementModel, FACTORS, Factor};
pub use features::{Observed, Struggle};
pub use issue::IssueClassifier;
pub use lexicon::DomainLexicon;
pub use need::LevelChange;
pub use text::TextModel;

use crate::{
    decide::SignalGroups,
    model::{Behaviour, CustomerState, IdentityLevel, Timestamp},
    world::World,
};

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Understood {
    /// The struggles that this event showed.
    pub struggles: SmallVec<[Struggle; 1]>,
    /// A change of the level of need.
    pub level: Option<LevelChange>,
    /// The signals that may have changed.
    pub changed: SignalGroups,
}

/// Takes one behaviour into the features, scores the need again and moves its level.
///
/// `occurred_at` is event time and only weighs the counters; `now` is server time. The
/// caller has checked that watching behaviour is permitted
/// ([`crate::decide::permits`]) and has already moved the session's own fields.
pub fn observe(
    state: &mut CustomerState,
    behaviour: &Behaviour,
    occurred_at: Timestamp,
    now: Timestamp,
    world: &World,
) -> Understood {
    let observed = features::observe(
        &mut state.features,
        behaviour,
        occurred_at,
        &world.policy.frustration,
    );
    let mut understood = refresh(state, now, world);
    understood.struggles = observed.struggles;
    understood.changed |= observed.changed;
    understood
}

/// Scores the need again as of `now` and moves its level, with nothing new done.
pub fn refresh(state: &mut CustomerState, now: Timestamp, world: &World) -> Understood {
    let inputs = EngagementInputs::of(state, now, level_of(state));
    let score = world.engagement.probability(&inputs);
    let level = need::update(&mut state.need, score, now, &world.policy.need);
    let mut changed = SignalGroups::SCORE;
    if level.is_some() {
        changed |= SignalGroups::LEVEL;
    }
    Understood {
        struggles: SmallVec::new(),
        level,
        changed,
    }
}

/// How far the person is proven in the visit under way; without one, only a browser is.
pub fn level_of(state: &CustomerState) -> IdentityLevel {
    state
        .session
        .as_ref()
        .map_or(IdentityLevel::Anonymous, |session| session.level)
}
