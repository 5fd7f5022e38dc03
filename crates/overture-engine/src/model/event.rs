//! What happens: every input of the two state machines.

use super::{
    AgentId, ArticleFact, Asker, Attachment, CallFact, CallOutcome, CallbackAsk, CallbackOffer,
    ChannelKind, ChatDetails, ChatRead, ConsentSource, CustomerId, CustomerState, DismissedHow,
    GrantId, GrantTerms, GuideFactKind, GuideId, Identifier, IdentityLevel, InteractionId,
    LabelledText, LinkKey, MailFailed, MergeId, OfferId, OfferOptionKind, PauseChange, Private,
    Purpose, ResolutionCode, RouteEvent, RouteToCustomer, Seq, Slot, SourceId, TextIssue,
    TextReading, TextScore, Timestamp, Unsaid, WorldFacts,
};

/// One entry of the log: an input that one state machine takes, exactly once, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its place in the log.
    pub seq: Seq,
    /// Server time; never decreasing. It alone drives timers, caps, grants, quiet hours.
    pub received_at: Timestamp,
    /// What happened.
    pub body: InputBody,
}

/// Which state machine an input is for.
#[derive(Debug, Clone, PartialEq)]
pub enum InputBody {
    /// For one customer.
    Customer(CustomerEvent),
    /// For routing.
    Route(RouteEvent),
    /// The world both machines see from here on.
    World(WorldFacts),
    /// An input at this place made a model or a step panic; replay leaves it out.
    Skipped {
        /// Whose it was, if it was a customer's.
        customer: Option<CustomerId>,
        /// The panic's message, shortened.
        reason: String,
    },
}

/// Something that concerns one customer.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerEvent {
    /// The customer it was resolved to at ingress.
    pub customer: CustomerId,
    /// When it happened there, corrected by `sentAt` and clamped to 24 h before receipt.
    /// Only features read it.
    pub occurred_at: Timestamp,
    /// Where it came from, if from outside.
    pub source: Option<SourceId>,
    /// The identifier it came with, kept so that a merge can be undone.
    pub link: Option<LinkKey>,
    /// The widget session it was done in; `None` for everybody else, and in what releases
    /// before this field logged: it is then taken as the customer's own.
    pub asker: Option<Asker>,
    /// Hash of (source, message id), for deduplication.
    pub message_key: Option<u64>,
    /// What its text says about the customer, as read before it was logged; `None` where there
    /// is no text, or no permission to read it.
    pub reading: Option<TextReading>,
    /// What its text is about, as read before it was logged; `None` where there is no text, no permission to read it, or no
    /// classifier.
    pub issue: Option<TextIssue>,
    /// What its text was where identifiers in it were replaced, without what is kept nowhere. Not
    /// logged: it goes into the message's timeline row and nowhere else, and a replay has none.
    pub original: Option<Private>,
    /// What it is.
    pub body: CustomerBody,
}

