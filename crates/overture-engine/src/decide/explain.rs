//! Why a rule asks or does not, for one customer as they stand now; changes nothing.

use std::collections::BTreeMap;

use super::{
    Action, Capability, Policy, Rule, SignalId, SignalSource, Signals,
    condition::Part,
    evaluate::{is_here, stage},
    permits, quiet_hours,
    reasons::withhold_reasons,
    schema::Source,
    suppression,
};
use crate::{
    model::{
        CustomerId, CustomerState, IdentityLevel, Millis, Purpose, Suppression, Timestamp,
        WithholdReason,
    },
    understand::{level_of, text},
    world::World,
};

/// How one rule stands with one customer as of one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// The rule's own line for staff; may be empty.
    pub about: String,
    /// What it would do.
    pub action: Action,
    /// Whether its condition holds, without what lasts one event only.
    pub holds: bool,
    /// The condition, laid open.
    pub condition: Part,
    /// Every signal that the condition reads, once.
    pub readings: Vec<Reading>,
    /// Every reason against acting on it now, the deciding one first, whether it holds or not.
    pub reasons: Vec<Because>,
    /// How far it is in this crossing.
    pub stage: Crossing,
    /// How long its condition must still go on holding.
    pub dwell_left: Millis,
}

impl Explanation {
    /// Whether it would act on the customer's next event, were nothing to change.
    pub fn would_act(&self) -> bool {
        self.stage == Crossing::Open && self.reasons.is_empty()
    }
}

/// One signal with its value as of now.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its name.
    pub signal: &'static str,
    /// What it is about, for staff.
    pub about: &'static str,
    /// Its value for people; empty when absent.
    pub value: String,
    /// Why it is absent, or less than there is.
    pub note: Option<Note>,
}

/// Why a signal has no value, or not the full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Nothing computes it yet.
    NotComputed,
    /// The customer is in no visit.
    NoVisit,
    /// The customer wrote nothing that was read.
    NeverWrote,
    /// The customer was not heard in a call.
    NeverCalled,
    /// It is about a time too long ago: then.
    TooOld(Timestamp),
    /// The customer did not allow to analyse it.
    NotPermitted,
    /// History is hidden until the identity is verified.
    Unverified,
    /// It is true of one event only, while that is looked at.
    OneEventOnly,
    /// Tone without words reaches nobody.
    ToneAlone,
    /// It was not told.
    Unknown,
}

impl Note {
    /// The note's wire name, for example `never_wrote`.
    pub const fn name(self) -> &'static str {
        match self {
            Note::NotComputed => "not_computed",
            Note::NoVisit => "no_visit",
            Note::NeverWrote => "never_wrote",
            Note::NeverCalled => "never_called",
            Note::TooOld(_) => "too_old",
            Note::NotPermitted => "not_permitted",
            Note::Unverified => "unverified",
            Note::OneEventOnly => "one_event_only",
            Note::ToneAlone => "tone_alone",
            Note::Unknown => "unknown",
        }
    }
}

/// A reason against acting, with what can be told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Because {
    /// The reason.
    pub reason: WithholdReason,
    /// When it ends by itself, where it does.
    pub until: Option<Timestamp>,
    /// Where the identity is too weak: what is needed, and what there is.
    pub identity: Option<(IdentityLevel, IdentityLevel)>,
}

/// How far a rule is with a customer since its condition became true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// Its condition does not hold.
    NotMet,
    /// Its condition holds, not yet for as long as it must.
    Dwelling,
    /// It asks: it acts unless a reason stands against it.
    Open,
    /// It did what it does since its condition became true.
    Done,
    /// Its condition became true while it was only watched; it acts on the next time.
    Watched,
    /// Its guide was shown as often as it is to be shown, or put away.
    Spent,
}

