//! Folding one customer into another, by a protocol of two logged inputs.
//!
//! `MergeOut` freezes the loser and sends its state along; `MergeIn` folds it into the
//! survivor, once, however often it arrives. Protective facts unite, usage adds up, grants
//! come along as themselves, and one live offer survives.

use crate::{
    contact::{articles, beside, call, callback, chat, conversation, grants, guides, offers},
    customer::{Step, TRAIL_ITEMS_MAX, session},
    decide::suppression,
    model::*,
    understand::issue,
};

/// How many folded merges are remembered.
const MERGES_MAX: usize = 16;

/// Freezes this customer and sends its state to the survivor.
pub(super) fn out(step: &mut Step<'_>, merge: MergeId, into: CustomerId) -> Reply {
    if step.state.merged_into.is_some() || into == step.state.customer {
        return Reply::Gone;
    }
    step.state.merged_into = Some(into);
    let from = Box::new(step.state.clone());
    step.out
        .to_customers
        .push((into, CustomerBody::MergeIn { merge, from }));
    // Only the frozen marker stays; everything else went along.
    let mut frozen = CustomerState::new(step.state.customer, step.state.created_at);
    frozen.applied = step.state.applied;
    frozen.merged_into = Some(into);
    frozen.wake_at = step.state.wake_at;
    *step.state = frozen;
    Reply::Done
}

/// Folds a frozen customer into this one.
pub(super) fn fold_in(step: &mut Step<'_>, merge: MergeId, from: &CustomerState) -> Reply {
    if step.state.merges.contains(&merge) {
        return Reply::Duplicate;
    }
    if step.state.merges.len() == MERGES_MAX {
        step.state.merges.remove(0);
    }
    step.state.merges.push(merge);
    let offset = step.state.timeline_seq;
    step.state.timeline_seq += from.timeline_seq;
    let into = step.state.customer;
    step.effect(Effect::Merged {
        from: from.customer,
        into,
        timeline_offset: offset,
    });
    fold_history(step.state, from);
    fold_permission(&mut step.state.permission, &from.permission);
    let (caps, at) = (&step.world.policy.caps, step.at);
    let state = &mut *step.state;
    state.suppression = suppression::merge(&state.suppression, &from.suppression, caps, at);
    state.shadow_suppression = suppression::merge(
        &state.shadow_suppression,
        &from.shadow_suppression,
        caps,
        at,
    );
    fold_grants(step, from);
    fold_conversation(step, from, offset);
    fold_scheduled(step, from);
    settle_uses(step);
    call::fold(step, from);
    fold_offer(step, from);
    step.timeline(
        Audience::Staff,
        TimelineBody::Merge {
            other: from.customer,
        },
    );
    Reply::Done
}

fn fold_history(state: &mut CustomerState, from: &CustomerState) {
    state.created_at = state.created_at.min(from.created_at);
    state.last_seen_at = state.last_seen_at.max(from.last_seen_at);
    state.visits += from.visits;
    state.past_requests += from.past_requests;
    for link in &from.links {
        match state.links.iter_mut().find(|known| known.key == link.key) {
            Some(known) => known.level = known.level.max(link.level),
            None => state.links.push(*link),
        }
    }
    fold_counters(&mut state.features, &from.features);
    if from.need.computed_at > state.need.computed_at {
        state.need = from.need;
    }
    fold_mood(&mut state.mood, from.mood.as_deref());
    let newer = |session: &Session| {
        state
            .session
            .as_ref()
            .is_none_or(|mine| mine.last_at <= session.last_at)
    };
    let came_last = from.session.as_ref().filter(|session| newer(session));
    let (before, after) = match came_last {
        Some(_) => (&state.browsers, &from.browsers),
        None => (&from.browsers, &state.browsers),
    };
    let mut browsers = before.clone();
    for browser in after {
        session::remember(&mut browsers, *browser);
    }
    if let Some(session) = came_last {
        state.session = Some(session.clone());
    }
    state.browsers = browsers;
    if state.smart_pause.is_none() {
        state.smart_pause.clone_from(&from.smart_pause);
    }
    for guide in &from.guides_seen {
        guides::remember(&mut state.guides_seen, *guide);
    }
    for standing in &from.rules {
        if !state.rules.iter().any(|mine| mine.rule == standing.rule) {
            state.rules.push(*standing);
        }
    }
    state.trail.extend(from.trail.iter().cloned());
    state.trail.sort_by_key(|item| item.at);
    let surplus = state.trail.len().saturating_sub(TRAIL_ITEMS_MAX);
    state.trail.drain(..surplus);
    articles::fold(state, from);
}

/// The newer mood goes on; whoever was negative again and again on either side still is. What both heard is not read anew.
fn fold_mood(mine: &mut Option<Box<Mood>>, other: Option<&Mood>) {
    let Some(other) = other else { return };
    let mut other = other.clone();
    other.heard.clear();
    let Some(mood) = mine else {
        *mine = Some(Box::new(other));
        return;
    };
    let (negatives, repeated) = (
        mood.negatives.max(other.negatives),
        mood.repeated_since.or(other.repeated_since),
    );
    let texts = mood.texts.saturating_add(other.texts);
    if other.at > mood.at {
        **mood = other;
    }
    mood.heard.clear();
    mood.negatives = negatives;
    mood.repeated_since = repeated;
    mood.texts = texts;
}

