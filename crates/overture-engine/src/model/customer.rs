//! The state of one customer: all that the next step needs, and no more.

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Asker, CallState, CallbackRefusal, ConversationState, CustomerId, GrantState, IdentifierKind,
    IdentityLevel, InteractionId, LinkKey, MergeId, Mood, NamedIssue, NeedLevel, OfferState,
    Reading, Seq, SmartPauseState, SourceId, Timestamp, Tone,
};

/// One customer in memory. About 1 KB when nothing is going on.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerState {
    /// Who.
    pub customer: CustomerId,
    /// The last input that was applied; replay skips everything up to it.
    pub applied: Seq,
    /// When the customer was first seen.
    pub created_at: Timestamp,
    /// When the customer was last heard of (server time).
    pub last_seen_at: Timestamp,
    /// Set once folded into another: later events are forwarded there.
    pub merged_into: Option<CustomerId>,
    /// The merges already folded in, newest last, at most 16.
    pub merges: SmallVec<[MergeId; 1]>,
    /// The identifiers that point here.
    pub links: SmallVec<[KnownLink; 2]>,
    /// What the customer allows.
    pub permission: Permission,
    /// What the customer did, decayed.
    pub features: Features,
    /// How much help is needed, as last computed.
    pub need: NeedState,
    /// What the customer's words said lately; `None` until something was said.
    pub mood: Option<Box<Mood>>,
    /// The visit under way.
    pub session: Option<Session>,
    /// Browsers in which the widget ran, the one last used last, at most [`BROWSERS_MAX`].
    pub browsers: SmallVec<[Browser; 1]>,
    /// How many visits so far.
    pub visits: u32,
    /// How many requests for help so far.
    pub past_requests: u32,
    /// Where each rule stands.
    pub rules: SmallVec<[RuleStanding; 2]>,
    /// What holds contact back, live.
    pub suppression: Suppression,
    /// What would hold contact back, had shadow mode been live.
    pub shadow_suppression: Suppression,
    /// The one live offer.
    pub offer: Option<OfferState>,
    /// Grants that can still matter.
    pub grants: SmallVec<[GrantState; 1]>,
    /// The open conversation; the one in front where several browsers have their own.
    pub conversation: Option<ConversationState>,
    /// Open conversations of other browsers, at most [`BESIDE_MAX`] and a callback; none while
    /// nothing is in front.
    pub beside: Vec<ConversationState>,
    /// Calls under way, the oldest first, at most [`super::CALLS_MAX`].
    pub calls: Vec<CallState>,
    /// How the customer sounded in the last call; `None` until one was heard.
    pub tone: Option<Box<Tone>>,
    /// A callback that waits for its time, beside whatever is open.
    pub scheduled: Option<Box<ConversationState>>,
    /// Why the last request for a callback was not taken on.
    pub callback_refusal: Option<CallbackRefusal>,
    /// The last things done, not yet in the timeline, oldest first, at most 12.
    pub trail: SmallVec<[TrailItem; 2]>,
    /// What was read in the knowledge base in this visit; `None` for most customers.
    pub reading: Option<Box<Reading>>,
    /// The last number given in the timeline.
    pub timeline_seq: u64,
    /// The due time that was last asked for; [`super::Effect::Wake`] follows its changes.
    pub wake_at: Option<Timestamp>,
    /// What is known of pausing the page.
    pub smart_pause: Option<SmartPauseState>,
    /// Guides that are shown once and were, by their rules, at most 64, newest last.
    pub guides_seen: SmallVec<[RuleKey; 1]>,
}

impl CustomerState {
    /// A customer first seen at `at`.
    pub fn new(customer: CustomerId, at: Timestamp) -> Self {
        Self {
            customer,
            applied: Seq(0),
            created_at: at,
            last_seen_at: at,
            merged_into: None,
            merges: SmallVec::new(),
            links: SmallVec::new(),
            permission: Permission::default(),
            features: Features::new(at),
            need: NeedState::default(),
            mood: None,
            session: None,
            browsers: SmallVec::new(),
            visits: 0,
            past_requests: 0,
            rules: SmallVec::new(),
            suppression: Suppression::default(),
            shadow_suppression: Suppression::default(),
            offer: None,
            grants: SmallVec::new(),
            conversation: None,
            beside: Vec::new(),
            calls: Vec::new(),
            tone: None,
            scheduled: None,
            callback_refusal: None,
            trail: SmallVec::new(),
            reading: None,
            timeline_seq: 0,
            wake_at: None,
            smart_pause: None,
            guides_seen: SmallVec::new(),
        }
    }

    /// Every open conversation, the one in front first.
    pub fn open(&self) -> impl Iterator<Item = &ConversationState> + Clone {
        self.conversation.iter().chain(&self.beside)
    }

    /// The open conversation that a session goes on with: its browser's own, else one that it
    /// may use.
    pub fn own(&self, asker: &Asker) -> Option<&ConversationState> {
        let usable = |open: &&ConversationState| asker.may_use(open.conversation, open.device);
        let own = self.open().filter(usable);
        let here = |open: &&ConversationState| open.device == Some(asker.device);
        own.clone().find(here).or_else(|| own.clone().next())
    }

