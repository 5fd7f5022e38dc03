//! What a step wants done: rows to write and answers to give. Nothing here acts.

use super::{
    AgentId, AgentState, ArticleFact, ArticleTally, Attachment, CallRow, CallView, CallbackRow,
    CallbackText, CallbackView, ChannelKind, ChatStanding, ConsentSource, ConversationStatus,
    CustomerId, DecisionId, DecisionRecord, DeliveryId, GrantId, GrantState, GuideFactKind,
    GuideId, IdentifierKind, IdentityLink, InteractionId, LabelledText, LinkKey, MailFailure,
    MessageId, Millis, MoodReading, NamedIssue, NotAnalysed, OfferId, OfferOptionKind, OfferStage,
    OfferStyle, Outcome, PauseChange, Private, Purpose, ReadingOf, RedemptionId, RequestId,
    RequestState, ResolutionCode, RuleKey, SearchMiss, Signal, SourceId, TextIssue, TextLabel,
    Timestamp, UtteranceView,
};

/// One thing to be written in the same transaction as the input that caused it.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A row in a customer's timeline.
    Timeline(TimelineItem),
    /// A recorded decision.
    Decision(Box<DecisionRecord>),
    /// A change of a grant: a row of the hash-chained ledger.
    Ledger(LedgerEntry),
    /// A grant as it stands now, for search; replaces the earlier row.
    Grant {
        /// Whose.
        customer: CustomerId,
        /// As it stands.
        grant: Box<GrantState>,
    },
    /// A conversation as it stands now; replaces the earlier row.
    Conversation(ConversationRow),
    /// A call as it stands now; replaces the earlier row.
    Call {
        /// Whose.
        customer: CustomerId,
        /// As it stands.
        row: Box<CallRow>,
    },
    /// An open request as it stands now; replaces the earlier row.
    Request {
        /// Which.
        request: RequestId,
        /// As it stands; `None` when it left routing.
        state: Option<Box<RequestState>>,
    },
    /// An agent's presence and load as they stand now; replaces the earlier row.
    Agent {
        /// Who.
        agent: AgentId,
        /// As it stands.
        state: Box<AgentState>,
    },
    /// An identifier points to a customer from now on.
    Link(IdentityLink),
    /// A trait became known.
    Trait {
        /// Whose.
        customer: CustomerId,
        /// Its name.
        name: String,
        /// Its value.
        value: Private,
    },
    /// Everything stored under `from` belongs to `into` from now on (timeline, links,
    /// decisions, conversations, grants; the key of `from` stays readable by `into`).
    Merged {
        /// The folded customer.
        from: CustomerId,
        /// The one that goes on.
        into: CustomerId,
        /// What is added to the numbers of `from`'s timeline rows, so that they follow
        /// `into`'s own.
        timeline_offset: u64,
    },
    /// When the customer wants a [`super::CustomerBody::Tick`]; replaces the earlier wish.
    Wake {
        /// Who.
        customer: CustomerId,
        /// When; `None` for never.
        at: Option<Timestamp>,
    },
    /// Something to send to the outside world.
    Outbox(OutboxItem),
    /// Something was done with an article: adds to its counts.
    Article(ArticleTally),
    /// A message was labelled; replaces an earlier label of the same kind and message.
    Labelled {
        /// Whose message.
        customer: CustomerId,
        /// When.
        at: Timestamp,
        /// By whom, which and what.
        label: LabelledText,
    },
    /// A search found nothing.
    SearchMissed(SearchMiss),
    /// An offer as it stands now, to compare what was offered with what came of it.
    Offer(OfferRow),
    /// The customer put an offer away for good, be it still open or not.
    OptedOut {
        /// Which.
        offer: OfferId,
    },
    /// One more of something that is only counted, by minute.
    Count {
        /// The rule's id.
        rule: String,
        /// What: an outcome's or a reason's name.
        what: &'static str,
    },
}

