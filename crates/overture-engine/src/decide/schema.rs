//! The schema: every signal that conditions may name, with its type and group.

use std::{
    collections::HashMap,
    ops::{BitOr, BitOrAssign},
    sync::LazyLock,
};

use crate::model::{Emotion, Signal};

/// Groups of signals that change together; a rule is looked at when one it reads changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SignalGroups(pub u16);

impl SignalGroups {
    /// None.
    pub const NONE: Self = Self(0);
    /// `engagement.score`.
    pub const SCORE: Self = Self(1);
    /// `engagement.level`.
    pub const LEVEL: Self = Self(1 << 1);
    /// `signal.*`.
    pub const BEHAVIOUR: Self = Self(1 << 2);
    /// `session.*`.
    pub const PAGE: Self = Self(1 << 3);
    /// `identity.*` and `history.*`.
    pub const IDENTITY: Self = Self(1 << 4);
    /// `permission.*` and `customer.*`.
    pub const PERMISSION: Self = Self(1 << 5);
    /// `event.name`: true of one event only.
    pub const EVENT: Self = Self(1 << 6);
    /// `conversation.*` and `offer.*`.
    pub const CONTACT: Self = Self(1 << 7);
    /// `sentiment.*`, `emotion.*`, `text.*`.
    pub const SENTIMENT: Self = Self(1 << 8);
    /// `issue.*`.
    pub const ISSUE: Self = Self(1 << 9);
    /// `voice.*`, `fused.*`.
    pub const VOICE: Self = Self(1 << 10);
    /// All of them.
    pub const ALL: Self = Self((1 << GROUPS) - 1);

    /// Whether any group is in both.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// How many groups there are.
pub(crate) const GROUPS: usize = 11;

impl BitOr for SignalGroups {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for SignalGroups {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// The type of a signal's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignalType {
    /// A decimal number.
    Number,
    /// A text.
    Text,
    /// True or false.
    Flag,
}

impl SignalType {
    /// `number`, `text` or `true/false`.
    pub const fn name(self) -> &'static str {
        match self {
            SignalType::Number => "number",
            SignalType::Text => "text",
            SignalType::Flag => "true/false",
        }
    }
}

/// A signal that conditions may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalSpec {
    /// Its name in conditions.
    pub name: &'static str,
    /// The type of its values.
    pub kind: SignalType,
    /// The group it changes with.
    pub group: SignalGroups,
    /// Its values, where only a few are possible.
    pub values: &'static [&'static str],
    /// What it says, for people.
    pub about: &'static str,
    pub(super) source: Source,
}

/// Where a signal's value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Score,
    Level,
    Counter(Signal, usize),
    Path,
    PageTime,
    PageActive,
    SessionActive,
    SessionAge,
    ScrollDepth,
    Widget,
    Identity,
    Visits,
    PastRequests,
    MayContact,
    MayAnalyse,
    OptedOut,
    Language,
    Event,
    ConversationOpen,
    OfferOpen,
    Sentiment,
    Confidence,
    Intensity,
    SentimentLabel,
    Average,
    Trend,
    RepeatedNegatives,
    Emotion(Emotion),
    Sarcasm,
    Urgency,
    Issue,
    IssueProbability,
    VoiceAnger,
    VoiceArousal,
    VoicePitch,
    VoiceLoudness,
    VoicePace,
    FusedScore,
    FusedHighest,
    FusedTrend,
    FusedAlert,
    OnCall,
    NotComputed,
}

impl SignalSpec {
    /// Whether nothing computes it yet, so that it is always absent.
    pub fn is_not_computed(&self) -> bool {
        self.source == Source::NotComputed
    }
}

const fn spec(
    name: &'static str,
    kind: SignalType,
    group: SignalGroups,
    source: Source,
    about: &'static str,
) -> SignalSpec {
    SignalSpec {
        name,
        kind,
        group,
        values: &[],
        about,
        source,
    }
}

const fn one_of(mut spec: SignalSpec, values: &'static [&'static str]) -> SignalSpec {
    spec.values = values;
    spec
}

const fn counter(name: &'static str, signal: Signal, half_life: usize) -> SignalSpec {
    spec(
        name,
        SignalType::Number,
        SignalGroups::BEHAVIOUR,
        Source::Counter(signal, half_life),
        "decayed count; the last part is the half-life",
    )
}

macro_rules! counters {
    ($($name:literal => $signal:ident),* $(,)?) => {
        [$([
            counter(concat!("signal.", $name, ".s10"), Signal::$signal, 0),
            counter(concat!("signal.", $name, ".m1"), Signal::$signal, 1),
            counter(concat!("signal.", $name, ".m10"), Signal::$signal, 2),
            counter(concat!("signal.", $name, ".h24"), Signal::$signal, 3),
        ]),*]
    };
}

