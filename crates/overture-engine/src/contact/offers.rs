//! Offers: from a rule's hit to something the customer sees, and what they make of it.
//!
//! `eligible` (routing is asked for a seat) `-> reserved -> shown -> accepted | dismissed |
//! ignored | withdrawn | expired`. One live offer a customer. Seats gate the chat option,
//! not the offer.

use smallvec::SmallVec;

use crate::{
    World,
    contact::{
        conversation::{self, Opening},
        grants, guides, why,
    },
    customer::Step,
    decide::{self, Action, Capability, Conclusion, Policy, Rule, RuleHit, suppression},
    model::*,
    understand::{EngagementInputs, level_of},
};

/// How much longer than the offer its seat is held, so that an answer in the last moment
/// still finds it.
const SEAT_GRACE: Millis = Millis::from_secs(5);

/// Acts on a rule's hit, or records every reason against it.
pub(crate) fn act(step: &mut Step<'_>, hit: RuleHit, event: Option<&str>) {
    let world = step.world;
    let rule = &world.policy.rules()[hit.rule];
    let capability = Capability::of(step.state, world);
    match decide::conclude(step.state, world, hit, step.at, capability) {
        Conclusion::Unchanged => {}
        Conclusion::Withhold {
            reasons,
            record: true,
        } => {
            record(step, rule, None, Outcome::Withhold(reasons), event);
        }
        Conclusion::Withhold {
            reasons,
            record: false,
        } => {
            for reason in reasons {
                step.effect(Effect::Count {
                    rule: rule.id.clone(),
                    what: reason.name(),
                });
            }
        }
        Conclusion::Act => match (rule.action, rule.style()) {
            (Action::Escalate, _) => alert(step, rule, Outcome::Escalate, event),
            (Action::Grant | Action::Boost, _) => authorize(step, rule, event),
            (_, Some(style)) => make(step, rule, style),
            (_, None) => alert(step, rule, Outcome::Notify, event),
        },
    }
}

/// Begins an offer; one that is open gives way to it.
fn make(step: &mut Step<'_>, rule: &Rule, style: OfferStyle) {
    withdraw(step);
    let capability = Capability::of(step.state, step.world);
    let ordinal = step.ordinal();
    let offer = OfferId::derive(step.at, step.seq, ordinal);
    let decision = DecisionId::derive(step.at, step.seq, ordinal);
    let options: SmallVec<[OfferOptionKind; 4]> = rule
        .options
        .iter()
        .copied()
        .filter(|option| capability.allows(*option))
        .collect();
    let wants_seat = options.contains(&OfferOptionKind::Chat);
    let expires_at = step.at + rule.expires;
    step.state.offer = Some(OfferState {
        offer,
        decision,
        rule: rule.key,
        style,
        stage: OfferStage::Eligible,
        options,
        seat: false,
        grant: None,
        device: step.browser,
        made_at: step.at,
        expires_at,
    });
    if wants_seat {
        let needs = needs(step, ChannelKind::Chat);
        let until = expires_at + SEAT_GRACE;
        step.out.to_route.push(CustomerToRoute::HoldSeat {
            offer,
            style,
            needs,
            until,
        });
    } else {
        present(step, None);
    }
}

/// Routing holds a seat: the offer may carry the chat option.
pub(crate) fn seat_held(step: &mut Step<'_>, offer: OfferId) {
    match &mut step.state.offer {
        Some(live) if live.offer == offer && live.stage == OfferStage::Eligible => {
            live.seat = true;
            present(step, None);
        }
        _ => step
            .out
            .to_route
            .push(CustomerToRoute::ReleaseSeat { offer }),
    }
}

/// Routing has no seat: the offer keeps what needs none now, with the honest wait.
pub(crate) fn seat_denied(step: &mut Step<'_>, offer: OfferId, wait_s: Option<u32>) {
    match &mut step.state.offer {
        Some(live) if live.offer == offer && live.stage == OfferStage::Eligible => {
            live.options
                .retain(|option| *option != OfferOptionKind::Chat);
            present(step, wait_s);
        }
        _ => {}
    }
}

