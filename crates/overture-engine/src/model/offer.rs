//! Offers of help, requests for it, and conversations.

use smallvec::SmallVec;

use super::{
    AgentId, CallbackState, ChatState, DecisionId, GrantId, InteractionId, LinkKey, MessageId,
    NamedIssue, OfferId, Private, RedemptionId, RequestId, RuleKey, Timestamp,
};

/// A channel on which an agent serves a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChannelKind {
    /// Live chat in the page.
    Chat,
    /// We call the customer.
    Callback,
}

impl ChannelKind {
    /// Every channel.
    pub const ALL: [ChannelKind; 2] = [ChannelKind::Chat, ChannelKind::Callback];

    /// `chat` or `callback`.
    pub const fn name(self) -> &'static str {
        match self {
            ChannelKind::Chat => "chat",
            ChannelKind::Callback => "callback",
        }
    }
}

/// How an offer looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferStyle {
    /// A small contextual prompt, with self-service.
    Prompt,
    /// The "Help is Available" banner.
    Banner,
    /// A guide beside an element of the page.
    Guide,
}

impl OfferStyle {
    /// `prompt`, `banner` or `guide`.
    pub const fn name(self) -> &'static str {
        match self {
            OfferStyle::Prompt => "prompt",
            OfferStyle::Banner => "banner",
            OfferStyle::Guide => "guide",
        }
    }
}

/// What a customer may choose in an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferOptionKind {
    /// We call them.
    Callback,
    /// Chat with an agent, now; only with a seat.
    Chat,
    /// Articles.
    Faq,
    /// Save my place and show me how.
    SmartPause,
}

impl OfferOptionKind {
    /// `callback`, `chat`, `faq` or `smart_pause`.
    pub const fn name(self) -> &'static str {
        match self {
            OfferOptionKind::Callback => "callback",
            OfferOptionKind::Chat => "chat",
            OfferOptionKind::Faq => "faq",
            OfferOptionKind::SmartPause => "smart_pause",
        }
    }
}

/// How a customer put an offer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DismissedHow {
    /// "Not now".
    NotNow,
    /// "Don't offer again", until undone.
    Never,
    /// It ran out unanswered.
    Ignored,
}

/// Where an offer is: `eligible -> reserved -> shown -> accepted | dismissed | ignored |
/// withdrawn | expired | completed`. Only live ones are kept in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OfferStage {
    /// Decided; routing was asked for a seat.
    Eligible,
    /// Seat held (or none needed); pushed, not yet confirmed as seen.
    Reserved,
    /// Seen.
    Shown,
    /// An option was taken.
    Accepted(OfferOptionKind),
    /// Put away by the customer.
    Dismissed,
    /// Ran out after it was seen.
    Ignored,
    /// Taken back by us.
    Withdrawn,
    /// Ran out unseen.
    Expired,
    /// Its guide was followed to the end.
    Completed,
}

impl OfferStage {
    /// The stage's name, as shown on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            OfferStage::Eligible => "eligible",
            OfferStage::Reserved => "reserved",
            OfferStage::Shown => "shown",
            OfferStage::Accepted(_) => "accepted",
            OfferStage::Dismissed => "dismissed",
            OfferStage::Ignored => "ignored",
            OfferStage::Withdrawn => "withdrawn",
            OfferStage::Expired => "expired",
            OfferStage::Completed => "completed",
        }
    }

    /// Whether an offer in this stage was seen by the customer. One that was taken back may have been before.
    pub const fn was_seen(self) -> bool {
        match self {
            OfferStage::Shown
            | OfferStage::Accepted(_)
            | OfferStage::Dismissed
            | OfferStage::Ignored
            | OfferStage::Completed => true,
            OfferStage::Eligible
            | OfferStage::Reserved
            | OfferStage::Withdrawn
            | OfferStage::Expired => false,
        }
    }

    /// Whether an offer in this stage is no longer open.
    pub const fn is_over(self) -> bool {
        !matches!(
            self,
            OfferStage::Eligible | OfferStage::Reserved | OfferStage::Shown
        )
    }
}

