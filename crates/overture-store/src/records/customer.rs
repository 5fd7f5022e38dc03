//! The record of a customer's state.

use overture_engine::model::{
    Browser, ChannelKind, ClickPoint, Consent, ConversationState, ConversationStatus,
    CustomerState, Decayed, Features, FormFault, GrantId, GrantState, IdentifierKind,
    IdentityLevel, KnownLink, NeedLevel, NeedState, OfferOptionKind, OfferStage, OfferState,
    OfferStyle, Permission, Redemption, RedemptionId, RedemptionStanding, RuleStanding, SIGNALS,
    SentMessage, Session, Signal, Suppression, Timestamp, Trail, TrailItem,
};

use super::article::ReadingRecord;
use super::call::{CallStateRecord, ToneRecord};
use super::callback::{CallbackRefusalRecord, CallbackStateRecord};
use super::chat::ChatStateRecord;
use super::pause::SmartPauseRecord;
use super::text::{MoodRecord, NamedIssueRecord};
use super::wire::{
    Problem, Reader, RecordError, Wire, Writer, numbers, pair, record, required, take,
};

numbers! {
    Consent { 0 = Unset, 1 = Granted, 2 = Denied, }
    NeedLevel { 0 = Low, 1 = Medium, 2 = High, }
    IdentityLevel { 0 = Anonymous, 1 = Claimed, 2 = Verified, }
    IdentifierKind { 0 = Anonymous, 1 = Device, 2 = UserId, 3 = Email, 4 = Phone, }
    ChannelKind { 0 = Chat, 1 = Callback, }
    OfferStyle { 0 = Prompt, 1 = Banner, 2 = Guide, }
    OfferOptionKind { 0 = Callback, 1 = Chat, 2 = Faq, 3 = SmartPause, }
    ConversationStatus { 0 = Queued, 1 = Assigned, 2 = Ended, 3 = NoAgent, 4 = Scheduled, }
    RedemptionStanding { 0 = Held, 1 = Connected, 2 = Released, 3 = Denied, }
    Signal {
        0 = PageView, 1 = Click, 2 = FormSubmit, 3 = FailedSubmit, 4 = FormError, 5 = RageClick,
        6 = DeadClick, 7 = SlowClick, 8 = QuickBack, 9 = Thrash, 10 = Hesitation,
        11 = FormStruggle,
    }
}

record! {
    /// One customer.
    CustomerRecord for CustomerState {
        #[prost(bytes = "vec", tag = "1")]
        customer: Vec<u8>,
        #[prost(uint64, tag = "2")]
        applied: u64,
        #[prost(int64, tag = "3")]
        created_at: i64,
        #[prost(int64, tag = "4")]
        last_seen_at: i64,
        #[prost(bytes = "vec", optional, tag = "5")]
        merged_into: Option<Vec<u8>>,
        #[prost(bytes = "vec", repeated, tag = "6")]
        merges: Vec<Vec<u8>>,
        #[prost(message, repeated, tag = "7")]
        links: Vec<KnownLinkRecord>,
        #[prost(message, optional, tag = "8")]
        permission: Option<PermissionRecord>,
        #[prost(message, optional, tag = "9")]
        features: Option<FeaturesRecord>,
        #[prost(message, optional, tag = "10")]
        need: Option<NeedRecord>,
        #[prost(message, optional, boxed, tag = "100")]
        mood: Option<Box<MoodRecord>>,
        #[prost(message, optional, tag = "11")]
        session: Option<SessionRecord>,
        #[prost(uint32, tag = "12")]
        visits: u32,
        #[prost(uint32, tag = "13")]
        past_requests: u32,
        #[prost(message, repeated, tag = "14")]
        rules: Vec<RuleStandingRecord>,
        #[prost(message, optional, tag = "15")]
        suppression: Option<SuppressionRecord>,
        #[prost(message, optional, tag = "16")]
        shadow_suppression: Option<SuppressionRecord>,
        #[prost(message, optional, tag = "17")]
        offer: Option<OfferRecord>,
        #[prost(message, repeated, tag = "18")]
        grants: Vec<GrantRecord>,
        #[prost(message, optional, tag = "19")]
        conversation: Option<ConversationStateRecord>,
        #[prost(message, repeated, tag = "20")]
        trail: Vec<TrailRecord>,
        #[prost(uint64, tag = "21")]
        timeline_seq: u64,
        #[prost(int64, optional, tag = "22")]
        wake_at: Option<i64>,
        #[prost(message, optional, tag = "70")]
        smart_pause: Option<SmartPauseRecord>,
        #[prost(fixed64, repeated, tag = "80")]
        guides_seen: Vec<u64>,
        #[prost(message, optional, boxed, tag = "40")]
        scheduled: Option<Box<ConversationStateRecord>>,
        #[prost(message, optional, tag = "41")]
        callback_refusal: Option<CallbackRefusalRecord>,
        #[prost(message, optional, boxed, tag = "60")]
        reading: Option<Box<ReadingRecord>>,
        #[prost(message, repeated, tag = "90")]
        browsers: Vec<BrowserRecord>,
        #[prost(message, repeated, tag = "91")]
        beside: Vec<ConversationStateRecord>,
        #[prost(message, repeated, tag = "114")]
        calls: Vec<CallStateRecord>,
        #[prost(message, optional, boxed, tag = "115")]
        tone: Option<Box<ToneRecord>>,
    }
}