    /// The open conversation of this id.
    pub fn open_one(&self, conversation: InteractionId) -> Option<&ConversationState> {
        self.open().find(|open| open.conversation == conversation)
    }
}

/// How many browsers of one customer are remembered.
pub const BROWSERS_MAX: usize = 8;

/// How many conversations may be open beside the one in front.
pub const BESIDE_MAX: usize = 7;

/// A browser in which the widget ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Browser {
    /// What its sessions are bound to.
    pub device: LinkKey,
    /// The link by which its events come, where one is known.
    pub anonymous: Option<LinkKey>,
}

/// An identifier that points to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownLink {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its keyed hash.
    pub key: LinkKey,
    /// How far it is proven.
    pub level: IdentityLevel,
}

/// A purpose that needs the customer's permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To watch and score what they do on pages.
    AnalyseBehaviour,
    /// To offer help unasked.
    Contact,
    /// To hear how they sound and what they say in calls.
    AnalyseVoice,
}

/// Who told us what the customer allows. Ordered as the widget believes them, the first most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConsentSource {
    /// The site itself, by a call or an event.
    #[default]
    Api,
    /// The browser, by Global Privacy Control.
    Gpc,
    /// A consent platform, by the IAB's Transparency and Consent Framework.
    Tcf,
    /// A consent platform, by Google Consent Mode.
    ConsentMode,
    /// Segment's category preferences.
    Segment,
}

impl ConsentSource {
    /// All of them, the most believed first.
    pub const ALL: [Self; 5] = [
        Self::Api,
        Self::Gpc,
        Self::Tcf,
        Self::ConsentMode,
        Self::Segment,
    ];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Gpc => "gpc",
            Self::Tcf => "tcf",
            Self::ConsentMode => "gcm",
            Self::Segment => "segment",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AnalyseBehaviour, Self::Contact, Self::AnalyseVoice];

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnalyseBehaviour => "analyse_behaviour",
            Self::Contact => "contact",
            Self::AnalyseVoice => "analyse_voice",
        }
    }
}

/// What the customer said about one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Consent {
    /// Nothing: the policy's lawful basis decides.
    #[default]
    Unset,
    /// Allowed.
    Granted,
    /// Refused.
    Denied,
}

/// What of an input may be kept while its customer has said nothing: its source knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unsaid {
    /// What the policy's lawful basis allows.
    #[default]
    ByPolicy,
    /// Nothing: the source requires the customer's own word.
    Nothing,
}

/// What the customer allows us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permission {
    /// For [`Purpose::AnalyseBehaviour`].
    pub analyse_behaviour: Consent,
    /// For [`Purpose::Contact`].
    pub contact: Consent,
    /// For [`Purpose::AnalyseVoice`].
    pub analyse_voice: Consent,
    /// "Don't offer again", until undone.
    pub opted_out: bool,
    /// IANA zone, where known: quiet hours are the customer's own.
    pub time_zone: Option<String>,
    /// BCP 47 language, where known.
    pub language: Option<String>,
}

/// One visit: ended by 30 minutes without an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub session: InteractionId,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last event of it came (server time).
    pub last_at: Timestamp,
    /// How far the person is proven in it.
    pub level: IdentityLevel,
    /// The browser it is in, where the widget runs.
    pub device: Option<LinkKey>,
    /// The page now open.
    pub path: String,
    /// Since when (server time).
    pub path_since: Timestamp,
    /// Where its widget came from: whose pages it is on.
    pub source: Option<SourceId>,
    /// The issue of the last text of an event that is about one.
    pub issue: Option<Box<NamedIssue>>,
}

/// How many signals are counted; see [`Signal`].
pub const SIGNALS: usize = 12;

/// The half-lives of the decayed counters, in milliseconds: 10 s, 60 s, 10 min, 24 h.
pub const HALF_LIVES_MS: [u64; 4] = [10_000, 60_000, 600_000, 86_400_000];

/// What is counted about behaviour. The number is the counter's place and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Signal {
    /// Pages opened.
    PageView = 0,
    /// Clicks.
    Click = 1,
    /// Forms submitted.
    FormSubmit = 2,
    /// Submits refused.
    FailedSubmit = 3,
    /// Field errors.
    FormError = 4,
    /// Rage clicks.
    RageClick = 5,
    /// Dead clicks.
    DeadClick = 6,
    /// Slow clicks.
    SlowClick = 7,
    /// Pages left by Back within 7 s.
    QuickBack = 8,
    /// Thrashing of pointer or scroll.
    Thrash = 9,
    /// Hesitations.
    Hesitation = 10,
    /// Form struggles: 2 failed submits, or 2 errors on one field, within 60 s.
    FormStruggle = 11,
}

impl Signal {
    /// Every signal, in counter order.
    pub const ALL: [Signal; SIGNALS] = [
        Signal::PageView,
        Signal::Click,
        Signal::FormSubmit,
        Signal::FailedSubmit,
        Signal::FormError,
        Signal::RageClick,
        Signal::DeadClick,
        Signal::SlowClick,
        Signal::QuickBack,
        Signal::Thrash,
        Signal::Hesitation,
        Signal::FormStruggle,
    ];

