//! The level of need: low, medium, high, with hysteresis and dwell.

use crate::{
    decide::NeedSettings,
    model::{Millis, NeedLevel, NeedState, Timestamp},
};

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LevelChange {
    /// The level before.
    pub from: NeedLevel,
    /// The level from now on.
    pub to: NeedLevel,
}

/// Takes a new score in and moves the level if the score has asked for it long enough.
///
/// A level is entered only by a score strictly above its `enter` threshold, and left only
/// by one that is not above its `leave` threshold. With a dwell, the step nearest to the
/// level now held is waited for first; a level further on begins its own dwell then.
pub fn update(
    need: &mut NeedState,
    score: f64,
    now: Timestamp,
    settings: &NeedSettings,
) -> Option<LevelChange> {
    need.score = score;
    need.computed_at = now;
    let wanted = wanted(need.level, score, settings);
    if wanted == need.level {
        need.pending = None;
        return None;
    }
    let rises = wanted > need.level;
    let (target, since) = match need.pending {
        Some((pending, since)) if (pending > need.level) == rises => {
            let nearest = if rises {
                pending.min(wanted)
            } else {
                pending.max(wanted)
            };
            (nearest, since)
        }
        _ => (wanted, now),
    };
    if now.since(since) < dwell(need.level, target, settings) {
        need.pending = Some((target, since));
        return None;
    }
    let change = LevelChange {
        from: need.level,
        to: target,
    };
    need.level = target;
    need.level_since = now;
    need.pending = (wanted != target).then_some((wanted, now));
    Some(change)
}

/// When a pending level will have been asked for long enough, if one is pending.
pub fn due(need: &NeedState, settings: &NeedSettings) -> Option<Timestamp> {
    let (target, since) = need.pending?;
    Some(since + dwell(need.level, target, settings))
}

fn dwell(from: NeedLevel, to: NeedLevel, settings: &NeedSettings) -> Millis {
    if to > from {
        settings.dwell_up
    } else {
        settings.dwell_down
    }
}

/// The level that `score` asks for while `level` is held.
fn wanted(level: NeedLevel, score: f64, settings: &NeedSettings) -> NeedLevel {
    let above = |held: bool, enter: f64, leave: f64| score > if held { leave } else { enter };
    let high = &settings.high;
    let medium = &settings.medium;
    if above(level == NeedLevel::High, high.enter, high.leave) {
        NeedLevel::High
    } else if above(level != NeedLevel::Low, medium.enter, medium.leave) {
        NeedLevel::Medium
    } else {
        NeedLevel::Low
    }
}