/// An offer as it stands at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferRow {
    /// Which.
    pub offer: OfferId,
    /// To whom.
    pub customer: CustomerId,
    /// The decision behind it.
    pub decision: DecisionId,
    /// The rule's id.
    pub rule: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// How far it has come.
    pub stage: OfferStage,
    /// Since when.
    pub at: Timestamp,
}

/// Something to be sent, once, with the same id and payload on every attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxItem {
    /// Its id, the same on every attempt.
    pub delivery: DeliveryId,
    /// When it was decided.
    pub at: Timestamp,
    /// What.
    pub what: Outbound,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq)]
pub enum Outbound {
    /// An alert for staff (the desk's alert lane, and a signed webhook where one is set).
    Alert {
        /// About whom.
        customer: CustomerId,
        /// The decision behind it.
        decision: DecisionId,
        /// The rule's id.
        rule: String,
        /// One plain line.
        text: String,
    },
    /// An e-mail with agents' messages for a customer who is away.
    ChatMail {
        /// For whom.
        customer: CustomerId,
        /// Which conversation it continues.
        conversation: InteractionId,
        /// The address.
        to: Private,
        /// The messages, oldest first.
        messages: Vec<MessageId>,
        /// BCP 47 language, where known.
        language: Option<String>,
        /// Through which source the customer came.
        source: Option<SourceId>,
        /// The browser that the conversation belongs to.
        device: Option<LinkKey>,
        /// Which of the conversation's addresses `to` is.
        generation: u32,
    },
    /// A text message to a customer about their callback, in words chosen when it is sent.
    Sms(Box<CallbackText>),
}

/// Who may see a timeline row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Staff only.
    Staff,
    /// Staff and the customer.
    Everyone,
}

/// One row of a customer's timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineItem {
    /// Whose.
    pub customer: CustomerId,
    /// Its number, rising by one a customer.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// Who may see it.
    pub audience: Audience,
    /// The browser that may see it, when it is not for every verified session.
    pub device: Option<LinkKey>,
    /// What it says.
    pub body: TimelineBody,
}

/// What a timeline row says.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineBody {
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
    /// Identifiers became known.
    Identified {
        /// Their kinds; the values are in the links.
        kinds: Vec<IdentifierKind>,
    },
    /// The customer allowed or refused a purpose.
    Consent {
        /// What for.
        purpose: Purpose,
        /// Whether it is allowed.
        granted: bool,
        /// Who told us.
        by: ConsentSource,
    },
    /// An offer changed its stage.
    Offer(OfferView),
    /// A decision was recorded.
    Decision {
        /// Which.
        decision: DecisionId,
        /// The rule's id.
        rule: String,
        /// What was decided.
        outcome: Outcome,
    },
    /// A conversation changed.
    Conversation {
        /// Which.
        conversation: InteractionId,
        /// On which channel.
        channel: ChannelKind,
        /// How it stands.
        status: ConversationStatus,
        /// Who serves it.
        agent: Option<AgentId>,
        /// Place in the queue.
        position: Option<u32>,
        /// Expected wait, seconds.
        wait_s: Option<u32>,
    },
    /// A message.
    Message {
        /// In which conversation.
        conversation: InteractionId,
        /// Its id.
        message: MessageId,
        /// By whom.
        author: Author,
        /// The sender's own key, so that it finds its own message.
        client_key: String,
        /// What, with markers in place of identifiers: `[email:k3v7x2aq]`.
        text: Private,
        /// What was written where identifiers were replaced, without cards and secrets, which are kept
        /// nowhere. For the customer, and for staff who say why they need it.
        original: Option<Private>,
        /// Files that came with it.
        attachments: Vec<Attachment>,
    },
    /// A member of staff said what a message really is.
    Labelled {
        /// Who.
        agent: AgentId,
        /// The message's number.
        row: u64,
        /// What they said.
        label: TextLabel,
    },
    /// A member of staff was shown what was replaced in a message.
    Revealed {
        /// Who.
        agent: AgentId,
        /// The message's number in the timeline.
        row: u64,
        /// Why, in their words.
        reason: Private,
    },
    /// What the customer's words said about them.
    Mood(Box<MoodReading>),
    /// What the customer's words are about.
    Issue {
        /// What was read.
        of: ReadingOf,
        /// What it is about.
        issue: TextIssue,
    },
    /// What the customer was shown when a chat began.
    ChatTerms {
        /// Which conversation.
        conversation: InteractionId,
        /// The version of the consent line.
        terms: String,
    },
    /// A mail with agents' messages never arrives.
    MailFailed {
        /// Which conversation it continued.
        conversation: InteractionId,
        /// Why.
        failure: MailFailure,
        /// What the mail server said, for people.
        detail: String,
    },
    /// An agent ended a conversation.
    Resolution {
        /// Which.
        conversation: InteractionId,
        /// How.
        code: ResolutionCode,
        /// Notes for staff.
        notes: Private,
        /// Who.
        agent: AgentId,
    },
    /// A grant changed.
    Grant {
        /// Which.
        grant: GrantId,
        /// What happened to it.
        change: LedgerChange,
    },
    /// A Smart Pause began, ended or failed.
    Pause {
        /// The page, without query and fragment.
        path: String,
        /// What became of it.
        change: PauseChange,
        /// How long the page was paused, once it is over.
        lasted: Option<Millis>,
    },
    /// Something became of a guide in a page.
    Guide {
        /// Which.
        guide: GuideId,
        /// At which step, from 0.
        step: u8,
        /// What.
        fact: GuideFactKind,
    },
    /// The customer is told about a callback.
    Callback(Box<CallbackView>),
    /// Another customer was folded in.
    Merge {
        /// Which.
        other: CustomerId,
    },
    /// The customer did something with the knowledge base.
    Article(ArticleFact),
    /// Something became of a call.
    Call(CallView),
    /// Something was said in a call.
    Utterance(Box<UtteranceView>),
}

