//! Signals: the named values that conditions may read, as of one time.

use super::{
    Policy, Rule,
    permission::permits,
    schema::{SignalId, Source},
};
use crate::{
    model::{CustomerState, IdentityLevel, Mood, NamedIssue, Purpose, Timestamp, Tone, VoiceScore},
    understand::{features, issue, level_of, text},
};

/// The value of a signal as of one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SignalValue<'a> {
    /// A decimal number.
    Number(f64),
    /// A text.
    Text(&'a str),
    /// True or false.
    Flag(bool),
    /// Not known, for example because no model computes it yet. What is compared with it
    /// is neither true nor false, and a condition that depends on it does not hold.
    Absent,
}

impl SignalValue<'_> {
    /// The value for people, empty when absent.
    pub fn render(self) -> String {
        match self {
            SignalValue::Number(number) => {
                let rounded = libm::round(number * 1e4) / 1e4;
                format!("{rounded}")
            }
            SignalValue::Text(text) => text.to_owned(),
            SignalValue::Flag(flag) => flag.to_string(),
            SignalValue::Absent => String::new(),
        }
    }
}

/// Anything that has values for signals.
pub trait SignalSource: Sync {
    /// The value of one signal.
    fn value(&self, signal: SignalId) -> SignalValue<'_>;
}

/// The signals of one customer as of one time; each is computed when it is read.
#[derive(Debug, Clone, Copy)]
pub struct Signals<'a> {
    state: &'a CustomerState,
    policy: &'a Policy,
    now: Timestamp,
    level: IdentityLevel,
    event: Option<&'a str>,
    tone_alone: bool,
}

impl<'a> Signals<'a> {
    /// A view of `state` as of `now` (server time). History is hidden unless the visit's
    /// identity is verified. `event` is the name of the custom event being looked at.
    pub fn of(
        state: &'a CustomerState,
        policy: &'a Policy,
        now: Timestamp,
        event: Option<&'a str>,
    ) -> Self {
        Self {
            state,
            policy,
            now,
            level: level_of(state),
            event,
            tone_alone: true,
        }
    }

    /// The same as a rule sees it: tone alone reaches nobody, so what reaches the customer sees how they sound only where words
    /// stand behind it.
    pub fn for_rule(self, rule: &Rule) -> Self {
        Self {
            tone_alone: !rule.action.reaches_customer(),
            ..self
        }
    }

    fn tone(&self) -> Option<&'a Tone> {
        let fresh = self.policy.voice.fresh;
        let tone = self.state.tone.as_deref();
        let tone = tone.filter(|tone| self.now.since(tone.at) <= fresh)?;
        (self.tone_alone || tone.has_words).then_some(tone)
    }

    fn toned(&self, of: impl Fn(&Tone) -> f32) -> SignalValue<'a> {
        self.tone().map_or(SignalValue::Absent, |tone| {
            SignalValue::Number(four_decimals(of(tone)))
        })
    }

    fn voice(&self, of: impl Fn(&VoiceScore) -> Option<f32>) -> SignalValue<'a> {
        let voice = self.tone().and_then(|tone| of(tone.voice.as_ref()?));
        voice.map_or(SignalValue::Absent, |value| {
            SignalValue::Number(four_decimals(value))
        })
    }

    fn fresh_mood(&self) -> Option<&'a Mood> {
        text::fresh(&self.state.mood, self.now, &self.policy.sentiment)
    }

    fn mood(&self, of: impl Fn(&Mood) -> f32) -> SignalValue<'a> {
        self.fresh_mood().map_or(SignalValue::Absent, |mood| {
            SignalValue::Number(four_decimals(of(mood)))
        })
    }

    fn issue(&self) -> Option<&'a NamedIssue> {
        issue::current(self.state, self.now, &self.policy.sentiment)
    }

    fn history(&self, count: u32) -> SignalValue<'a> {
        let known = self.level == IdentityLevel::Verified;
        SignalValue::Number(if known { f64::from(count) } else { 0.0 })
    }
}