/// The one live offer of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferState {
    /// Its id.
    pub offer: OfferId,
    /// The decision that made it.
    pub decision: DecisionId,
    /// The rule behind it.
    pub rule: RuleKey,
    /// How it looks.
    pub style: OfferStyle,
    /// Where it is.
    pub stage: OfferStage,
    /// What it holds; chat only while a seat is held.
    pub options: SmallVec<[OfferOptionKind; 4]>,
    /// Whether routing holds a seat for it.
    pub seat: bool,
    /// The grant that reaching an agent through it redeems.
    pub grant: Option<GrantId>,
    /// Which browser it is for.
    pub device: Option<LinkKey>,
    /// When it was decided.
    pub made_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// The one open conversation of a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationState {
    /// The conversation.
    pub conversation: InteractionId,
    /// The request it waits or waited on.
    pub request: RequestId,
    /// On which channel.
    pub channel: ChannelKind,
    /// How it stands.
    pub status: ConversationStatus,
    /// Who serves it.
    pub agent: Option<AgentId>,
    /// When it began.
    pub started_at: Timestamp,
    /// The use of a grant it holds, if it came by one.
    pub redemption: Option<(GrantId, RedemptionId)>,
    /// The offer it came from, if from one.
    pub offer: Option<OfferId>,
    /// The idempotency key it was asked for with.
    pub key: u64,
    /// Which browser may read it.
    pub device: Option<LinkKey>,
    /// Where to call.
    pub phone: Option<Private>,
    /// The last message keys with what they became, newest last, at most 64.
    pub recent: SmallVec<[SentMessage; 1]>,
    /// Read marks, presence and mail.
    pub chat: Box<ChatState>,
    /// The callback it is, where it was asked for as one.
    pub callback: Option<Box<CallbackState>>,
    /// The issues of its last messages that are about one, in the order of the messages, at most [`ISSUES_KEPT_MAX`]: the last one
    /// is what it is about now.
    pub issues: Vec<NamedIssue>,
}

/// A message already taken, so that sending it again gives the same answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentMessage {
    /// The client's key, hashed.
    pub key: u64,
    /// The message it became.
    pub message: MessageId,
    /// Its place in the customer's timeline.
    pub timeline_seq: u64,
}

/// How a conversation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConversationStatus {
    /// An agent is being found.
    Queued,
    /// An agent has it.
    Assigned,
    /// Over.
    Ended,
    /// No agent is signed in; it stays queued and the customer was told.
    NoAgent,
    /// A callback that waits for its time.
    Scheduled,
}

impl ConversationStatus {
    /// `queued`, `assigned`, `ended`, `no_agent` or `scheduled`.
    pub const fn name(self) -> &'static str {
        match self {
            ConversationStatus::Queued => "queued",
            ConversationStatus::Assigned => "assigned",
            ConversationStatus::Ended => "ended",
            ConversationStatus::NoAgent => "no_agent",
            ConversationStatus::Scheduled => "scheduled",
        }
    }
}

/// How an agent says a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResolutionCode {
    /// The problem is gone.
    Solved,
    /// There is a way around it.
    Workaround,
    /// It stays for now.
    NoFix,
    /// Not a customer.
    Spam,
    /// Nobody picked up.
    CallbackNoAnswer,
    /// Something else, in the notes.
    Other,
    /// A callback reached the customer.
    Reached,
    /// A callback reached a machine.
    Voicemail,
    /// A callback reached somebody who had not asked.
    WrongPerson,
}

impl ResolutionCode {
    /// Every code with its wire name.
    pub const ALL: [(ResolutionCode, &'static str); 9] = [
        (ResolutionCode::Solved, "solved"),
        (ResolutionCode::Workaround, "workaround"),
        (ResolutionCode::NoFix, "no_fix"),
        (ResolutionCode::Spam, "spam"),
        (ResolutionCode::CallbackNoAnswer, "callback_no_answer"),
        (ResolutionCode::Other, "other"),
        (ResolutionCode::Reached, "reached"),
        (ResolutionCode::Voicemail, "voicemail"),
        (ResolutionCode::WrongPerson, "wrong_person"),
    ];

    /// The code's wire name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(code, _)| *code == self)
            .map_or("other", |(_, name)| name)
    }

    /// The code with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(code, _)| *code)
    }
}
