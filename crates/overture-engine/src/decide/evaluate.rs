//! Which rules ask for something, and what comes of it.
//!
//! A rule asks once a crossing: from its condition becoming true (and having held for its
//! dwell) until it acts. It asks again only after the condition was false in between, or
//! in a new visit. While it is held back it is asked about at every later event, so that
//! it may act when the reasons end; what was recorded already is not recorded again.

use smallvec::SmallVec;

use super::{
    Action, Capability, Crossing, Rule, RuleSet, SignalGroups, Signals, reasons::withhold_reasons,
    shadow_why, suppression,
};
use crate::{
    model::{
        CustomerState, GuideFrequency, InteractionId, Millis, RuleKey, RuleStanding, Suppression,
        Timestamp, WithholdReason,
    },
    understand::need,
    world::World,
};

/// The reasons last seen, one bit each by [`WithholdReason::place`].
const LAST: u32 = (1 << 14) - 1;
/// The deciding reasons already recorded in the visit, one bit each, from this bit on.
const DECIDED_FROM: u32 = 14;
/// That a decision to act was already recorded in the visit.
const ACTED: u32 = 1 << 28;
/// That reasons were looked at in this crossing.
const SEEN: u32 = 1 << 29;
/// That this crossing began while the rule was only being watched.
const SHADOWED: u32 = 1 << 30;
/// That the customer put away what the rule showed in the visit.
const PUT_AWAY: u32 = 1 << 31;

/// A rule whose condition holds, has held for its dwell, and has not acted on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleHit {
    /// The rule's place in [`super::Policy::rules`].
    pub rule: usize,
    /// Since when its condition holds.
    pub since: Timestamp,
}

/// What comes of a [`RuleHit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conclusion {
    /// Act now; record the decision. The contact is already booked.
    Act,
    /// Leave the customer alone.
    Withhold {
        /// Why, the deciding reason first; never empty.
        reasons: Vec<WithholdReason>,
        /// Whether to record it with its trace; otherwise it is only counted.
        record: bool,
    },
    /// The same reasons as before in this crossing: nothing to record, nothing to count.
    Unchanged,
}

/// Looks at the rules that read `changed`, moves their standings, and returns those that
/// ask for something, the highest priority first.
///
/// `now` is server time. `event` is the name of the custom event being looked at: a rule
/// that reads it holds for that event alone.
pub fn evaluate(
    state: &mut CustomerState,
    world: &World,
    now: Timestamp,
    changed: SignalGroups,
    event: Option<&str>,
) -> SmallVec<[RuleHit; 2]> {
    let policy = &*world.policy;
    let session = state.session.as_ref().map(|session| session.session);
    let mut hits = SmallVec::new();
    let mut candidates = policy.rules_reading(changed);
    if !state.rules.is_empty() {
        add_waiting(state, world, session, &mut candidates);
    }
    if candidates.is_empty() {
        return hits;
    }
    let mut standings = std::mem::take(&mut state.rules);
    let signals = Signals::of(state, policy, now, event);
    for index in candidates.iter() {
        let rule = &policy.rules()[index];
        let holds = policy.holds(rule, &signals.for_rule(rule)) && is_here(state, rule);
        let known = standings.iter().position(|one| one.rule == rule.key);
        let place = match (known, holds) {
            (None, false) => continue,
            (None, true) => {
                standings.push(RuleStanding {
                    rule: rule.key,
                    met_since: None,
                    handled: false,
                    session,
                    recorded: 0,
                });
                standings.len() - 1
            }
            (Some(place), _) => place,
        };
        let standing = &mut standings[place];
        if standing.session != session {
            standing.session = session;
            standing.recorded = 0;
            standing.met_since = None;
            standing.handled = false;
        }
        if !holds || is_spent(rule, standing, &state.guides_seen) {
            fall(standing);
            continue;
        }
        if standing.met_since.is_none() {
            standing.met_since = Some(now);
            standing.handled = false;
            standing.recorded &= !(SEEN | SHADOWED);
            if shadow_why(state, world, rule, now).is_some() {
                standing.recorded |= SHADOWED;
            }
        }
        let since = standing.met_since.unwrap_or(now);
        if !standing.handled && now.since(since) >= rule.dwell {
            hits.push(RuleHit { rule: index, since });
        }
        if rule.is_momentary() {
            // It held for this event alone; whether it acts is concluded right after.
            standing.met_since = None;
        }
    }
    // What no longer holds is kept for the visit, so that it is not recorded twice; what
    // the policy no longer has is forgotten.
    standings.retain(|one| {
        let matters = one.met_since.is_some() || (one.recorded != 0 && one.session == session);
        matters && policy.rule_by_key(one.rule).is_some()
    });
    state.rules = standings;
    hits
}

/// Weighs a hit against every reason and books the outcome: the standing, and the contact
/// in the live suppression, or in the shadow one where shadow mode alone held it back.
pub fn conclude(
    state: &mut CustomerState,
    world: &World,
    hit: RuleHit,
    now: Timestamp,
    capability: Capability,
) -> Conclusion {
    let policy = &*world.policy;
    let rule = &policy.rules()[hit.rule];
    let reasons = withhold_reasons(state, world, rule, now, capability);
    let shadow = reasons.contains(&WithholdReason::ShadowMode);
    let mut standing = standing_of(state, rule);

    // Going live acts on new crossings only: one that began in shadow stays shadow.
    if !shadow && standing.recorded & SHADOWED != 0 {
        standing.handled = true;
        put_standing(state, standing);
        return Conclusion::Unchanged;
    }
    if reasons.is_empty() {
        standing.handled = true;
        standing.recorded |= ACTED | SEEN;
        put_standing(state, standing);
        book(&mut state.suppression, world, rule, now);
        return Conclusion::Act;
    }
    let only_shadow = reasons == [WithholdReason::ShadowMode];
    if only_shadow {
        standing.handled = true;
        book(&mut state.shadow_suppression, world, rule, now);
    }
    let set = reasons
        .iter()
        .fold(0, |set, reason| set | 1 << reason.place());
    let decided = 1 << (DECIDED_FROM + reasons[0].place());
    let first_look = standing.recorded & SEEN == 0;
    let changed = standing.recorded & LAST != set;
    let new_reason = standing.recorded & decided == 0;
    standing.recorded = standing.recorded & !LAST | set | decided | SEEN;
    put_standing(state, standing);
    if changed && new_reason {
        Conclusion::Withhold {
            reasons,
            record: true,
        }
    } else if first_look || changed {
        Conclusion::Withhold {
            reasons,
            record: false,
        }
    } else {
        Conclusion::Unchanged
    }
}