/// Scores have four decimals; so have they here, or 0.7 would lie a little above 0.7.
fn four_decimals(score: f32) -> f64 {
    libm::round(f64::from(score) * 1e4) / 1e4
}

impl SignalSource for Signals<'_> {
    fn value(&self, signal: SignalId) -> SignalValue<'_> {
        use SignalValue::{Absent, Flag, Number, Text};
        let state = self.state;
        let session = state.session.as_ref();
        let in_session = |value: f64| {
            if session.is_some() {
                Number(value)
            } else {
                Absent
            }
        };
        match signal.spec().source {
            Source::Score => Number(state.need.score),
            Source::Level => Text(state.need.level.name()),
            Source::Counter(signal, half_life) => {
                Number(features::read(&state.features, signal, half_life, self.now))
            }
            Source::Path => session.map_or(Absent, |session| Text(&session.path)),
            Source::PageTime => session.map_or(Absent, |session| {
                Number(self.now.since(session.path_since).as_secs_f64())
            }),
            Source::PageActive => in_session(f64::from(state.features.page_active_ms) / 1e3),
            Source::SessionActive => in_session(f64::from(state.features.session_active_ms) / 1e3),
            Source::SessionAge => session.map_or(Absent, |session| {
                Number(self.now.since(session.started_at).as_secs_f64())
            }),
            Source::ScrollDepth => in_session(f64::from(state.features.scroll_depth_percent)),
            Source::Widget => Flag(session.is_some_and(|session| session.device.is_some())),
            Source::Identity => Text(self.level.name()),
            Source::Visits => self.history(state.visits),
            Source::PastRequests => self.history(state.past_requests),
            Source::MayContact => Flag(permits(state, self.policy, Purpose::Contact)),
            Source::MayAnalyse => Flag(permits(state, self.policy, Purpose::AnalyseBehaviour)),
            Source::OptedOut => Flag(state.permission.opted_out),
            Source::Language => state.permission.language.as_deref().map_or(Absent, Text),
            Source::Event => self.event.map_or(Absent, Text),
            Source::ConversationOpen => Flag(state.conversation.is_some()),
            Source::OfferOpen => Flag(state.offer.is_some()),
            Source::Sentiment => self.mood(|mood| mood.sentiment.score),
            Source::Confidence => self.mood(|mood| mood.sentiment.confidence),
            Source::Intensity => self.mood(|mood| mood.sentiment.intensity),
            Source::SentimentLabel => self
                .fresh_mood()
                .map_or(Absent, |mood| Text(mood.sentiment.label.name())),
            Source::Average => self.mood(|mood| mood.average),
            Source::Trend => self.mood(Mood::trend),
            Source::RepeatedNegatives => self
                .fresh_mood()
                .map_or(Absent, |mood| Flag(mood.repeated_since.is_some())),
            Source::Emotion(emotion) => self.mood(|mood| mood.emotions[emotion as usize]),
            Source::Sarcasm => self.mood(|mood| mood.sarcasm),
            Source::Urgency => self.mood(|mood| mood.urgency),
            Source::Issue => Text(self.issue().map_or("", |issue| &issue.label)),
            Source::IssueProbability => {
                Number(self.issue().map_or(0.0, |issue| four_decimals(issue.p)))
            }
            Source::VoiceAnger => self.voice(|voice| Some(voice.anger)),
            Source::VoiceArousal => self.voice(|voice| Some(voice.arousal)),
            Source::VoicePitch => self.voice(|voice| voice.pitch),
            Source::VoiceLoudness => self.voice(|voice| voice.loudness_db),
            Source::VoicePace => self.voice(|voice| voice.pace),
            Source::FusedScore => self.toned(|tone| tone.score),
            Source::FusedHighest => self.toned(|tone| tone.highest),
            Source::FusedTrend => self.toned(Tone::trend),
            Source::FusedAlert => self
                .tone()
                .map_or(Absent, |tone| Flag(tone.alert_since.is_some())),
            Source::OnCall => Flag(!state.calls.is_empty()),
            Source::NotComputed => Absent,
        }
    }
}
