//! Every reason against acting on a rule, the most protective of the customer first.

use super::{
    Action, Policy, Rule, in_holdout, permits, quiet_hours, shadow_why,
    suppression::{self},
};
use crate::{
    model::{
        AuthorizationDenial, ChannelKind, CustomerState, GuideKind, OfferOptionKind, OfferStyle,
        Purpose, Suppression, Timestamp, WithholdReason,
    },
    world::World,
};

/// Which options of an offer could be honoured now.
///
/// Whether a seat is free is asked of routing only after the decision; until the answer,
/// chat and callback count as possible where anybody could serve them at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability {
    /// An agent could chat, now or soon.
    pub chat: bool,
    /// An agent could call.
    pub callback: bool,
    /// There are articles.
    pub faq: bool,
    /// The page can be paused, or there are steps to show on it.
    pub smart_pause: bool,
}

impl Capability {
    /// What `world` and the visit allow before routing was asked. Nothing at all without a
    /// widget in the visit: there would be nowhere to show it.
    pub fn of(state: &CustomerState, world: &World) -> Self {
        let widget = has_widget(state);
        Self {
            chat: widget,
            callback: widget,
            faq: widget && world.facts.faqs,
            smart_pause: widget && (state.page_is_pausable() || has_steps(state, world)),
        }
    }

    /// Everything can be honoured.
    pub const EVERYTHING: Self = Self {
        chat: true,
        callback: true,
        faq: true,
        smart_pause: true,
    };

    /// Whether `option` could be honoured.
    pub const fn allows(self, option: OfferOptionKind) -> bool {
        match option {
            OfferOptionKind::Chat => self.chat,
            OfferOptionKind::Callback => self.callback,
            OfferOptionKind::Faq => self.faq,
            OfferOptionKind::SmartPause => self.smart_pause,
        }
    }
}

/// Whether a guide of several steps is live for the page now open.
fn has_steps(state: &CustomerState, world: &World) -> bool {
    let mut guides = world.guides().iter();
    guides.any(|guide| guide.kind == GuideKind::Steps && guide.is_here(state))
}

/// All reasons against acting on `rule` at `now`, in the order of [`WithholdReason`];
/// empty when it may act.
///
/// A prompt or an offer reaches the customer and is held to every reason. An alert to
/// staff or an escalation reaches only staff: it needs a fitting identity, fresh signals
/// and live mode, and neither grant nor permission to contact.
pub fn withhold_reasons(
    state: &CustomerState,
    world: &World,
    rule: &Rule,
    now: Timestamp,
    capability: Capability,
) -> Vec<WithholdReason> {
    let policy = &*world.policy;
    let mut reasons = Vec::new();
    let mut add = |applies: bool, reason: WithholdReason| {
        if applies {
            reasons.push(reason);
        }
    };
    let level = crate::understand::level_of(state);
    let too_weak = level < rule.min_identity;
    let stale = now.since(last_heard(state)) > policy.stale_after;
    let shadow = shadow_why(state, world, rule, now).is_some();

    if !rule.action.reaches_customer() {
        add(too_weak, WithholdReason::IdentityTooWeak);
        add(stale, WithholdReason::StaleSignals);
        add(shadow, WithholdReason::ShadowMode);
        return reasons;
    }

    let holds = [
        Some(&state.suppression),
        shadow.then_some(&state.shadow_suppression),
    ];
    let any_hold =
        |test: &dyn Fn(&Suppression) -> bool| holds.iter().flatten().any(|one| test(one));

    add(
        !permits(state, policy, Purpose::Contact),
        WithholdReason::NoConsent,
    );
    add(state.permission.opted_out, WithholdReason::OptedOut);
    add(too_weak, WithholdReason::IdentityTooWeak);
    if let Some(denial) = authorization_denial(state, rule, now) {
        add(true, WithholdReason::AuthorizationDenied(denial));
    }
    add(is_quiet(state, policy, now), WithholdReason::QuietHours);
    add(
        any_hold(&|hold| !suppression::cap_allows(hold, &policy.caps, now)),
        WithholdReason::FrequencyCap,
    );
    add(
        any_hold(&|hold| now < hold.cooling_until && !hold.waived),
        WithholdReason::CoolingDown,
    );
    add(
        any_hold(&|hold| now < hold.declined_until),
        WithholdReason::DeclinedRecently,
    );
    add(has_live_offer(state, rule), WithholdReason::LiveOffer);
    add(
        state.conversation.is_some() || state.is_paused(now) || !state.calls.is_empty(),
        WithholdReason::AlreadyInContact,
    );
    add(
        in_holdout(state.customer, policy.holdout_percent),
        WithholdReason::Holdout,
    );
    let honourable = match rule.guide {
        Some(_) => has_widget(state),
        None => rule.options.iter().any(|option| capability.allows(*option)),
    };
    add(!honourable, WithholdReason::Paced);
    add(stale, WithholdReason::StaleSignals);
    add(shadow, WithholdReason::ShadowMode);
    reasons
}

/// Whether there is a widget in the visit: without one there is nowhere to show anything.
fn has_widget(state: &CustomerState) -> bool {
    state
        .session
        .as_ref()
        .is_some_and(|session| session.device.is_some())
}

fn last_heard(state: &CustomerState) -> Timestamp {
    let seen = state
        .session
        .as_ref()
        .map_or(state.last_seen_at, |session| session.last_at);
    state.tone.as_ref().map_or(seen, |tone| seen.max(tone.at))
}

fn is_quiet(state: &CustomerState, policy: &Policy, now: Timestamp) -> bool {
    policy.quiet_hours.as_ref().is_some_and(|hours| {
        quiet_hours::is_quiet(hours, state.permission.time_zone.as_deref(), now)
    })
}

/// A banner takes the place of an open prompt or guide; nothing else shares the customer.
fn has_live_offer(state: &CustomerState, rule: &Rule) -> bool {
    state.offer.as_ref().is_some_and(|offer| {
        let gives_way = matches!(offer.style, OfferStyle::Prompt | OfferStyle::Guide);
        !(gives_way && rule.action == Action::Offer)
    })
}

/// Why no grant lets the customer reach an agent through `rule`, where it needs one and
/// does not issue it itself.
fn authorization_denial(
    state: &CustomerState,
    rule: &Rule,
    now: Timestamp,
) -> Option<AuthorizationDenial> {
    if !rule.require_grant {
        return None;
    }
    let channels: Vec<ChannelKind> = rule.channels().collect();
    let mut closest = AuthorizationDenial::NoGrant;
    for grant in &state.grants {
        let covers = channels.iter().any(|channel| grant.covers(*channel));
        match Option::<AuthorizationDenial>::from(grant.standing(now)) {
            None if covers => return None,
            None => closest = AuthorizationDenial::WrongChannel,
            Some(denial) if closest == AuthorizationDenial::NoGrant => closest = denial,
            Some(_) => {}
        }
    }
    Some(closest)
}
