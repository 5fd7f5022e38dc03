//! What becomes of guides: steps reached, followed to the end, put away, or nowhere to show.
//!
//! A guide is shown by an offer like every unasked contact; these are the facts after that.

use crate::{
    contact::offers,
    customer::Step,
    decide::{self, suppression},
    model::*,
};

/// Guides that are remembered as shown once and never again; the oldest go first.
pub(crate) const GUIDES_SEEN_MAX: usize = 64;

/// The counter of each step.
const STEPS: [&str; GUIDE_STEPS_MAX] = [
    "step_1", "step_2", "step_3", "step_4", "step_5", "step_6", "step_7", "step_8", "step_9",
    "step_10", "step_11", "step_12",
];

/// Something became of a guide in a page. What comes for an offer that is over changes
/// nothing.
pub(crate) fn fact(
    step: &mut Step<'_>,
    guide: GuideId,
    offer: Option<OfferId>,
    at_step: u8,
    fact: GuideFactKind,
) -> Reply {
    let is_live = step.state.offer.as_ref().is_some_and(|live| {
        Some(live.offer) == offer
            && live.rule == guide.rule_key()
            && matches!(live.stage, OfferStage::Reserved | OfferStage::Shown)
    });
    if offer.is_some() && !is_live {
        return Reply::Gone;
    }
    let what = match fact {
        GuideFactKind::Step => STEPS[usize::from(at_step).min(GUIDE_STEPS_MAX - 1)],
        other => other.name(),
    };
    step.effect(Effect::Count {
        rule: guide.rule(),
        what,
    });
    step.state.last_seen_at = step.at;
    step.timeline(
        Audience::Staff,
        TimelineBody::Guide {
            guide,
            step: at_step,
            fact,
        },
    );
    if is_live {
        conclude(step, guide, at_step, fact);
    }
    Reply::Done
}

/// What the fact means for the offer that shows the guide. Without its first element a guide
/// is not begun; later on, its words still help without their place.
fn conclude(step: &mut Step<'_>, guide: GuideId, at_step: u8, fact: GuideFactKind) {
    match fact {
        GuideFactKind::Step => {}
        GuideFactKind::AnchorMissing if at_step > 0 => {}
        GuideFactKind::Completed => offers::end(step, OfferStage::Completed),
        GuideFactKind::Closed => {
            decide::put_away(step.state, guide.rule_key());
            offers::end(step, OfferStage::Dismissed);
        }
        GuideFactKind::AnchorMissing => {
            decide::put_away(step.state, guide.rule_key());
            let unseen = step
                .state
                .offer
                .as_ref()
                .is_some_and(|live| live.stage == OfferStage::Reserved);
            if unseen {
                let caps = &step.world.policy.caps;
                suppression::unseen(&mut step.state.suppression, caps, step.at);
            }
            offers::end(step, OfferStage::Withdrawn);
        }
    }
}

/// The guide of an offer was really seen.
pub(crate) fn shown(step: &mut Step<'_>, rule: RuleKey) {
    let policy = &step.world.policy;
    let Some(rule) = policy.rule_by_key(rule).map(|place| &policy.rules()[place]) else {
        return;
    };
    let Some(guide) = &rule.guide else {
        return;
    };
    step.effect(Effect::Count {
        rule: rule.id.clone(),
        what: "shown",
    });
    if guide.frequency == GuideFrequency::Ever {
        remember(&mut step.state.guides_seen, rule.key);
    }
}

/// Remembers a guide that is not to be shown again.
pub(crate) fn remember(seen: &mut smallvec::SmallVec<[RuleKey; 1]>, rule: RuleKey) {
    if seen.contains(&rule) {
        return;
    }
    if seen.len() == GUIDES_SEEN_MAX {
        seen.remove(0);
    }
    seen.push(rule);
}

/// Takes a guide back whose page was left, or that is no longer live.
pub(crate) fn leave_page(step: &mut Step<'_>) {
    let Some(live) = &step.state.offer else {
        return;
    };
    if live.style != OfferStyle::Guide {
        return;
    }
    let policy = &step.world.policy;
    let guide = policy
        .rule_by_key(live.rule)
        .and_then(|place| policy.rules()[place].guide.as_ref());
    if !guide.is_some_and(|guide| guide.is_here(step.state)) {
        offers::end(step, OfferStage::Withdrawn);
    }
}