/// The held seat is gone: the chat option goes with it.
pub(crate) fn seat_lost(step: &mut Step<'_>, offer: OfferId) {
    let Some(live) = step.state.offer.as_mut().filter(|live| live.offer == offer) else {
        return;
    };
    live.seat = false;
    live.options
        .retain(|option| *option != OfferOptionKind::Chat);
    if live.options.is_empty() {
        end(step, OfferStage::Withdrawn);
    } else {
        announce(step, None);
    }
}

/// The customer is gone: the seat of their offer is given back, and the chat option goes with
/// it. Whether there was one.
pub(crate) fn left(step: &mut Step<'_>) -> bool {
    let live = step.state.offer.as_ref().filter(|live| live.seat);
    let Some(offer) = live.map(|live| live.offer) else {
        return false;
    };
    seat_lost(step, offer);
    step.out
        .to_route
        .push(CustomerToRoute::ReleaseSeat { offer });
    true
}

/// Pushes the offer to the customer, or gives it up when nothing in it can be honoured.
fn present(step: &mut Step<'_>, wait_s: Option<u32>) {
    let live = step
        .state
        .offer
        .as_ref()
        .expect("the caller found the live offer");
    let (offer, decision, style) = (live.offer, live.decision, live.style);
    let Some(rule) = rule_of(step, live.rule) else {
        end(step, OfferStage::Withdrawn);
        return;
    };
    if live.options.is_empty() && style != OfferStyle::Guide {
        step.state.offer = None;
        suppression::not_reached(
            &mut step.state.suppression,
            &step.world.policy.caps,
            step.at,
        );
        record(
            step,
            rule,
            Some(decision),
            Outcome::Withhold(vec![WithholdReason::Paced]),
            None,
        );
        return;
    }
    let channel = live.options.iter().find_map(|option| channel_of(*option));
    let grant = channel.and_then(|channel| grant_for(step, rule, channel));
    let live = step.state.offer.as_mut().expect("found above");
    live.stage = OfferStage::Reserved;
    live.grant = grant;
    let outcome = match style {
        OfferStyle::Prompt | OfferStyle::Guide => Outcome::Prompt(offer),
        OfferStyle::Banner => Outcome::Offer(offer),
    };
    record(step, rule, Some(decision), outcome, None);
    announce(step, wait_s);
}

/// The grant that reaching an agent redeems: a usable one, else the rule's own.
fn grant_for(step: &mut Step<'_>, rule: &Rule, channel: ChannelKind) -> Option<GrantId> {
    if let Some(grant) = grants::usable(step.state, channel, step.at) {
        return Some(grant.grant);
    }
    let terms = rule.grant.as_ref()?;
    Some(grants::issue(step, terms))
}

const fn channel_of(option: OfferOptionKind) -> Option<ChannelKind> {
    match option {
        OfferOptionKind::Chat => Some(ChannelKind::Chat),
        OfferOptionKind::Callback => Some(ChannelKind::Callback),
        OfferOptionKind::Faq | OfferOptionKind::SmartPause => None,
    }
}

/// Issues the rule's grant, or raises the one that there is; the customer hears nothing of it.
fn authorize(step: &mut Step<'_>, rule: &Rule, event: Option<&str>) {
    let Some(terms) = &rule.grant else {
        return;
    };
    let outcome = match (grants::raisable(step.state, step.at), rule.action) {
        (None, _) => Outcome::Grant(grants::issue(step, terms)),
        (Some(grant), Action::Boost) => {
            grants::boost(step, grant, rule);
            Outcome::Boost(grant)
        }
        (Some(grant), _) => Outcome::Grant(match grants::reusable(step.state, step.at) {
            Some(usable) => usable,
            None if grants::has_room(step.state) => grants::issue(step, terms),
            None => grant,
        }),
    };
    record(step, rule, None, outcome, event);
}