const COUNTERS: [[SignalSpec; 4]; 12] = counters! {
    "page_view" => PageView, "click" => Click, "form_submit" => FormSubmit,
    "failed_submit" => FailedSubmit, "form_error" => FormError, "rage_click" => RageClick,
    "dead_click" => DeadClick, "slow_click" => SlowClick, "quick_back" => QuickBack,
    "thrash" => Thrash, "hesitation" => Hesitation, "form_struggle" => FormStruggle,
};

use SignalGroups as G;
use SignalType::{Flag, Number, Text};

const fn later(name: &'static str) -> SignalSpec {
    spec(
        name,
        Number,
        G::VOICE,
        Source::NotComputed,
        "absent until a model computes it",
    )
}

/// How the customer sounds, in the last utterance or over the call.
const fn tone(name: &'static str, source: Source, about: &'static str) -> SignalSpec {
    spec(name, Number, G::VOICE, source, about)
}

const fn mood(name: &'static str, source: Source, about: &'static str) -> SignalSpec {
    spec(name, Number, G::SENTIMENT, source, about)
}

const fn emotion(name: &'static str, emotion: Emotion) -> SignalSpec {
    mood(
        name,
        Source::Emotion(emotion),
        "probability in the last words, 0..=1",
    )
}

/// An issue ends with its conversation or its visit.
const ISSUE: SignalGroups = SignalGroups(G::ISSUE.0 | G::CONTACT.0 | G::PAGE.0);