/// Lets the rule ask again although its condition went on holding, for example because
/// acting on it failed through no fault of the customer.
pub fn re_arm(state: &mut CustomerState, rule: &Rule) {
    if let Some(standing) = state.rules.iter_mut().find(|one| one.rule == rule.key) {
        standing.handled = false;
    }
}

/// When time alone may change a decision: a level's dwell or a rule's dwell ends.
pub fn due(state: &CustomerState, world: &World) -> Option<Timestamp> {
    let policy = &*world.policy;
    let rules = state
        .rules
        .iter()
        .filter(|standing| !standing.handled && standing.recorded & SEEN == 0)
        .filter_map(|standing| {
            let rule = policy.rule_by_key(standing.rule)?;
            Some(standing.met_since? + policy.rules()[rule].dwell)
        })
        .min();
    let level = need::due(&state.need, &policy.need);
    match (level, rules) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Notes that the customer put away what the rule showed: not again in this visit.
pub fn put_away(state: &mut CustomerState, rule: RuleKey) {
    if let Some(standing) = state.rules.iter_mut().find(|one| one.rule == rule) {
        standing.recorded |= PUT_AWAY;
    }
}

/// How far `rule` is in this crossing, and how long its condition must still go on holding.
pub(super) fn stage(
    state: &CustomerState,
    world: &World,
    rule: &Rule,
    now: Timestamp,
    holds: bool,
) -> (Crossing, Millis) {
    let session = state.session.as_ref().map(|session| session.session);
    let known = state.rules.iter().find(|one| one.rule == rule.key);
    let known = known.filter(|one| one.session == session);
    if known.is_some_and(|known| is_spent(rule, known, &state.guides_seen)) {
        return (Crossing::Spent, Millis(0));
    }
    if !holds {
        return (Crossing::NotMet, rule.dwell);
    }
    let crossing = known.filter(|one| one.met_since.is_some());
    let is_watched = crossing.is_some_and(|one| one.recorded & SHADOWED != 0);
    if crossing.is_some_and(|one| one.handled) {
        let stage = if is_watched {
            Crossing::Watched
        } else {
            Crossing::Done
        };
        return (stage, Millis(0));
    }
    let since = crossing.and_then(|one| one.met_since).unwrap_or(now);
    let left = Millis(rule.dwell.0.saturating_sub(now.since(since).0));
    let stage = if left.0 > 0 {
        Crossing::Dwelling
    } else if is_watched && shadow_why(state, world, rule, now).is_none() {
        Crossing::Watched
    } else {
        Crossing::Open
    };
    (stage, left)
}

/// Whether a rule that shows a guide is for this visit's pages; every other rule is.
pub(super) fn is_here(state: &CustomerState, rule: &Rule) -> bool {
    rule.guide.as_ref().is_none_or(|guide| guide.is_here(state))
}

/// Whether the customer was shown the rule's guide as often as it is to be shown.
fn is_spent(rule: &Rule, standing: &RuleStanding, seen: &[RuleKey]) -> bool {
    let Some(guide) = &rule.guide else {
        return false;
    };
    let spent = match guide.frequency {
        GuideFrequency::Ever => seen.contains(&rule.key),
        GuideFrequency::Visit => standing.recorded & ACTED != 0,
        GuideFrequency::Always => false,
    };
    spent || standing.recorded & PUT_AWAY != 0
}

/// Adds the rules that still wait to act, and all that stood in another visit.
fn add_waiting(
    state: &CustomerState,
    world: &World,
    session: Option<InteractionId>,
    candidates: &mut RuleSet,
) {
    for standing in &state.rules {
        let waits = standing.met_since.is_some() && !standing.handled;
        if (waits || standing.session != session)
            && let Some(rule) = world.policy.rule_by_key(standing.rule)
        {
            candidates.insert(rule);
        }
    }
}

fn fall(standing: &mut RuleStanding) {
    standing.met_since = None;
    standing.handled = false;
    standing.recorded &= !(SEEN | SHADOWED);
}

fn standing_of(state: &CustomerState, rule: &Rule) -> RuleStanding {
    let known = state.rules.iter().find(|one| one.rule == rule.key);
    known.copied().unwrap_or(RuleStanding {
        rule: rule.key,
        met_since: None,
        handled: false,
        session: state.session.as_ref().map(|session| session.session),
        recorded: 0,
    })
}

fn put_standing(state: &mut CustomerState, standing: RuleStanding) {
    match state.rules.iter_mut().find(|one| one.rule == standing.rule) {
        Some(place) => *place = standing,
        None => state.rules.push(standing),
    }
}

fn book(suppression: &mut Suppression, world: &World, rule: &Rule, now: Timestamp) {
    if matches!(rule.action, Action::Prompt | Action::Offer) {
        suppression::contacted(suppression, &world.policy, rule, now);
    }
}