fn alert(step: &mut Step<'_>, rule: &Rule, outcome: Outcome, event: Option<&str>) {
    let ordinal = step.ordinal();
    let decision = DecisionId::derive(step.at, step.seq, ordinal);
    let text = why(step.state, step.at);
    record(step, rule, Some(decision), outcome, event);
    let item = OutboxItem {
        delivery: DeliveryId::derive(step.at, step.seq, ordinal),
        at: step.at,
        what: Outbound::Alert {
            customer: step.state.customer,
            decision,
            rule: rule.id.clone(),
            text,
        },
    };
    step.effect(Effect::Outbox(item));
}

/// Records a decision with its trace, and what led to it in the timeline.
fn record(
    step: &mut Step<'_>,
    rule: &Rule,
    id: Option<DecisionId>,
    outcome: Outcome,
    event: Option<&str>,
) {
    let decision = id.unwrap_or_else(|| {
        let ordinal = step.ordinal();
        DecisionId::derive(step.at, step.seq, ordinal)
    });
    step.flush_trail();
    let trace = decide::trace(step.state, step.world, rule, step.at, event);
    step.effect(Effect::Count {
        rule: rule.id.clone(),
        what: outcome.name(),
    });
    step.timeline(
        Audience::Staff,
        TimelineBody::Decision {
            decision,
            rule: rule.id.clone(),
            outcome: outcome.clone(),
        },
    );
    let record = DecisionRecord {
        decision,
        customer: step.state.customer,
        session: step.state.session.as_ref().map(|session| session.session),
        at: step.at,
        rule: rule.id.clone(),
        outcome,
        trace,
    };
    step.effect(Effect::Decision(Box::new(record)));
}

/// The widget really showed it.
pub(crate) fn shown(step: &mut Step<'_>, offer: OfferId) -> Reply {
    match &mut step.state.offer {
        Some(live) if live.offer == offer => {
            if live.stage == OfferStage::Reserved {
                live.stage = OfferStage::Shown;
                let rule = live.rule;
                guides::shown(step, rule);
                note(step, Audience::Staff, None);
            }
            Reply::Done
        }
        _ => Reply::Gone,
    }
}

/// The customer took an option.
pub(crate) fn accepted(
    step: &mut Step<'_>,
    offer: OfferId,
    option: OfferOptionKind,
    presented: Option<GrantId>,
    key: u64,
    phone: Option<&Private>,
) -> Reply {
    let customer = step.state.customer;
    if let Some(open) = step
        .state
        .conversation
        .as_ref()
        .filter(|open| open.offer == Some(offer))
    {
        return Reply::Conversation {
            customer,
            conversation: open.conversation,
        };
    }
    let Some(live) = &step.state.offer else {
        return Reply::Gone;
    };
    let pushed = matches!(live.stage, OfferStage::Reserved | OfferStage::Shown);
    if live.offer != offer || !pushed || !live.options.contains(&option) {
        return Reply::Gone;
    }
    let Some(channel) = channel_of(option) else {
        end(step, OfferStage::Accepted(option));
        return Reply::Done;
    };
    let Some(grant) = live.grant.filter(|grant| presented == Some(*grant)) else {
        return Reply::NotAvailable;
    };
    let Ok(redemption) = grants::hold(step, grant, None, channel, key) else {
        return Reply::NotAvailable;
    };
    let keeps_seat = channel == ChannelKind::Chat;
    finish(step, OfferStage::Accepted(option), keeps_seat);
    let opening = Opening {
        channel,
        key,
        phone: phone.cloned(),
        redemption: Some((grant, redemption)),
        offer: Some(offer),
        seat: keeps_seat.then_some(offer),
    };
    let conversation = conversation::open(step, opening);
    Reply::Conversation {
        customer,
        conversation,
    }
}