record! {
    /// A browser in which the widget ran.
    BrowserRecord for Browser {
        #[prost(bytes = "vec", tag = "1")]
        device: Vec<u8>,
        #[prost(bytes = "vec", optional, tag = "2")]
        anonymous: Option<Vec<u8>>,
    }
}

record! {
    /// An identifier that points to the customer.
    KnownLinkRecord for KnownLink {
        #[prost(uint32, tag = "1")]
        kind: u32,
        #[prost(bytes = "vec", tag = "2")]
        key: Vec<u8>,
        #[prost(uint32, tag = "3")]
        level: u32,
    }
}

record! {
    /// What the customer allows.
    PermissionRecord for Permission {
        #[prost(uint32, tag = "1")]
        analyse_behaviour: u32,
        #[prost(uint32, tag = "2")]
        contact: u32,
        #[prost(bool, tag = "3")]
        opted_out: bool,
        #[prost(string, optional, tag = "4")]
        time_zone: Option<String>,
        #[prost(string, optional, tag = "5")]
        language: Option<String>,
        #[prost(uint32, tag = "114")]
        analyse_voice: u32,
    }
}

/// What the customer did. Counters that never counted are left out.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FeaturesRecord {
    #[prost(message, repeated, tag = "1")]
    counters: Vec<CounterRecord>,
    #[prost(message, repeated, tag = "2")]
    clicks: Vec<ClickPointRecord>,
    #[prost(message, repeated, tag = "3")]
    faults: Vec<FormFaultRecord>,
    #[prost(uint32, tag = "4")]
    page_active_ms: u32,
    #[prost(uint32, tag = "5")]
    session_active_ms: u32,
    #[prost(uint32, tag = "6")]
    scroll_depth_percent: u32,
    #[prost(int64, tag = "7")]
    page_opened_at: i64,
    #[prost(int64, optional, tag = "8")]
    page_left_at: Option<i64>,
}

/// One signal's decayed counts.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CounterRecord {
    #[prost(uint32, tag = "1")]
    signal: u32,
    #[prost(float, repeated, tag = "2")]
    values: Vec<f32>,
    #[prost(int64, tag = "3")]
    at: i64,
}

impl Wire<FeaturesRecord> for Features {
    fn write(&self, writer: &mut Writer<'_>) -> FeaturesRecord {
        FeaturesRecord {
            counters: (0u32..)
                .zip(&self.counters)
                .filter(|(_, counter)| **counter != Decayed::default())
                .map(|(signal, counter)| CounterRecord {
                    signal,
                    values: counter.values.to_vec(),
                    at: counter.at.0,
                })
                .collect(),
            clicks: self.clicks.write(writer),
            faults: self.faults.write(writer),
            page_active_ms: self.page_active_ms,
            session_active_ms: self.session_active_ms,
            scroll_depth_percent: self.scroll_depth_percent.into(),
            page_opened_at: self.page_opened_at.0,
            page_left_at: self.page_left_at.map(|at| at.0),
        }
    }

    fn read(record: FeaturesRecord, reader: Reader<'_>) -> Result<Self, RecordError> {
        let mut counters = [Decayed::default(); SIGNALS];
        for counter in record.counters {
            let slot = counters
                .get_mut(counter.signal as usize)
                .ok_or(Problem::Number(counter.signal.into()))
                .map_err(|problem| RecordError::from(problem).at("CounterRecord", "signal"))?;
            let values = counter.values;
            slot.values = values.as_slice().try_into().map_err(|_| {
                RecordError::from(Problem::Length(values.len())).at("CounterRecord", "values")
            })?;
            slot.at = Timestamp(counter.at);
        }
        Ok(Features {
            counters,
            clicks: take!(record.clicks, FeaturesRecord, reader),
            faults: take!(record.faults, FeaturesRecord, reader),
            page_active_ms: record.page_active_ms,
            session_active_ms: record.session_active_ms,
            scroll_depth_percent: take!(record.scroll_depth_percent, FeaturesRecord, reader),
            page_opened_at: Timestamp(record.page_opened_at),
            page_left_at: record.page_left_at.map(Timestamp),
        })
    }
}