impl Crossing {
    /// The stage's wire name, for example `not_met`.
    pub const fn name(self) -> &'static str {
        match self {
            Crossing::NotMet => "not_met",
            Crossing::Dwelling => "dwelling",
            Crossing::Open => "open",
            Crossing::Done => "done",
            Crossing::Watched => "watched",
            Crossing::Spent => "spent",
        }
    }
}

/// Explains `rule` for the customer at `now` (server time).
pub fn explain(state: &CustomerState, world: &World, rule: &Rule, now: Timestamp) -> Explanation {
    let policy = &*world.policy;
    let signals = Signals::of(state, policy, now, None).for_rule(rule);
    let holds = policy.holds(rule, &signals) && is_here(state, rule);
    let (stage, dwell_left) = stage(state, world, rule, now, holds);
    let mut condition = rule.when.laid_open(&signals);
    if let Some(guide) = &rule.guide {
        let page = Part::page(guide.pages.text(), guide.is_here(state));
        condition = Part::both(page, condition, holds);
    }
    let mut read = Vec::new();
    condition.signals(&mut read);
    let capability = Capability::of(state, world);
    let reasons = withhold_reasons(state, world, rule, now, capability);
    let is_shadow = reasons.contains(&WithholdReason::ShadowMode);
    Explanation {
        rule: rule.id.clone(),
        about: rule.about.clone(),
        action: rule.action,
        holds,
        condition,
        readings: read
            .into_iter()
            .map(|signal| Reading {
                signal: signal.spec().name,
                about: signal.spec().about,
                value: signals.value(signal).render(),
                note: note(state, policy, rule, signal, now),
            })
            .collect(),
        reasons: reasons
            .into_iter()
            .map(|reason| because(state, policy, rule, reason, now, is_shadow))
            .collect(),
        stage,
        dwell_left,
    }
}

fn because(
    state: &CustomerState,
    policy: &Policy,
    rule: &Rule,
    reason: WithholdReason,
    now: Timestamp,
    is_shadow: bool,
) -> Because {
    let latest = |of: &dyn Fn(&Suppression) -> Timestamp| {
        let shadow = is_shadow.then(|| of(&state.shadow_suppression));
        Some(shadow.map_or(of(&state.suppression), |at| at.max(of(&state.suppression))))
    };
    let cooling = |hold: &Suppression| match hold.waived {
        true => Timestamp(0),
        false => hold.cooling_until,
    };
    let until = match reason {
        WithholdReason::QuietHours => policy.quiet_hours.as_ref().and_then(|hours| {
            quiet_hours::quiet_until(hours, state.permission.time_zone.as_deref(), now)
        }),
        WithholdReason::FrequencyCap => {
            latest(&|hold| suppression::cap_allows_from(hold, &policy.caps))
        }
        WithholdReason::CoolingDown => latest(&cooling),
        WithholdReason::DeclinedRecently => latest(&|hold| hold.declined_until),
        WithholdReason::LiveOffer => state.offer.as_ref().map(|offer| offer.expires_at),
        _ => None,
    };
    Because {
        reason,
        until,
        identity: (reason == WithholdReason::IdentityTooWeak)
            .then(|| (rule.min_identity, level_of(state))),
    }
}