/// The customer asks to be called through an offer: its grant is held and the offer is
/// taken. `None` where the offer is no longer there or its grant does not allow it: the
/// request is then the customer's own.
pub(crate) fn take_callback(
    step: &mut Step<'_>,
    asked: CallbackOffer,
    key: u64,
) -> Option<(GrantId, RedemptionId)> {
    let option = OfferOptionKind::Callback;
    let live = step.state.offer.as_ref()?;
    let pushed = matches!(live.stage, OfferStage::Reserved | OfferStage::Shown);
    if live.offer != asked.offer || !pushed || !live.options.contains(&option) {
        return None;
    }
    let grant = live.grant.filter(|grant| asked.grant == Some(*grant))?;
    let redemption = grants::hold(step, grant, None, ChannelKind::Callback, key).ok()?;
    end(step, OfferStage::Accepted(option));
    Some((grant, redemption))
}

/// The customer put it away. "Don't offer again" counts even when the offer is gone.
pub(crate) fn dismissed(step: &mut Step<'_>, offer: OfferId, how: DismissedHow) -> Reply {
    if how == DismissedHow::Never {
        step.state.permission.opted_out = true;
        step.effect(Effect::OptedOut { offer });
    }
    let is_live = step
        .state
        .offer
        .as_ref()
        .is_some_and(|live| live.offer == offer);
    if !is_live {
        return if how == DismissedHow::Never {
            Reply::Done
        } else {
            Reply::Gone
        };
    }
    if !is_guide(step) {
        decline(step, how);
    }
    let stage = match how {
        DismissedHow::Ignored => OfferStage::Ignored,
        DismissedHow::NotNow | DismissedHow::Never => OfferStage::Dismissed,
    };
    end(step, stage);
    Reply::Done
}

fn decline(step: &mut Step<'_>, how: DismissedHow) {
    let policy = &step.world.policy;
    suppression::dismissed(&mut step.state.suppression, policy, how, step.at);
}

/// Whether the open offer is a guide: putting one away says nothing about other help.
fn is_guide(step: &Step<'_>) -> bool {
    let live = step.state.offer.as_ref();
    live.is_some_and(|live| live.style == OfferStyle::Guide)
}

/// The customer wants offers again.
pub(crate) fn wanted(step: &mut Step<'_>) -> Reply {
    step.state.permission.opted_out = false;
    step.state.suppression.declined_until = Timestamp::default();
    Reply::Done
}

/// Whether an offer is open.
pub(crate) fn is_live(step: &Step<'_>) -> bool {
    step.state.offer.is_some()
}

/// Whether an open offer must go because everything was stopped, or its rule was.
pub(crate) fn is_stopped(state: &CustomerState, world: &World) -> bool {
    state.offer.as_ref().is_some_and(|offer| {
        world.facts.mode == Mode::Shadow || world.rollouts.reaches_nobody(offer.rule)
    })
}

/// Takes an open offer back.
pub(crate) fn withdraw(step: &mut Step<'_>) {
    if step.state.offer.is_some() {
        end(step, OfferStage::Withdrawn);
    }
}

/// The customer asks for help on their own: an open offer gives way, and its seat goes to
/// the request where it fits.
pub(crate) fn give_way(step: &mut Step<'_>, channel: ChannelKind) -> Option<OfferId> {
    let live = step.state.offer.as_ref()?;
    let seat = (live.seat && channel == ChannelKind::Chat).then_some(live.offer);
    finish(step, OfferStage::Withdrawn, seat.is_some());
    seat
}

/// Ends an offer whose time is over.
pub(crate) fn run_out(step: &mut Step<'_>) {
    let Some(live) = &step.state.offer else {
        return;
    };
    if step.at < live.expires_at {
        return;
    }
    if live.stage == OfferStage::Shown {
        // A guide that nobody closed was no question that went unanswered.
        if !is_guide(step) {
            decline(step, DismissedHow::Ignored);
        }
        end(step, OfferStage::Ignored);
    } else {
        end(step, OfferStage::Expired);
    }
}