impl TimelineBody {
    /// The conversation it is about, if it is about one.
    pub fn conversation(&self) -> Option<InteractionId> {
        match self {
            Self::Conversation { conversation, .. }
            | Self::Message { conversation, .. }
            | Self::ChatTerms { conversation, .. }
            | Self::MailFailed { conversation, .. }
            | Self::Resolution { conversation, .. } => Some(*conversation),
            Self::Callback(view) => Some(view.conversation),
            _ => None,
        }
    }
}

/// An offer as a timeline row shows it. Wording and token are rendered by whoever sends it.
#[derive(Debug, Clone, PartialEq)]
pub struct OfferView {
    /// Which.
    pub offer: OfferId,
    /// How it looks.
    pub style: OfferStyle,
    /// Its stage.
    pub stage: OfferStage,
    /// The rule's id.
    pub rule: String,
    /// What it holds, each with its expected wait in seconds where there is one.
    pub options: Vec<(OfferOptionKind, Option<u32>)>,
    /// The grant that reaching an agent through it redeems, with its token's generation.
    pub grant: Option<(GrantId, u32)>,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Why the customer sees it, as a key of the wording: the strongest factor's name.
    pub why: &'static str,
}

impl OfferView {
    /// The guide it shows, if it shows one.
    pub fn guide(&self) -> Option<GuideId> {
        GuideId::of_rule(&self.rule)
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Author {
    /// The customer.
    Customer,
    /// An agent.
    Agent(AgentId),
    /// Overture itself.
    System,
}

/// A change of a grant, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEntry {
    /// Whose.
    pub customer: CustomerId,
    /// Which grant.
    pub grant: GrantId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: LedgerChange,
}

/// What happened to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LedgerChange {
    /// Issued.
    Issued {
        /// Contacts allowed.
        limit: u32,
    },
    /// A use was counted.
    Held(RedemptionId),
    /// The use reached an agent.
    Connected(RedemptionId),
    /// The use was given back.
    Released(RedemptionId),
    /// A use was refused.
    Denied(super::AuthorizationDenial),
    /// Its time ran out.
    Expired,
    /// Staff ended it.
    Revoked,
    /// It came along from a folded customer.
    Carried,
    /// A rule let it allow more contacts.
    Boosted {
        /// Which rule.
        rule: RuleKey,
        /// Contacts beyond the limit it was issued with, now.
        boost: u32,
    },
    /// A part of its boost wore off.
    Decayed {
        /// Contacts beyond the limit it was issued with, now.
        boost: u32,
    },
}