const NAMED: [SignalSpec; 51] = [
    spec(
        "engagement.score",
        Number,
        G::SCORE,
        Source::Score,
        "probability that help is needed, 0..=1",
    ),
    one_of(
        spec(
            "engagement.level",
            Text,
            G::LEVEL,
            Source::Level,
            "level of need, after hysteresis and dwell",
        ),
        &["low", "medium", "high"],
    ),
    spec(
        "session.path",
        Text,
        G::PAGE,
        Source::Path,
        "the page now open, without query and fragment",
    ),
    spec(
        "session.page_s",
        Number,
        G::PAGE,
        Source::PageTime,
        "seconds since the page was opened",
    ),
    spec(
        "session.page_active_s",
        Number,
        G::PAGE,
        Source::PageActive,
        "active seconds on the page",
    ),
    spec(
        "session.active_s",
        Number,
        G::PAGE,
        Source::SessionActive,
        "active seconds in this visit",
    ),
    spec(
        "session.age_s",
        Number,
        G::PAGE,
        Source::SessionAge,
        "seconds since the visit began",
    ),
    spec(
        "session.scroll_percent",
        Number,
        G::PAGE,
        Source::ScrollDepth,
        "greatest scroll depth on the page, 0..=100",
    ),
    spec(
        "session.widget",
        Flag,
        G::PAGE,
        Source::Widget,
        "whether the widget runs in this visit",
    ),
    one_of(
        spec(
            "identity.level",
            Text,
            G::IDENTITY,
            Source::Identity,
            "how far the person is proven",
        ),
        &["anonymous", "claimed", "verified"],
    ),
    spec(
        "history.visits",
        Number,
        G::IDENTITY,
        Source::Visits,
        "visits so far; 0 unless verified",
    ),
    spec(
        "history.past_requests",
        Number,
        G::IDENTITY,
        Source::PastRequests,
        "requests for help so far; 0 unless verified",
    ),
    spec(
        "permission.contact",
        Flag,
        G::PERMISSION,
        Source::MayContact,
        "whether unasked contact has a lawful basis",
    ),
    spec(
        "permission.analyse_behaviour",
        Flag,
        G::PERMISSION,
        Source::MayAnalyse,
        "whether watching behaviour has a lawful basis",
    ),
    spec(
        "permission.opted_out",
        Flag,
        G::PERMISSION,
        Source::OptedOut,
        "whether the customer wants no offers",
    ),
    spec(
        "customer.language",
        Text,
        G::PERMISSION,
        Source::Language,
        "BCP 47 language, where known",
    ),
    spec(
        "event.name",
        Text,
        G::EVENT,
        Source::Event,
        "the name of the custom event being looked at",
    ),
    spec(
        "conversation.open",
        Flag,
        G::CONTACT,
        Source::ConversationOpen,
        "whether a conversation is open",
    ),
    spec(
        "offer.open",
        Flag,
        G::CONTACT,
        Source::OfferOpen,
        "whether an offer is open",
    ),
    mood(
        "sentiment.score",
        Source::Sentiment,
        "how the customer felt in the last words, -1..=1",
    ),
    mood(
        "sentiment.confidence",
        Source::Confidence,
        "probability of sentiment.label, 0..=1",
    ),
    mood(
        "sentiment.intensity",
        Source::Intensity,
        "how strong any feeling was, 0..=1",
    ),
    one_of(
        spec(
            "sentiment.label",
            Text,
            G::SENTIMENT,
            Source::SentimentLabel,
            "the most likely of three",
        ),
        &["negative", "neutral", "positive"],
    ),
    mood(
        "sentiment.average",
        Source::Average,
        "weighted mean of the last scores, -1..=1",
    ),
    mood(
        "sentiment.trend",
        Source::Trend,
        "change of the score from one text to the next",
    ),
    spec(
        "sentiment.repeated_negatives",
        Flag,
        G::SENTIMENT,
        Source::RepeatedNegatives,
        "whether the CUSUM of negative turns is over its limit",
    ),
    emotion("emotion.anger", Emotion::Anger),
    emotion("emotion.frustration", Emotion::Frustration),
    emotion("emotion.sadness", Emotion::Sadness),
    emotion("emotion.fear", Emotion::Fear),
    emotion("emotion.joy", Emotion::Joy),
    emotion("emotion.gratitude", Emotion::Gratitude),
    emotion("emotion.surprise", Emotion::Surprise),
    emotion("emotion.neutral", Emotion::Neutral),
    mood(
        "text.sarcasm",
        Source::Sarcasm,
        "probability that the last words meant the opposite, 0..=1",
    ),
    mood(
        "text.urgency",
        Source::Urgency,
        "probability that the matter is pressing, whatever the feeling, 0..=1",
    ),
    spec(
        "issue.label",
        Text,
        ISSUE,
        Source::Issue,
        "what the conversation or the visit is about, as your classifier or staff say; empty when none",
    ),
    spec(
        "issue.p",
        Number,
        ISSUE,
        Source::IssueProbability,
        "probability of issue.label, 0..=1; 0 when none",
    ),
    tone(
        "voice.anger",
        Source::VoiceAnger,
        "probability that the voice sounds angry, 0..=1",
    ),
    tone(
        "voice.arousal",
        Source::VoiceArousal,
        "how aroused the voice is, 0..=1; an aid, not calibrated",
    ),
    tone(
        "voice.pitch",
        Source::VoicePitch,
        "how much higher than at the call's start, semitones",
    ),
    tone(
        "voice.loudness",
        Source::VoiceLoudness,
        "how much louder than at the call's start, dB",
    ),
    tone(
        "voice.pace",
        Source::VoicePace,
        "how many times as fast as at the call's start",
    ),
    tone(
        "fused.score",
        Source::FusedScore,
        "probability over the call, from voice and words, that the caller is upset, 0..=1",
    ),
    tone(
        "fused.highest",
        Source::FusedHighest,
        "the highest fused.score of the call",
    ),
    tone(
        "fused.trend",
        Source::FusedTrend,
        "change of fused.score over the last 30 s of speech",
    ),
    spec(
        "fused.alert",
        Flag,
        G::VOICE,
        Source::FusedAlert,
        "whether the caller counts as upset: two utterances in a row, until two below [voice] alert_off",
    ),
    spec(
        "call.open",
        Flag,
        G::CONTACT,
        Source::OnCall,
        "whether the customer is on the phone",
    ),
    later("voice.frustration"),
    later("voice.valence"),
    later("voice.dominance"),
];

const SCHEMA_LEN: usize = NAMED.len() + COUNTERS.len() * 4;

const fn schema() -> [SignalSpec; SCHEMA_LEN] {
    let mut all = [NAMED[0]; SCHEMA_LEN];
    let mut index = 0;
    while index < SCHEMA_LEN {
        all[index] = if index < NAMED.len() {
            NAMED[index]
        } else {
            let place = index - NAMED.len();
            COUNTERS[place / 4][place % 4]
        };
        index += 1;
    }
    all
}

/// Every signal that a condition may name.
pub static SIGNAL_SCHEMA: [SignalSpec; SCHEMA_LEN] = schema();

/// A signal, by its place in [`SIGNAL_SCHEMA`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignalId(u8);

impl SignalId {
    /// The signal with this name.
    pub fn named(name: &str) -> Option<Self> {
        static BY_NAME: LazyLock<HashMap<&str, SignalId>> = LazyLock::new(|| {
            let places = (0u8..).map(SignalId);
            SIGNAL_SCHEMA
                .iter()
                .map(|spec| spec.name)
                .zip(places)
                .collect()
        });
        BY_NAME.get(name).copied()
    }

    /// What is declared about it.
    pub fn spec(self) -> &'static SignalSpec {
        &SIGNAL_SCHEMA[self.0 as usize]
    }
}