fn note(
    state: &CustomerState,
    policy: &Policy,
    rule: &Rule,
    signal: SignalId,
    now: Timestamp,
) -> Option<Note> {
    let analysed = permits(state, policy, Purpose::AnalyseBehaviour);
    let no_visit = || state.session.is_none().then_some(Note::NoVisit);
    let of_mood = || match &state.mood {
        None if !analysed => Some(Note::NotPermitted),
        None => Some(Note::NeverWrote),
        Some(mood) if text::fresh(&state.mood, now, &policy.sentiment).is_none() => {
            Some(Note::TooOld(mood.at))
        }
        Some(_) => None,
    };
    let of_tone = || match state.tone.as_deref() {
        None if !permits(state, policy, Purpose::AnalyseVoice) => Some(Note::NotPermitted),
        None => Some(Note::NeverCalled),
        Some(tone) if now.since(tone.at) > policy.voice.fresh => Some(Note::TooOld(tone.at)),
        Some(tone) if rule.action.reaches_customer() && !tone.has_words => Some(Note::ToneAlone),
        Some(_) => None,
    };
    let of_voice = |is_known: bool| of_tone().or((!is_known).then_some(Note::Unknown));
    let voice = state.tone.as_deref().and_then(|tone| tone.voice.as_ref());
    match signal.spec().source {
        Source::NotComputed => Some(Note::NotComputed),
        Source::Path | Source::PageTime | Source::SessionAge => no_visit(),
        Source::PageActive | Source::SessionActive | Source::ScrollDepth => {
            no_visit().or((!analysed).then_some(Note::NotPermitted))
        }
        Source::Score | Source::Level | Source::Counter(..) => {
            (!analysed).then_some(Note::NotPermitted)
        }
        Source::Visits | Source::PastRequests => {
            (level_of(state) != IdentityLevel::Verified).then_some(Note::Unverified)
        }
        Source::Language => state.permission.language.is_none().then_some(Note::Unknown),
        Source::Event => Some(Note::OneEventOnly),
        Source::Sentiment
        | Source::Confidence
        | Source::Intensity
        | Source::SentimentLabel
        | Source::Average
        | Source::Trend
        | Source::RepeatedNegatives
        | Source::Emotion(_)
        | Source::Sarcasm
        | Source::Urgency => of_mood(),
        Source::VoiceAnger | Source::VoiceArousal => of_voice(voice.is_some()),
        Source::VoicePitch => of_voice(voice.is_some_and(|voice| voice.pitch.is_some())),
        Source::VoiceLoudness => of_voice(voice.is_some_and(|voice| voice.loudness_db.is_some())),
        Source::VoicePace => of_voice(voice.is_some_and(|voice| voice.pace.is_some())),
        Source::FusedScore | Source::FusedHighest | Source::FusedTrend | Source::FusedAlert => {
            of_tone()
        }
        Source::Widget
        | Source::Identity
        | Source::MayContact
        | Source::MayAnalyse
        | Source::OptedOut
        | Source::ConversationOpen
        | Source::OfferOpen
        | Source::Issue
        | Source::IssueProbability
        | Source::OnCall => None,
    }
}

/// Customers of one rule that are named as examples.
const EXAMPLES_MAX: usize = 5;

/// How many of the customers looked at meet each rule of a policy now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// Customers looked at.
    pub looked_at: usize,
    /// One a rule, in the order of [`Policy::rules`].
    pub rules: Vec<RuleMatches>,
}

/// How many customers meet one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleMatches {
    /// Whose condition holds.
    pub holding: usize,
    /// Of those: with no reason against contact.
    pub contacted: usize,
    /// Of those: with this reason against it, by the reason's name.
    pub reasons: BTreeMap<&'static str, usize>,
    /// The first of those whose condition holds.
    pub examples: Vec<CustomerId>,
}

impl Matches {
    /// Looks at one more customer. `world.policy` must be the same for all of them.
    pub fn count(&mut self, state: &CustomerState, world: &World, now: Timestamp) {
        let policy = &*world.policy;
        self.rules
            .resize_with(policy.rules().len(), RuleMatches::default);
        self.looked_at += 1;
        let signals = Signals::of(state, policy, now, None);
        for (rule, matches) in policy.rules().iter().zip(&mut self.rules) {
            if !policy.holds(rule, &signals.for_rule(rule)) || !is_here(state, rule) {
                continue;
            }
            matches.holding += 1;
            let capability = Capability::of(state, world);
            let reasons = withhold_reasons(state, world, rule, now, capability);
            matches.contacted += usize::from(reasons.is_empty());
            for reason in reasons {
                *matches.reasons.entry(reason.name()).or_default() += 1;
            }
            if matches.examples.len() < EXAMPLES_MAX {
                matches.examples.push(state.customer);
            }
        }
    }
}