required!(FeaturesRecord for Features);

record! {
    /// Where and when a click was.
    ClickPointRecord for ClickPoint {
        #[prost(float, tag = "1")]
        x_px: f32,
        #[prost(float, tag = "2")]
        y_px: f32,
        #[prost(int64, tag = "3")]
        at: i64,
    }
}

record! {
    /// A refused submit or a field's error.
    FormFaultRecord for FormFault {
        #[prost(fixed64, tag = "1")]
        field: u64,
        #[prost(int64, tag = "2")]
        at: i64,
    }
}

record! {
    /// How much help is needed.
    NeedRecord for NeedState {
        #[prost(double, tag = "1")]
        score: f64,
        #[prost(uint32, tag = "2")]
        level: u32,
        #[prost(int64, tag = "3")]
        level_since: i64,
        #[prost(message, optional, tag = "4")]
        pending: Option<PendingLevelRecord>,
        #[prost(int64, tag = "5")]
        computed_at: i64,
    }
}

pair! {
    /// A level that is asked for, and since when.
    PendingLevelRecord for (NeedLevel, Timestamp) {
        #[prost(uint32, tag = "1")]
        level: u32,
        #[prost(int64, tag = "2")]
        since: i64,
    }
}

record! {
    /// The visit under way.
    SessionRecord for Session {
        #[prost(bytes = "vec", tag = "1")]
        session: Vec<u8>,
        #[prost(int64, tag = "2")]
        started_at: i64,
        #[prost(int64, tag = "3")]
        last_at: i64,
        #[prost(uint32, tag = "4")]
        level: u32,
        #[prost(bytes = "vec", optional, tag = "5")]
        device: Option<Vec<u8>>,
        #[prost(string, tag = "6")]
        path: String,
        #[prost(int64, tag = "7")]
        path_since: i64,
        #[prost(bytes = "vec", optional, tag = "80")]
        source: Option<Vec<u8>>,
        #[prost(message, optional, boxed, tag = "111")]
        issue: Option<Box<NamedIssueRecord>>,
    }
}

record! {
    /// Where a rule stands.
    RuleStandingRecord for RuleStanding {
        #[prost(fixed64, tag = "1")]
        rule: u64,
        #[prost(int64, optional, tag = "2")]
        met_since: Option<i64>,
        #[prost(bool, tag = "3")]
        handled: bool,
        #[prost(bytes = "vec", optional, tag = "4")]
        session: Option<Vec<u8>>,
        #[prost(uint32, tag = "5")]
        recorded: u32,
    }
}

record! {
    /// What holds contact back.
    SuppressionRecord for Suppression {
        #[prost(float, tag = "1")]
        tokens: f32,
        #[prost(int64, tag = "2")]
        tokens_at: i64,
        #[prost(int64, tag = "3")]
        cooling_until: i64,
        #[prost(int64, tag = "4")]
        declined_until: i64,
        #[prost(bool, tag = "5")]
        waived: bool,
    }
}

record! {
    /// The live offer.
    OfferRecord for OfferState {
        #[prost(bytes = "vec", tag = "1")]
        offer: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        decision: Vec<u8>,
        #[prost(fixed64, tag = "3")]
        rule: u64,
        #[prost(uint32, tag = "4")]
        style: u32,
        #[prost(uint32, tag = "5")]
        stage: u32,
        #[prost(uint32, repeated, tag = "6")]
        options: Vec<u32>,
        #[prost(bool, tag = "7")]
        seat: bool,
        #[prost(bytes = "vec", optional, tag = "8")]
        grant: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "9")]
        device: Option<Vec<u8>>,
        #[prost(int64, tag = "10")]
        made_at: i64,
        #[prost(int64, tag = "11")]
        expires_at: i64,
    }
}

/// An offer's stage as one number: an accepted one is 16 and its option.
impl Wire<u32> for OfferStage {
    fn write(&self, writer: &mut Writer<'_>) -> u32 {
        match self {
            OfferStage::Eligible => 0,
            OfferStage::Reserved => 1,
            OfferStage::Shown => 2,
            OfferStage::Dismissed => 3,
            OfferStage::Ignored => 4,
            OfferStage::Withdrawn => 5,
            OfferStage::Expired => 6,
            OfferStage::Completed => 7,
            OfferStage::Accepted(option) => 16 + option.write(writer),
        }
    }

    fn read(record: u32, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record {
            0 => OfferStage::Eligible,
            1 => OfferStage::Reserved,
            2 => OfferStage::Shown,
            3 => OfferStage::Dismissed,
            4 => OfferStage::Ignored,
            5 => OfferStage::Withdrawn,
            6 => OfferStage::Expired,
            7 => OfferStage::Completed,
            16.. => OfferStage::Accepted(OfferOptionKind::read(record - 16, reader)?),
            other => return Err(Problem::Number(other.into()).into()),
        })
    }
}