/// Adds up what both did, as of the later of the two.
fn fold_counters(mine: &mut Features, other: &Features) {
    for (mine, other) in mine.counters.iter_mut().zip(&other.counters) {
        let at = mine.at.max(other.at);
        for (place, half_life_ms) in HALF_LIVES_MS.iter().enumerate() {
            let left = |counter: &Decayed| {
                let age_ms = at.since(counter.at).0 as f64;
                counter.values[place] * libm::exp2(-age_ms / *half_life_ms as f64) as f32
            };
            mine.values[place] = left(mine) + left(other);
        }
        mine.at = at;
    }
    if other.page_opened_at > mine.page_opened_at {
        mine.page_opened_at = other.page_opened_at;
        mine.page_left_at = other.page_left_at;
    }
    mine.session_active_ms = mine.session_active_ms.max(other.session_active_ms);
}

/// A refusal on either side holds; a permission must not be on only one of them.
fn fold_permission(mine: &mut Permission, other: &Permission) {
    mine.analyse_behaviour = stricter(mine.analyse_behaviour, other.analyse_behaviour);
    mine.contact = stricter(mine.contact, other.contact);
    mine.analyse_voice = stricter(mine.analyse_voice, other.analyse_voice);
    mine.opted_out |= other.opted_out;
    if mine.time_zone.is_none() {
        mine.time_zone.clone_from(&other.time_zone);
    }
    if mine.language.is_none() {
        mine.language.clone_from(&other.language);
    }
}

fn stricter(one: Consent, other: Consent) -> Consent {
    match (one, other) {
        (Consent::Denied, _) | (_, Consent::Denied) => Consent::Denied,
        (Consent::Granted, _) | (_, Consent::Granted) => Consent::Granted,
        _ => Consent::Unset,
    }
}

/// Every grant comes along as itself: limits never add, and none is there twice.
fn fold_grants(step: &mut Step<'_>, from: &CustomerState) {
    for grant in &from.grants {
        if step
            .state
            .grants
            .iter()
            .any(|mine| mine.grant == grant.grant)
        {
            continue;
        }
        step.state.grants.push(grant.clone());
        let customer = step.state.customer;
        step.effect(Effect::Grant {
            customer,
            grant: Box::new(grant.clone()),
        });
        let at = step.at;
        step.effect(Effect::Ledger(LedgerEntry {
            customer,
            grant: grant.grant,
            at,
            change: LedgerChange::Carried,
        }));
    }
}

/// One open conversation of a browser survives: the one an agent has, else the older.
/// Conversations of different browsers stay: a claimed name ends nobody's chat.
fn fold_conversation(step: &mut Step<'_>, from: &CustomerState, offset: u64) {
    for other in from.open() {
        let mut other = other.clone();
        other.chat.shift(offset);
        for issue in &mut other.issues {
            issue.row += offset;
        }
        let met = step.state.open().position(|open| {
            open.device.is_none() || other.device.is_none() || open.device == other.device
        });
        let place = if met.is_none() && step.state.beside.len() < BESIDE_MAX {
            let front = step.state.conversation.take();
            step.state.beside.extend(front);
            step.state.beside.len().checked_sub(1)
        } else {
            beside::to_front(step.state, met.unwrap_or_default())
        };
        fold_in_front(step, other);
        beside::leave(step.state, place);
    }
}

/// The conversation in front and one that came along become one.
fn fold_in_front(step: &mut Step<'_>, other: ConversationState) {
    let keep_mine = step.state.conversation.as_ref().is_some_and(|mine| {
        let (mine_assigned, other_assigned) = (mine.agent.is_some(), other.agent.is_some());
        mine_assigned && !other_assigned
            || mine_assigned == other_assigned && mine.started_at <= other.started_at
    });
    if keep_mine {
        carry_over(step, &other);
        conversation::close_duplicate(step, &other);
        return;
    }
    if let Some(mine) = step.state.conversation.replace(other) {
        carry_over(step, &mine);
        conversation::close_duplicate(step, &mine);
    }
    conversation::changed(step, None, None);
}

/// What the conversation that stays keeps of the one that ends.
fn carry_over(step: &mut Step<'_>, other: &ConversationState) {
    chat::carry_over(step, other);
    if let Some(open) = &mut step.state.conversation {
        for named in &other.issues {
            issue::put(&mut open.issues, named.clone());
        }
    }
}

/// One callback survives: the open one, else the survivor's own, else the one that came along.
fn fold_scheduled(step: &mut Step<'_>, from: &CustomerState) {
    if let Some(other) = &from.scheduled {
        let mine = step.state.scheduled.replace(other.clone());
        if mine.is_some() {
            callback::drop_scheduled(step, None);
            step.state.scheduled = mine;
        }
    }
    if step.state.open().any(|open| open.callback.is_some()) {
        callback::drop_scheduled(step, None);
    }
    callback::go_on(step);
}

/// Uses under way belong to the conversation that survived; where an agent has it already,
/// nothing later would settle them.
fn settle_uses(step: &mut Step<'_>) {
    match &step.state.conversation {
        Some(open) if open.agent.is_some() => grants::connect_held(step),
        Some(_) => {}
        None => grants::release_held(step),
    }
}

/// One live offer survives: the survivor's own, else the one that came along; none where a
/// conversation is open or the customer opted out, on either side.
fn fold_offer(step: &mut Step<'_>, from: &CustomerState) {
    if let Some(other) = &from.offer {
        let mine = step.state.offer.replace(other.clone());
        if mine.is_some() {
            offers::withdraw(step);
            step.state.offer = mine;
        }
    }
    if step.state.permission.opted_out || step.state.conversation.is_some() {
        offers::withdraw(step);
    }
}