    /// The signal's name in policies and on the wire, for example `rage_click`.
    pub const fn name(self) -> &'static str {
        match self {
            Signal::PageView => "page_view",
            Signal::Click => "click",
            Signal::FormSubmit => "form_submit",
            Signal::FailedSubmit => "failed_submit",
            Signal::FormError => "form_error",
            Signal::RageClick => "rage_click",
            Signal::DeadClick => "dead_click",
            Signal::SlowClick => "slow_click",
            Signal::QuickBack => "quick_back",
            Signal::Thrash => "thrash",
            Signal::Hesitation => "hesitation",
            Signal::FormStruggle => "form_struggle",
        }
    }
}

/// Exponentially decayed counts of one signal, one for each of [`HALF_LIVES_MS`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decayed {
    /// The counts as of `at`.
    pub values: [f32; 4],
    /// Event time of the newest event in them.
    pub at: Timestamp,
}

/// What the customer did, in constant space.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// Counters by [`Signal`].
    pub counters: [Decayed; SIGNALS],
    /// The last clicks that may become a rage click, at most 3.
    pub clicks: SmallVec<[ClickPoint; 3]>,
    /// The last form faults that may become a form struggle, at most 4.
    pub faults: SmallVec<[FormFault; 2]>,
    /// Active time on the page now open.
    pub page_active_ms: u32,
    /// Active time in this visit.
    pub session_active_ms: u32,
    /// Greatest scroll depth on the page now open, `0..=100`.
    pub scroll_depth_percent: u8,
    /// When the page now open was opened (event time).
    pub page_opened_at: Timestamp,
    /// When it was left, where nothing was opened since (event time).
    pub page_left_at: Option<Timestamp>,
}

impl Features {
    /// Nothing done yet.
    pub fn new(at: Timestamp) -> Self {
        Self {
            counters: [Decayed::default(); SIGNALS],
            clicks: SmallVec::new(),
            faults: SmallVec::new(),
            page_active_ms: 0,
            session_active_ms: 0,
            scroll_depth_percent: 0,
            page_opened_at: at,
            page_left_at: None,
        }
    }
}

/// Where and when a click was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClickPoint {
    /// CSS pixels from the left of the viewport.
    pub x_px: f32,
    /// CSS pixels from the top of the viewport.
    pub y_px: f32,
    /// Event time.
    pub at: Timestamp,
}

/// A refused submit (`field` 0) or a field's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormFault {
    /// The field's hash, 0 for the whole form.
    pub field: u64,
    /// Event time.
    pub at: Timestamp,
}

/// The engagement score as last computed, and its level.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct NeedState {
    /// The probability, `0.0..=1.0`.
    pub score: f64,
    /// The level, after hysteresis and dwell.
    pub level: NeedLevel,
    /// Since when the level holds (server time).
    pub level_since: Timestamp,
    /// A level the score has asked for, and since when; it holds after the dwell.
    pub pending: Option<(NeedLevel, Timestamp)>,
    /// When the score was computed (server time).
    pub computed_at: Timestamp,
}

/// A rule, by the hash of its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleKey(pub u64);

impl RuleKey {
    /// The key of the rule with this id.
    pub fn of(id: &str) -> Self {
        Self(xxh3_64(id.as_bytes()))
    }
}

/// Where a rule stands for one customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleStanding {
    /// Which rule.
    pub rule: RuleKey,
    /// Since when its condition holds (server time); `None` when it does not.
    pub met_since: Option<Timestamp>,
    /// Whether it already acted or was recorded in this crossing.
    pub handled: bool,
    /// The session in which reasons were last recorded.
    pub session: Option<InteractionId>,
    /// Which reasons were recorded in that session, one bit each by place in the order.
    pub recorded: u32,
}

/// What holds unasked contact back.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Suppression {
    /// Contacts still allowed by the frequency cap, as of `tokens_at`; negative: none used yet.
    pub tokens: f32,
    /// When `tokens` was computed; zero means a full bucket.
    pub tokens_at: Timestamp,
    /// No contact before this, after any contact.
    pub cooling_until: Timestamp,
    /// No contact before this, after "Not now" or silence.
    pub declined_until: Timestamp,
    /// A failure of ours waives the next cool-down once.
    pub waived: bool,
}

/// Something recently done, kept so that the timeline has it if anybody comes to look.
#[derive(Debug, Clone, PartialEq)]
pub struct TrailItem {
    /// Event time.
    pub at: Timestamp,
    /// What.
    pub what: Trail,
}

/// What a [`TrailItem`] tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Trail {
    /// A page was opened.
    Page {
        /// Without query and fragment.
        path: String,
    },
    /// A struggle was seen.
    Struggle {
        /// Which.
        signal: Signal,
        /// The field or element, where there is one to name.
        detail: String,
    },
    /// An event of the organisation's own.
    Custom {
        /// Its name.
        name: String,
    },
}