/// The kinds of customer events.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomerBody {
    /// Something done on a page.
    Behaviour(Behaviour),
    /// A widget session began or went on.
    SessionStarted(SessionStarted),
    /// Identifiers and traits became known.
    Identified {
        /// The identifiers.
        identifiers: Vec<Identifier>,
        /// Traits by name.
        traits: Vec<(String, Private)>,
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
    /// The widget really showed an offer.
    OfferShown {
        /// Which.
        offer: OfferId,
    },
    /// The customer took an option of an offer.
    OfferAccepted {
        /// Which offer.
        offer: OfferId,
        /// Which option.
        option: OfferOptionKind,
        /// The grant whose token was presented and found genuine.
        grant: Option<GrantId>,
        /// The client's idempotency key, hashed.
        key: u64,
        /// Where to call back.
        phone: Option<Private>,
    },
    /// The customer put an offer away.
    OfferDismissed {
        /// Which.
        offer: OfferId,
        /// How.
        how: DismissedHow,
    },
    /// The customer wants offers again.
    OffersWanted,
    /// A page said whether it can be paused.
    Pausable {
        /// The page, without query and fragment.
        path: String,
        /// Whether it can.
        pausable: bool,
    },
    /// A Smart Pause began, ended or failed.
    Pause {
        /// The widget's key of this pause, hashed.
        key: u64,
        /// The page, without query and fragment.
        path: String,
        /// What became of it.
        change: PauseChange,
    },
    /// Something became of a guide in a page.
    GuideFact {
        /// Which guide.
        guide: GuideId,
        /// The offer that shows it; `None` where the customer asked to be shown it.
        offer: Option<OfferId>,
        /// At which step, from 0.
        step: u8,
        /// What.
        fact: GuideFactKind,
    },
    /// The customer asked for help on their own. Never suppressed.
    HelpRequested {
        /// By chat or by callback.
        channel: ChannelKind,
        /// The client's idempotency key, hashed.
        key: u64,
        /// First words.
        text: Option<Private>,
        /// Where to call back.
        phone: Option<Private>,
    },
    /// The customer wrote in a conversation.
    CustomerMessage {
        /// Which conversation.
        conversation: InteractionId,
        /// The client's key of this message, hashed.
        key: u64,
        /// The client's key as the client wrote it, echoed so that it finds its own message.
        client_key: String,
        /// What; may be empty when files came with it.
        text: Private,
        /// Files that came with it.
        attachments: Vec<Attachment>,
    },
    /// The customer left the conversation.
    CustomerEnded {
        /// Which.
        conversation: InteractionId,
    },
    /// An agent wrote in a conversation.
    AgentMessage {
        /// Which conversation.
        conversation: InteractionId,
        /// Who.
        agent: AgentId,
        /// The desk's key of this message, hashed.
        key: u64,
        /// The desk's key as it wrote it.
        client_key: String,
        /// What; may be empty when files came with it.
        text: Private,
        /// Files that came with it.
        attachments: Vec<Attachment>,
    },
    /// What the customer was told and told us when the open chat began.
    ChatDetails(ChatDetails),
    /// One side read the open conversation.
    ChatRead(ChatRead),
    /// The customer of an open conversation came or left, or one whose offer has a seat left.
    ChatPresence {
        /// When they were last there; `None` when they are there.
        left_at: Option<Timestamp>,
    },
    /// A mail with agents' messages never arrives.
    MailFailed(MailFailed),
    /// A member of staff was shown what was replaced in a message.
    Revealed {
        /// Who.
        agent: AgentId,
        /// The message's number in the timeline.
        row: u64,
        /// Why, in their words.
        reason: Private,
    },
    /// A member of staff said what a message of the customer's really is.
    Labelled(LabelledText),
    /// A slower model read a text anew, after it was logged with a first reading.
    ReadAgain {
        /// The input that the text came with.
        input: Seq,
        /// What it says.
        score: Box<TextScore>,
    },
    /// An agent ended a conversation.
    AgentResolved {
        /// Which.
        conversation: InteractionId,
        /// Who.
        agent: AgentId,
        /// How it ended.
        code: ResolutionCode,
        /// Notes for the next agent.
        notes: Private,
    },
    /// Staff or a program issued a grant.
    GrantIssued {
        /// What it allows.
        terms: GrantTerms,
        /// The caller's idempotency key, hashed.
        key: u64,
    },
    /// Staff or a program revoked a grant.
    GrantRevoked {
        /// Which.
        grant: GrantId,
    },
    /// A program presented a grant's token.
    GrantRedeemed {
        /// Which grant.
        grant: GrantId,
        /// The generation the presented token was made for.
        generation: u32,
        /// For which channel.
        channel: ChannelKind,
        /// The caller's idempotency key, hashed.
        key: u64,
    },
    /// The customer asked to be called.
    CallbackAsked {
        /// When, and what else was asked.
        ask: Box<CallbackAsk>,
        /// Where to call, E.164.
        phone: Private,
        /// The client's idempotency key, hashed.
        key: u64,
        /// The offer it came from.
        offer: Option<CallbackOffer>,
    },
    /// A booked callback is wanted at another time.
    CallbackMoved {
        /// Which.
        conversation: InteractionId,
        /// When.
        slot: Slot,
        /// The caller's idempotency key, hashed.
        key: u64,
    },
    /// A callback is called off.
    CallbackCancelled {
        /// Which.
        conversation: InteractionId,
        /// The member of staff who did it; `None` for the customer.
        by: Option<AgentId>,
    },
    /// An agent said what came of a call.
    CallbackCalled {
        /// Which.
        conversation: InteractionId,
        /// Who called.
        agent: AgentId,
        /// What came of it.
        outcome: CallOutcome,
        /// Notes for the next agent.
        notes: Private,
    },
    /// Routing answered.
    FromRoute(RouteToCustomer),
    /// This customer is folded into another: freeze and carry the state over.
    MergeOut {
        /// The merge.
        merge: MergeId,
        /// Into whom.
        into: CustomerId,
    },
    /// Another customer's state arrives to be folded in.
    MergeIn {
        /// The merge; folding the same one twice changes nothing.
        merge: MergeId,
        /// The frozen state.
        from: Box<CustomerState>,
    },
    /// A due time was reached.
    Tick,
    /// The customer did something with the knowledge base.
    Article(ArticleFact),
    /// Something happened in a call.
    Call(Box<CallFact>),
}