record! {
    /// A grant as it stands.
    GrantRecord for GrantState {
        #[prost(bytes = "vec", tag = "1")]
        grant: Vec<u8>,
        #[prost(uint32, tag = "2")]
        base_limit: u32,
        #[prost(uint32, tag = "3")]
        boost: u32,
        #[prost(uint32, tag = "4")]
        used: u32,
        #[prost(uint32, tag = "5")]
        held: u32,
        #[prost(uint32, repeated, tag = "6")]
        channels: Vec<u32>,
        #[prost(int64, tag = "7")]
        issued_at: i64,
        #[prost(int64, tag = "8")]
        expires_at: i64,
        #[prost(bool, tag = "9")]
        revoked: bool,
        #[prost(uint32, tag = "10")]
        generation: u32,
        #[prost(message, repeated, tag = "11")]
        redemptions: Vec<RedemptionRecord>,
        #[prost(fixed64, optional, tag = "12")]
        issue_key: Option<u64>,
        #[prost(int64, tag = "120")]
        boosted_at: i64,
        #[prost(uint64, tag = "121")]
        boost_half_life: u64,
    }
}

record! {
    /// One use of a grant.
    RedemptionRecord for Redemption {
        #[prost(bytes = "vec", tag = "1")]
        redemption: Vec<u8>,
        #[prost(fixed64, tag = "2")]
        key: u64,
        #[prost(uint32, tag = "3")]
        standing: u32,
        #[prost(int64, tag = "4")]
        received_at: i64,
    }
}

record! {
    /// The open conversation.
    ConversationStateRecord for ConversationState {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        request: Vec<u8>,
        #[prost(uint32, tag = "3")]
        channel: u32,
        #[prost(uint32, tag = "4")]
        status: u32,
        #[prost(bytes = "vec", optional, tag = "5")]
        agent: Option<Vec<u8>>,
        #[prost(int64, tag = "6")]
        started_at: i64,
        #[prost(message, optional, tag = "7")]
        redemption: Option<HeldUseRecord>,
        #[prost(bytes = "vec", optional, tag = "8")]
        offer: Option<Vec<u8>>,
        #[prost(fixed64, tag = "9")]
        key: u64,
        #[prost(bytes = "vec", optional, tag = "10")]
        device: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "11")]
        phone: Option<Vec<u8>>,
        #[prost(message, repeated, tag = "12")]
        recent: Vec<SentMessageRecord>,
        #[prost(message, optional, tag = "50")]
        chat: Option<ChatStateRecord>,
        #[prost(message, optional, boxed, tag = "40")]
        callback: Option<Box<CallbackStateRecord>>,
        #[prost(message, repeated, tag = "111")]
        issues: Vec<NamedIssueRecord>,
    }
}

pair! {
    /// The use of a grant that a conversation holds.
    HeldUseRecord for (GrantId, RedemptionId) {
        #[prost(bytes = "vec", tag = "1")]
        grant: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        redemption: Vec<u8>,
    }
}

record! {
    /// A message already taken.
    SentMessageRecord for SentMessage {
        #[prost(fixed64, tag = "1")]
        key: u64,
        #[prost(bytes = "vec", tag = "2")]
        message: Vec<u8>,
        #[prost(uint64, tag = "3")]
        timeline_seq: u64,
    }
}

/// Something recently done. `kind`: 1 page, 2 struggle, 3 custom.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TrailRecord {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(uint32, tag = "2")]
    kind: u32,
    #[prost(string, tag = "3")]
    text: String,
    #[prost(uint32, tag = "4")]
    signal: u32,
}

impl Wire<TrailRecord> for TrailItem {
    fn write(&self, writer: &mut Writer<'_>) -> TrailRecord {
        let (kind, text, signal) = match &self.what {
            Trail::Page { path } => (1, path.clone(), 0),
            Trail::Struggle { signal, detail } => (2, detail.clone(), signal.write(writer)),
            Trail::Custom { name } => (3, name.clone(), 0),
        };
        TrailRecord {
            at: self.at.0,
            kind,
            text,
            signal,
        }
    }

    fn read(record: TrailRecord, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(TrailItem {
            at: Timestamp(record.at),
            what: match record.kind {
                1 => Trail::Page { path: record.text },
                2 => Trail::Struggle {
                    signal: take!(record.signal, TrailRecord, reader),
                    detail: record.text,
                },
                3 => Trail::Custom { name: record.text },
                other => {
                    return Err(
                        RecordError::from(Problem::Number(other.into())).at("TrailRecord", "kind")
                    );
                }
            },
        })
    }
}
