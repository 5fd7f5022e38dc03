//! Calls: they begin, are listened to where they may be, and end.

use crate::{
    customer::{self, Step},
    decide::{LawfulBasis, Policy, SignalGroups, allows},
    model::*,
    understand::fusion,
};

/// Why a call is not listened to; `None` where it is.
pub fn not_analysed(
    state: &CustomerState,
    began: &CallBegan,
    policy: &Policy,
) -> Option<NotAnalysed> {
    if !policy.voice.enabled {
        Some(NotAnalysed::NotEnabled)
    } else if !allows(
        state.permission.analyse_voice,
        policy.permission.analyse_voice,
    ) {
        Some(NotAnalysed::OptedOut)
    } else if !began.disclosed {
        Some(NotAnalysed::NotDisclosed)
    } else {
        None
    }
}

/// Whether an utterance of this call may be kept.
pub(crate) fn may_hear(
    state: Option<&CustomerState>,
    call: InteractionId,
    world: &crate::World,
) -> bool {
    state.is_some_and(|state| {
        let open = state.calls.iter().find(|open| open.call == call);
        open.is_some_and(|open| not_analysed(state, &open.began, &world.policy).is_none())
    })
}

/// Something happened in a call.
pub(crate) fn fact(step: &mut Step<'_>, fact: &CallFact, words: Option<&TextReading>) -> Reply {
    match fact {
        CallFact::Began(began) => begin(step, began),
        CallFact::Disclosed { call } => disclosed(step, *call),
        CallFact::Heard(utterance) => heard(step, utterance, words),
        CallFact::Ended {
            call,
            why,
            lasted,
            dynamics,
        } => ended(step, *call, *why, *lasted, *dynamics),
    }
}

fn begin(step: &mut Step<'_>, began: &CallBegan) -> Reply {
    let known = step
        .state
        .calls
        .iter()
        .find(|open| open.began.key == began.key);
    if let Some(open) = known.map(|open| open.call) {
        return reply(step, open);
    }
    if step.state.calls.len() >= CALLS_MAX {
        let oldest = step.state.calls[0].call;
        ended(step, oldest, CallEnd::Lost, None, None);
    }
    let ordinal = step.ordinal();
    let open = CallState {
        call: InteractionId::derive(step.at, step.seq, ordinal),
        began: began.clone(),
        started_at: step.at,
        last_at: step.at,
        words_from: None,
    };
    let call = open.call;
    step.state.last_seen_at = step.at;
    step.flush_trail();
    let why = not_analysed(step.state, began, &step.world.policy);
    step.state.calls.push(open);
    show(step, call, began.via, CallChange::Began(why));
    write(step, call);
    customer::reconsider(step, SignalGroups::CONTACT);
    reply(step, call)
}

fn disclosed(step: &mut Step<'_>, call: InteractionId) -> Reply {
    let Some(open) = step.state.calls.iter_mut().find(|open| open.call == call) else {
        return Reply::Gone;
    };
    let (before, via) = (open.began.disclosed, open.began.via);
    open.began.disclosed = true;
    open.last_at = step.at;
    if !before {
        let began = open.began.clone();
        if not_analysed(step.state, &began, &step.world.policy).is_none() {
            show(step, call, via, CallChange::Analysed);
        }
        write(step, call);
    }
    reply(step, call)
}

fn heard(step: &mut Step<'_>, utterance: &Utterance, words: Option<&TextReading>) -> Reply {
    let call = utterance.call;
    let at = step.at;
    let Some(open) = step.state.calls.iter_mut().find(|open| open.call == call) else {
        return Reply::Gone;
    };
    open.last_at = at;
    if utterance.words_from.is_some() {
        open.words_from.clone_from(&utterance.words_from);
    }
    let via = open.began.via;
    step.state.last_seen_at = at;
    let score = words.and_then(TextReading::score);
    let quality = fusion::quality_of_words(utterance.text.reveal(), utterance.words_confidence);
    let fused = fusion::fuse(
        utterance.voice.as_ref(),
        score.map(|score| (score, quality)),
    );
    let settings = &step.world.policy.voice;
    if step
        .state
        .tone
        .as_ref()
        .is_none_or(|tone| tone.call != call)
    {
        step.state.tone = Some(Box::new(fusion::begin(call, at)));
    }
    let mut changed = None;
    let mut after = 0.0;
    if let Some(tone) = &mut step.state.tone {
        if let Some(voice) = utterance.voice {
            tone.voice = Some(voice);
        }
        tone.has_words |= score.is_some();
        if let Some(fused) = &fused {
            changed = fusion::take(tone, utterance, fused, at, settings);
        }
        after = tone.score;
    }
    let view = UtteranceView {
        utterance: utterance.clone(),
        words: score.cloned(),
        fused,
        score: after,
    };
    step.timeline(Audience::Staff, TimelineBody::Utterance(Box::new(view)));
    if let Some(begins) = changed {
        let change = if begins {
            CallChange::Alert
        } else {
            CallChange::Calmed
        };
        show(step, call, via, change);
    }
    write(step, call);
    customer::speak(step, SignalGroups::VOICE);
    reply(step, call)
}