/// When the open offer runs out.
pub(crate) fn due(state: &CustomerState) -> Option<Timestamp> {
    state.offer.as_ref().map(|live| live.expires_at)
}

/// Ends the live offer, telling every tab.
pub(crate) fn end(step: &mut Step<'_>, stage: OfferStage) {
    finish(step, stage, false);
}

/// Ends the live offer, telling every tab; the seat is released unless it is passed on.
fn finish(step: &mut Step<'_>, stage: OfferStage, seat_passes_on: bool) {
    let live = step
        .state
        .offer
        .as_mut()
        .expect("the caller found the live offer");
    let holds_seat = live.seat || live.stage == OfferStage::Eligible;
    live.stage = stage;
    let offer = live.offer;
    announce(step, None);
    step.state.offer = None;
    if holds_seat && !seat_passes_on {
        step.out
            .to_route
            .push(CustomerToRoute::ReleaseSeat { offer });
    }
}

fn announce(step: &mut Step<'_>, wait_s: Option<u32>) {
    note(step, Audience::Everyone, wait_s);
}

fn note(step: &mut Step<'_>, audience: Audience, wait_s: Option<u32>) {
    let live = step
        .state
        .offer
        .as_ref()
        .expect("the caller found the live offer");
    let rule = rule_of(step, live.rule);
    let generation = |id: &GrantId| {
        let grant = step.state.grants.iter().find(|grant| grant.grant == *id)?;
        Some((*id, grant.generation))
    };
    let view = OfferView {
        offer: live.offer,
        style: live.style,
        stage: live.stage,
        rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        options: live
            .options
            .iter()
            .map(|option| (*option, wait_s))
            .collect(),
        grant: live.grant.as_ref().and_then(generation),
        expires_at: live.expires_at,
        why: strongest_factor(step),
    };
    let row = OfferRow {
        offer: live.offer,
        customer: step.state.customer,
        decision: live.decision,
        rule: view.rule.clone(),
        made_at: live.made_at,
        stage: live.stage,
        at: step.at,
    };
    step.effect(Effect::Offer(row));
    step.timeline(audience, TimelineBody::Offer(view));
}

fn rule_of<'a>(step: &Step<'a>, key: RuleKey) -> Option<&'a Rule> {
    let policy = &step.world.policy;
    policy.rule_by_key(key).map(|place| &policy.rules()[place])
}

/// The factor that speaks most for need, as a key of the customer's "why".
fn strongest_factor(step: &Step<'_>) -> &'static str {
    let inputs = EngagementInputs::of(step.state, step.at, level_of(step.state));
    let scored = step.world.engagement.score(&inputs);
    let strongest = scored
        .contributions
        .first()
        .filter(|first| first.contribution > 0.0);
    strongest.map_or("", |first| first.factor)
}

/// What a request of this customer needs of an agent on `channel`.
pub(crate) fn needs(step: &Step<'_>, channel: ChannelKind) -> Needs {
    needs_of(step.state, &step.world.policy, channel)
}

/// What a request of this customer on `channel` needs.
pub fn needs_of(state: &CustomerState, policy: &Policy, channel: ChannelKind) -> Needs {
    let session = state.session.as_ref();
    let path = session.map_or("", |session| session.path.as_str());
    let language = state.permission.language.as_deref();
    Needs {
        channel,
        skill: policy.routing.skill_for(path).map(str::to_owned),
        language: language.and_then(primary_language),
        priority: 0,
    }
}

/// `de` of `de-AT`.
fn primary_language(tag: &str) -> Option<String> {
    let primary = tag.split(['-', '_']).next()?;
    (!primary.is_empty()).then(|| primary.to_ascii_lowercase())
}