impl LedgerChange {
    /// The change's wire name, for example `issued`.
    pub const fn name(self) -> &'static str {
        match self {
            LedgerChange::Issued { .. } => "issued",
            LedgerChange::Held(_) => "held",
            LedgerChange::Connected(_) => "connected",
            LedgerChange::Released(_) => "released",
            LedgerChange::Denied(_) => "denied",
            LedgerChange::Expired => "expired",
            LedgerChange::Revoked => "revoked",
            LedgerChange::Carried => "carried",
            LedgerChange::Boosted { .. } => "boosted",
            LedgerChange::Decayed { .. } => "decayed",
        }
    }
}

/// A conversation as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationRow {
    /// Which.
    pub conversation: InteractionId,
    /// Whose.
    pub customer: CustomerId,
    /// The request it waits or waited on.
    pub request: RequestId,
    /// On which channel.
    pub channel: ChannelKind,
    /// How it stands.
    pub status: ConversationStatus,
    /// Who serves or served it.
    pub agent: Option<AgentId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last message came.
    pub last_at: Timestamp,
    /// Who wrote last; `None` leaves what the row has.
    pub last_author: Option<Author>,
    /// The last message; `None` leaves what the row has.
    pub last_text: Option<Private>,
    /// Where to call.
    pub phone: Option<Private>,
    /// How it ended.
    pub code: Option<ResolutionCode>,
    /// Read marks, presence and mail.
    pub chat: Box<ChatStanding>,
    /// The callback it is, where it was asked for as one.
    pub callback: Option<CallbackRow>,
    /// What it is about now, where that is known.
    pub issue: Option<NamedIssue>,
    /// The grant by which it came, if it came by one.
    pub grant: Option<GrantId>,
}

/// The answer to one input from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Taken.
    Done,
    /// Seen before; nothing was done again.
    Duplicate,
    /// It made a model or a step panic and was left out.
    Skipped,
    /// The visit.
    Session {
        /// Whose.
        customer: CustomerId,
        /// Its id.
        session: InteractionId,
        /// The last number in the timeline.
        timeline_seq: u64,
    },
    /// A conversation was opened or was already open.
    Conversation {
        /// Whose.
        customer: CustomerId,
        /// Which.
        conversation: InteractionId,
    },
    /// A message was taken, now or before.
    Message {
        /// Its id.
        message: MessageId,
        /// Its place in the timeline.
        timeline_seq: u64,
    },
    /// A call stands so.
    Call {
        /// Whose.
        customer: CustomerId,
        /// Which.
        call: InteractionId,
        /// Why it is not listened to, where it is not.
        not_analysed: Option<NotAnalysed>,
    },
    /// A reservation was accepted: the agent has the conversation.
    Assigned {
        /// Whose.
        customer: CustomerId,
        /// Which conversation.
        conversation: InteractionId,
    },
    /// A grant was issued, now or before.
    Granted {
        /// Whose.
        customer: CustomerId,
        /// Which.
        grant: GrantId,
        /// The generation to make its token for.
        generation: u32,
        /// When it ends.
        expires_at: Timestamp,
    },
    /// A use of a grant was counted, now or before.
    Redeemed {
        /// The use.
        redemption: RedemptionId,
        /// The conversation it opened.
        conversation: InteractionId,
    },
    /// Not allowed; outside, no reason is given.
    NotAvailable,
    /// The offer, reservation, conversation or grant is no longer there.
    Gone,
    /// Only its agent may do that.
    NotYours,
}