/// The widget began or went on with a session.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionStarted {
    /// The browser's own link; what the customer may read is bound to it.
    pub device: LinkKey,
    /// The link by which events of the same browser come, where one is known.
    pub anonymous: Option<LinkKey>,
    /// How far the person is proven.
    pub level: IdentityLevel,
    /// The page, without query and fragment.
    pub path: String,
    /// IANA zone, where the browser told.
    pub time_zone: Option<String>,
    /// BCP 47 language, where the browser told.
    pub language: Option<String>,
}

/// Something done on a page. Hashes stand for elements and fields; values never occur.
#[derive(Debug, Clone, PartialEq)]
pub enum Behaviour {
    /// A page was opened.
    PageView {
        /// Without query and fragment.
        path: String,
        /// How the browser came to it.
        navigation: Navigation,
    },
    /// The page was left.
    PageLeave,
    /// A click or tap.
    Click {
        /// From the left of the viewport, CSS pixels.
        x_px: f32,
        /// From the top of the viewport, CSS pixels.
        y_px: f32,
        /// Hash of the element.
        target: u64,
        /// What was hit.
        on: ClickTarget,
    },
    /// Scrolled to a new greatest depth.
    Scroll {
        /// Of the page's height, `0..=100`.
        depth_percent: u8,
    },
    /// Active time since the last report.
    Active {
        /// Milliseconds, at most 60,000 a report.
        ms: u32,
    },
    /// A form was submitted.
    FormSubmit {
        /// The form's hash.
        form: u64,
        /// What came of it.
        outcome: SubmitOutcome,
    },
    /// A field showed an error.
    FormError {
        /// The form's hash.
        form: u64,
        /// The field's hash.
        field: u64,
        /// The field's name, for people.
        field_name: String,
        /// The error's code, such as `valueMissing`.
        code: String,
    },
    /// A click on something that looks interactive and did nothing for 7 s.
    DeadClick,
    /// A click that had its effect only after 3 to 7 s.
    SlowClick,
    /// Four or more reversals of pointer or scroll in 2 s.
    Thrash,
    /// Over 30 s in a field without input.
    Hesitation {
        /// The field's hash.
        field: u64,
    },
    /// An event of the organisation's own.
    Custom {
        /// Its name.
        name: String,
        /// Its properties as JSON, kept encrypted.
        properties: Private,
    },
}

/// How the browser came to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Navigation {
    /// By a link, a form or the address bar.
    #[default]
    Navigate,
    /// By reloading.
    Reload,
    /// By Back or Forward.
    BackForward,
}

/// What a click hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClickTarget {
    /// A link, button or the like.
    Interactive,
    /// A text field.
    TextField,
    /// What is there to be clicked again and again: plus and minus, next and previous.
    Stepper,
    /// Anything else.
    #[default]
    Other,
}

impl ClickTarget {
    /// Whether fast clicks on it are its use, and never rage.
    pub fn is_meant_to_repeat(self) -> bool {
        matches!(self, Self::TextField | Self::Stepper)
    }
}

/// What came of a submitted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SubmitOutcome {
    /// The page did not tell.
    #[default]
    Unknown,
    /// Refused, by the browser or the site.
    Failed,
    /// Taken.
    Succeeded,
}

/// Something from outside, before it is known whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Ingress {
    /// Where it came from, if from a source.
    pub source: Option<SourceId>,
    /// See [`CustomerEvent::occurred_at`]; `None` means now.
    pub occurred_at: Option<Timestamp>,
    /// Hash of (source, message id); `None` is never a duplicate.
    pub message_key: Option<u64>,
    /// What of it may be kept while the customer has said nothing.
    pub unsaid: Unsaid,
    /// Whom it concerns.
    pub subject: Subject,
}

/// Whom an [`Ingress`] concerns, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Whoever these identifiers belong to; the first is the one the event came with.
    /// An unknown set makes a new customer.
    Identified(Vec<Identifier>, CustomerBody),
    /// A known customer.
    Customer(CustomerId, CustomerBody),
    /// A known customer, in a widget session.
    Visitor(CustomerId, Asker, CustomerBody),
    /// Routing.
    Route(RouteEvent),
    /// The world changed.
    World(WorldFacts),
}