fn ended(
    step: &mut Step<'_>,
    call: InteractionId,
    why: CallEnd,
    lasted: Option<Millis>,
    dynamics: Option<CallDynamics>,
) -> Reply {
    let Some(place) = step.state.calls.iter().position(|open| open.call == call) else {
        return Reply::Gone;
    };
    let open = step.state.calls.remove(place);
    let not_analysed = not_analysed(step.state, &open.began, &step.world.policy);
    show(step, call, open.began.via, CallChange::Ended(lasted));
    let row = CallRow {
        ended_at: Some(step.at),
        end: Some(why),
        lasted,
        dynamics,
        ..row(step.state, &open, not_analysed)
    };
    put(step, row);
    // What was held back while the customer was on the phone may be offered now.
    customer::reconsider(step, SignalGroups::CONTACT);
    Reply::Done
}

/// Calls that nobody brings any more are over.
pub(crate) fn run_out(step: &mut Step<'_>) {
    let late = |open: &&CallState| open.last_at + CALL_SILENT_MAX <= step.at;
    let late: Vec<_> = step
        .state
        .calls
        .iter()
        .filter(late)
        .map(|open| open.call)
        .collect();
    for call in late {
        ended(step, call, CallEnd::Lost, None, None);
    }
}

/// When the next call would be over for want of anything heard of it.
pub(crate) fn due(state: &CustomerState) -> Option<Timestamp> {
    let calls = state.calls.iter();
    calls.map(|open| open.last_at + CALL_SILENT_MAX).min()
}

/// The customer said whether their voice may be analysed: what is not allowed is forgotten.
pub(crate) fn permitted(step: &mut Step<'_>, granted: bool) {
    if !granted {
        step.state.tone = None;
    }
    let calls: Vec<_> = step.state.calls.iter().map(|open| open.call).collect();
    for call in calls {
        write(step, call);
    }
}

/// Carries the calls of a folded customer on.
pub(crate) fn fold(step: &mut Step<'_>, from: &CustomerState) {
    for other in &from.calls {
        if !step.state.calls.iter().any(|mine| mine.call == other.call) {
            step.state.calls.push(other.clone());
            write(step, other.call);
        }
    }
    while step.state.calls.len() > CALLS_MAX {
        let oldest = step.state.calls[0].call;
        ended(step, oldest, CallEnd::Lost, None, None);
    }
    let newer = |tone: &Tone| from.tone.as_ref().is_some_and(|other| other.at > tone.at);
    if step.state.tone.as_deref().is_none_or(newer) && from.tone.is_some() {
        step.state.tone.clone_from(&from.tone);
    }
    if !allows(
        step.state.permission.analyse_voice,
        LawfulBasis::LegitimateInterest,
    ) {
        step.state.tone = None;
    }
}

fn reply(step: &Step<'_>, call: InteractionId) -> Reply {
    let open = step.state.calls.iter().find(|open| open.call == call);
    let why = open.and_then(|open| not_analysed(step.state, &open.began, &step.world.policy));
    Reply::Call {
        customer: step.state.customer,
        call,
        not_analysed: why,
    }
}

fn show(step: &mut Step<'_>, call: InteractionId, via: CallVia, change: CallChange) {
    let view = CallView { call, via, change };
    step.timeline(Audience::Staff, TimelineBody::Call(view));
}

/// Writes the call's row as it stands.
fn write(step: &mut Step<'_>, call: InteractionId) {
    let Some(open) = step.state.calls.iter().find(|open| open.call == call) else {
        return;
    };
    let why = not_analysed(step.state, &open.began, &step.world.policy);
    let row = row(step.state, open, why);
    put(step, row);
}

fn put(step: &mut Step<'_>, row: CallRow) {
    let customer = step.state.customer;
    step.effect(Effect::Call {
        customer,
        row: Box::new(row),
    });
}

fn row(state: &CustomerState, open: &CallState, not_analysed: Option<NotAnalysed>) -> CallRow {
    let tone = state.tone.as_deref().filter(|tone| tone.call == open.call);
    CallRow {
        call: open.call,
        began: open.began.clone(),
        started_at: open.started_at,
        ended_at: None,
        end: None,
        lasted: None,
        not_analysed,
        words_from: open.words_from.clone(),
        voice: tone.and_then(|tone| tone.voice),
        score: tone.map(|tone| CallScore {
            now: tone.score,
            highest: tone.highest,
            trend: tone.trend(),
            alert: tone.alert_since.is_some(),
        }),
        dynamics: None,
    }
}
