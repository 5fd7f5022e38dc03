//! The records of timeline rows, conversations and things to send.

use overture_engine::model::GrantId;
use overture_engine::model::{
    AgentId, Author, ConversationRow, LedgerChange, OfferOptionKind, OfferView, Outbound,
    OutboxItem, TextLabel, TimelineBody,
};

use super::{
    article::ArticleFactRecord,
    call::{CallViewRecord, UtteranceViewRecord},
    callback::{CallbackRowRecord, CallbackTextRecord, CallbackViewRecord},
    chat::{AttachmentRecord, ChatStandingRecord},
    decision::OutcomeRecord,
    guide::{GuideFactRecord, read_fact, write_fact},
    pause::PauseChangeRecord,
    text::{MoodReadingRecord, NamedIssueRecord, TextIssueRecord, read_of, write_of},
    wire::{Problem, Reader, RecordError, Wire, Writer, pair, record, required, take},
};

/// What a timeline row says. `kind`: 1 page, 2 struggle, 3 custom, 4 identified, 5 offer,
/// 6 decision, 7 conversation, 8 message, 9 resolution, 10 grant, 11 merge, 40 callback,
/// 50 chat terms, 51 mail failed, 60 something done with an article, 70 pause, 80 guide, 90 consent, 100 mood, 102 labelled,
/// 101 revealed, 111 labelled with an issue, 112 issue, 114 call, 115 utterance.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TimelineRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    /// The path, the struggle's detail, the event's name or the rule's id.
    #[prost(string, tag = "2")]
    text: String,
    #[prost(uint32, tag = "3")]
    signal: u32,
    #[prost(uint32, repeated, tag = "4")]
    kinds: Vec<u32>,
    #[prost(message, optional, tag = "5")]
    offer: Option<OfferViewRecord>,
    #[prost(bytes = "vec", tag = "6")]
    decision: Vec<u8>,
    #[prost(message, optional, tag = "7")]
    outcome: Option<OutcomeRecord>,
    #[prost(bytes = "vec", tag = "8")]
    conversation: Vec<u8>,
    #[prost(uint32, tag = "9")]
    channel: u32,
    #[prost(uint32, tag = "10")]
    status: u32,
    #[prost(bytes = "vec", optional, tag = "11")]
    agent: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "12")]
    position: Option<u32>,
    #[prost(uint32, optional, tag = "13")]
    wait_s: Option<u32>,
    #[prost(bytes = "vec", tag = "14")]
    message: Vec<u8>,
    #[prost(message, optional, tag = "15")]
    author: Option<AuthorRecord>,
    #[prost(string, tag = "16")]
    client_key: String,
    /// The message or the notes.
    #[prost(bytes = "vec", tag = "17")]
    sealed: Vec<u8>,
    #[prost(uint32, tag = "18")]
    code: u32,
    #[prost(bytes = "vec", tag = "19")]
    grant: Vec<u8>,
    #[prost(message, optional, tag = "20")]
    change: Option<ChangeRecord>,
    #[prost(bytes = "vec", tag = "21")]
    other: Vec<u8>,
    #[prost(message, repeated, tag = "50")]
    attachments: Vec<AttachmentRecord>,
    #[prost(message, optional, tag = "70")]
    pause: Option<PauseChangeRecord>,
    /// How long a pause lasted, milliseconds.
    #[prost(uint64, optional, tag = "71")]
    lasted: Option<u64>,
    #[prost(uint32, tag = "90")]
    purpose: u32,
    #[prost(bool, tag = "91")]
    granted: bool,
    #[prost(uint32, tag = "92")]
    consent_by: u32,
    #[prost(message, optional, tag = "80")]
    guide: Option<GuideFactRecord>,
    #[prost(message, optional, boxed, tag = "40")]
    callback: Option<Box<CallbackViewRecord>>,
    #[prost(message, optional, tag = "60")]
    article: Option<ArticleFactRecord>,
    #[prost(message, optional, boxed, tag = "100")]
    mood: Option<Box<MoodReadingRecord>>,
    /// What a message was where identifiers in it were replaced.
    #[prost(bytes = "vec", optional, tag = "101")]
    original: Option<Vec<u8>>,
    /// The row that was revealed or labelled.
    #[prost(uint64, tag = "102")]
    row: u64,
    /// Of a labelled message.
    #[prost(uint32, tag = "103")]
    sentiment: u32,
    /// What a labelled message is about; none of the issues where it is not there.
    #[prost(string, optional, tag = "111")]
    named: Option<String>,
    /// The message that was read.
    #[prost(bytes = "vec", optional, tag = "112")]
    of_message: Option<Vec<u8>>,
    #[prost(message, optional, tag = "113")]
    issue: Option<TextIssueRecord>,
    #[prost(message, optional, tag = "114")]
    call: Option<CallViewRecord>,
    #[prost(message, optional, boxed, tag = "115")]
    utterance: Option<Box<UtteranceViewRecord>>,
}

impl Wire<TimelineRecord> for TimelineBody {
    fn write(&self, w: &mut Writer<'_>) -> TimelineRecord {
        let mut record = TimelineRecord::default();
        record.kind = match self {
            TimelineBody::Page { path } => {
                record.text = path.clone();
                1
            }
            TimelineBody::Struggle { signal, detail } => {
                record.signal = signal.write(w);
                record.text = detail.clone();
                2
            }
            TimelineBody::Custom { name } => {
                record.text = name.clone();
                3
            }
            TimelineBody::Identified { kinds } => {
                record.kinds = kinds.write(w);
                4
            }
            TimelineBody::Offer(view) => {
                record.offer = view.write(w);
                5
            }
            TimelineBody::Decision {
                decision,
                rule,
                outcome,
            } => {
                record.decision = decision.write(w);
                record.text = rule.clone();
                record.outcome = outcome.write(w);
                6
            }
            TimelineBody::Conversation {
                conversation,
                channel,
                status,
                agent,
                position,
                wait_s,
            } => {
                record.conversation = conversation.write(w);
                record.channel = channel.write(w);
                record.status = status.write(w);
                record.agent = agent.write(w);
                record.position = *position;
                record.wait_s = *wait_s;
                7
            }
            TimelineBody::Message {
                conversation,
                message,
                author,
                client_key,
                text,
                original,
                attachments,
            } => {
                record.conversation = conversation.write(w);
                record.message = message.write(w);
                record.author = author.write(w);
                record.client_key = client_key.clone();
                record.sealed = text.write(w);
                record.original = original.write(w);
                record.attachments = attachments.write(w);
                8
            }
            TimelineBody::Revealed { agent, row, reason } => {
                record.agent = Some(agent.write(w));
                record.row = *row;
                record.sealed = reason.write(w);
                101
            }
            TimelineBody::Labelled { agent, row, label } => {
                record.agent = Some(agent.write(w));
                record.row = *row;
                match label {
                    TextLabel::Sentiment(sentiment) => {
                        record.sentiment = sentiment.write(w);
                        102
                    }
                    TextLabel::Issue(named) => {
                        record.named = named.clone();
                        111
                    }
                }
            }
            TimelineBody::Issue { of, issue } => {
                (record.of_message, record.text) = write_of(of, w);
                record.issue = issue.write(w);
                112
            }
            TimelineBody::Call(view) => {
                record.call = view.write(w);
                114
            }
            TimelineBody::Utterance(view) => {
                record.utterance = Some(Box::new((**view).write(w)));
                115
            }
            TimelineBody::Mood(reading) => {
                record.mood = Some(Box::new((**reading).write(w)));
                100
            }
            TimelineBody::ChatTerms {
                conversation,
                terms,
            } => {
                record.conversation = conversation.write(w);
                record.text = terms.clone();
                50
            }
            TimelineBody::MailFailed {
                conversation,
                failure,
                detail,
            } => {
                record.conversation = conversation.write(w);
                record.code = failure.write(w);
                record.text = detail.clone();
                51
            }
            TimelineBody::Resolution {
                conversation,
                code,
                notes,
                agent,
            } => {
                record.conversation = conversation.write(w);
                record.code = code.write(w);
                record.sealed = notes.write(w);
                record.agent = Some(agent.write(w));
                9
            }
            TimelineBody::Grant { grant, change } => {
                record.grant = grant.write(w);
                record.change = change.write(w);
                10
            }
            TimelineBody::Pause {
                path,
                change,
                lasted,
            } => {
                record.text = path.clone();
                record.pause = change.write(w);
                record.lasted = lasted.write(w);
                70
            }
            TimelineBody::Guide { guide, step, fact } => {
                record.guide = Some(write_fact(*guide, *step, *fact, w));
                80
            }
            TimelineBody::Merge { other } => {
                record.other = other.write(w);
                11
            }
            TimelineBody::Consent {
                purpose,
                granted,
                by,
            } => {
                record.purpose = purpose.write(w);
                record.granted = *granted;
                record.consent_by = by.write(w);
                90
            }
            TimelineBody::Callback(view) => {
                record.callback = Some(view.write(w));
                40
            }
            TimelineBody::Article(fact) => {
                record.article = fact.write(w);
                60
            }
        };
        record
    }

    fn read(record: TimelineRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => TimelineBody::Page { path: record.text },
            2 => TimelineBody::Struggle {
                signal: take!(record.signal, TimelineRecord, r),
                detail: record.text,
            },
            3 => TimelineBody::Custom { name: record.text },
            4 => TimelineBody::Identified {
                kinds: take!(record.kinds, TimelineRecord, r),
            },
            5 => TimelineBody::Offer(take!(record.offer, TimelineRecord, r)),
            6 => TimelineBody::Decision {
                decision: take!(record.decision, TimelineRecord, r),
                rule: record.text,
                outcome: take!(record.outcome, TimelineRecord, r),
            },
            7 => TimelineBody::Conversation {
                conversation: take!(record.conversation, TimelineRecord, r),
                channel: take!(record.channel, TimelineRecord, r),
                status: take!(record.status, TimelineRecord, r),
                agent: take!(record.agent, TimelineRecord, r),
                position: record.position,
                wait_s: record.wait_s,
            },
            100 => TimelineBody::Mood(match record.mood {
                Some(reading) => Box::new(Wire::read(*reading, r)?),
                None => {
                    return Err(RecordError::from(Problem::Missing).at("TimelineRecord", "mood"));
                }
            }),
            8 => TimelineBody::Message {
                conversation: take!(record.conversation, TimelineRecord, r),
                message: take!(record.message, TimelineRecord, r),
                author: take!(record.author, TimelineRecord, r),
                client_key: record.client_key,
                text: take!(record.sealed, TimelineRecord, r),
                original: take!(record.original, TimelineRecord, r),
                attachments: take!(record.attachments, TimelineRecord, r),
            },
            9 => TimelineBody::Resolution {
                conversation: take!(record.conversation, TimelineRecord, r),
                code: take!(record.code, TimelineRecord, r),
                notes: take!(record.sealed, TimelineRecord, r),
                agent: present_agent(record.agent, r)?,
            },
            101 => TimelineBody::Revealed {
                agent: present_agent(record.agent, r)?,
                row: record.row,
                reason: take!(record.sealed, TimelineRecord, r),
            },
            102 => TimelineBody::Labelled {
                agent: present_agent(record.agent, r)?,
                row: record.row,
                label: TextLabel::Sentiment(take!(record.sentiment, TimelineRecord, r)),
            },
            111 => TimelineBody::Labelled {
                agent: present_agent(record.agent, r)?,
                row: record.row,
                label: TextLabel::Issue(record.named),
            },
            114 => TimelineBody::Call(take!(record.call, TimelineRecord, r)),
            115 => TimelineBody::Utterance(match record.utterance {
                Some(view) => Box::new(Wire::read(*view, r)?),
                None => {
                    return Err(
                        RecordError::from(Problem::Missing).at("TimelineRecord", "utterance")
                    );
                }
            }),
            112 => TimelineBody::Issue {
                of: read_of(record.of_message, record.text, r)?,
                issue: take!(record.issue, TimelineRecord, r),
            },
            10 => TimelineBody::Grant {
                grant: take!(record.grant, TimelineRecord, r),
                change: take!(record.change, TimelineRecord, r),
            },
            80 => {
                let (guide, step, fact) = read_fact(record.guide, r)?;
                TimelineBody::Guide { guide, step, fact }
            }
            70 => TimelineBody::Pause {
                path: record.text,
                change: take!(record.pause, TimelineRecord, r),
                lasted: take!(record.lasted, TimelineRecord, r),
            },
            11 => TimelineBody::Merge {
                other: take!(record.other, TimelineRecord, r),
            },
            50 => TimelineBody::ChatTerms {
                conversation: take!(record.conversation, TimelineRecord, r),
                terms: record.text,
            },
            51 => TimelineBody::MailFailed {
                conversation: take!(record.conversation, TimelineRecord, r),
                failure: take!(record.code, TimelineRecord, r),
                detail: record.text,
            },
            90 => TimelineBody::Consent {
                purpose: take!(record.purpose, TimelineRecord, r),
                granted: record.granted,
                by: take!(record.consent_by, TimelineRecord, r),
            },
            40 => match record.callback {
                Some(view) => TimelineBody::Callback(Wire::read(view, r)?),
                None => {
                    return Err(
                        RecordError::from(Problem::Missing).at("TimelineRecord", "callback")
                    );
                }
            },
            60 => TimelineBody::Article(take!(record.article, TimelineRecord, r)),
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("TimelineRecord", "kind")
                );
            }
        })
    }
}

fn present_agent(agent: Option<Vec<u8>>, r: Reader<'_>) -> Result<AgentId, RecordError> {
    match agent {
        Some(agent) => Wire::read(agent, r),
        None => Err(RecordError::from(Problem::Missing).at("TimelineRecord", "agent")),
    }
}

record! {
    /// An offer as a timeline row shows it.
    OfferViewRecord for OfferView {
        #[prost(bytes = "vec", tag = "1")]
        offer: Vec<u8>,
        #[prost(uint32, tag = "2")]
        style: u32,
        #[prost(uint32, tag = "3")]
        stage: u32,
        #[prost(string, tag = "4")]
        rule: String,
        #[prost(message, repeated, tag = "5")]
        options: Vec<OptionWaitRecord>,
        #[prost(message, optional, tag = "6")]
        grant: Option<GrantGenerationRecord>,
        #[prost(int64, tag = "7")]
        expires_at: i64,
        #[prost(string, tag = "8")]
        why: String,
    }
}

pair! {
    /// An option with its expected wait.
    OptionWaitRecord for (OfferOptionKind, Option<u32>) {
        #[prost(uint32, tag = "1")]
        option: u32,
        #[prost(uint32, optional, tag = "2")]
        wait_s: Option<u32>,
    }
}

pair! {
    /// A grant with its token's generation.
    GrantGenerationRecord for (GrantId, u32) {
        #[prost(bytes = "vec", tag = "1")]
        grant: Vec<u8>,
        #[prost(uint32, tag = "2")]
        generation: u32,
    }
}

/// Who wrote. `kind`: 1 customer, 2 agent, 3 system.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AuthorRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    agent: Vec<u8>,
}

impl Wire<AuthorRecord> for Author {
    fn write(&self, w: &mut Writer<'_>) -> AuthorRecord {
        let (kind, agent) = match self {
            Author::Customer => (1, Vec::new()),
            Author::Agent(agent) => (2, agent.write(w)),
            Author::System => (3, Vec::new()),
        };
        AuthorRecord { kind, agent }
    }

    fn read(record: AuthorRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => Author::Customer,
            2 => Author::Agent(take!(record.agent, AuthorRecord, r)),
            3 => Author::System,
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("AuthorRecord", "kind")
                );
            }
        })
    }
}

required!(AuthorRecord for Author);

/// What happened to a grant. `kind`: 1 issued, 2 held, 3 connected, 4 released, 5 denied,
/// 6 expired, 7 revoked, 8 carried, 9 boosted, 10 decayed (`limit` is the boost then). The ledger's hashes are over these bytes too.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ChangeRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(uint32, tag = "2")]
    limit: u32,
    #[prost(bytes = "vec", tag = "3")]
    redemption: Vec<u8>,
    #[prost(uint32, tag = "4")]
    denial: u32,
    #[prost(fixed64, tag = "5")]
    rule: u64,
}

impl Wire<ChangeRecord> for LedgerChange {
    fn write(&self, w: &mut Writer<'_>) -> ChangeRecord {
        let mut record = ChangeRecord::default();
        record.kind = match self {
            LedgerChange::Issued { limit } => {
                record.limit = *limit;
                1
            }
            LedgerChange::Held(redemption) => {
                record.redemption = redemption.write(w);
                2
            }
            LedgerChange::Connected(redemption) => {
                record.redemption = redemption.write(w);
                3
            }
            LedgerChange::Released(redemption) => {
                record.redemption = redemption.write(w);
                4
            }
            LedgerChange::Denied(denial) => {
                record.denial = denial.write(w);
                5
            }
            LedgerChange::Expired => 6,
            LedgerChange::Revoked => 7,
            LedgerChange::Carried => 8,
            LedgerChange::Boosted { rule, boost } => {
                record.rule = rule.write(w);
                record.limit = *boost;
                9
            }
            LedgerChange::Decayed { boost } => {
                record.limit = *boost;
                10
            }
        };
        record
    }

    fn read(record: ChangeRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => LedgerChange::Issued {
                limit: record.limit,
            },
            2 => LedgerChange::Held(take!(record.redemption, ChangeRecord, r)),
            3 => LedgerChange::Connected(take!(record.redemption, ChangeRecord, r)),
            4 => LedgerChange::Released(take!(record.redemption, ChangeRecord, r)),
            5 => LedgerChange::Denied(take!(record.denial, ChangeRecord, r)),
            6 => LedgerChange::Expired,
            7 => LedgerChange::Revoked,
            8 => LedgerChange::Carried,
            9 => LedgerChange::Boosted {
                rule: take!(record.rule, ChangeRecord, r),
                boost: record.limit,
            },
            10 => LedgerChange::Decayed {
                boost: record.limit,
            },
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("ChangeRecord", "kind")
                );
            }
        })
    }
}

required!(ChangeRecord for LedgerChange);

record! {
    /// A conversation as lists show it.
    ConversationRecord for ConversationRow {
        #[prost(bytes = "vec", tag = "1")]
        conversation: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        customer: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        request: Vec<u8>,
        #[prost(uint32, tag = "4")]
        channel: u32,
        #[prost(uint32, tag = "5")]
        status: u32,
        #[prost(bytes = "vec", optional, tag = "6")]
        agent: Option<Vec<u8>>,
        #[prost(int64, tag = "7")]
        started_at: i64,
        #[prost(int64, tag = "8")]
        last_at: i64,
        #[prost(message, optional, tag = "9")]
        last_author: Option<AuthorRecord>,
        #[prost(bytes = "vec", optional, tag = "10")]
        last_text: Option<Vec<u8>>,
        #[prost(bytes = "vec", optional, tag = "11")]
        phone: Option<Vec<u8>>,
        #[prost(uint32, optional, tag = "12")]
        code: Option<u32>,
        #[prost(message, optional, tag = "50")]
        chat: Option<ChatStandingRecord>,
        #[prost(message, optional, tag = "40")]
        callback: Option<CallbackRowRecord>,
        #[prost(message, optional, tag = "111")]
        issue: Option<NamedIssueRecord>,
        #[prost(bytes = "vec", optional, tag = "120")]
        grant: Option<Vec<u8>>,
    }
}

/// Something to send. `kind`: 1 alert, 40 text message, 50 chat mail.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OutboxRecord {
    #[prost(bytes = "vec", tag = "1")]
    delivery: Vec<u8>,
    #[prost(int64, tag = "2")]
    at: i64,
    #[prost(uint32, tag = "3")]
    kind: u32,
    #[prost(bytes = "vec", tag = "4")]
    customer: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    decision: Vec<u8>,
    #[prost(string, tag = "6")]
    rule: String,
    #[prost(string, tag = "7")]
    text: String,
    #[prost(bytes = "vec", tag = "50")]
    conversation: Vec<u8>,
    #[prost(bytes = "vec", tag = "51")]
    to: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "52")]
    messages: Vec<Vec<u8>>,
    #[prost(string, optional, tag = "53")]
    language: Option<String>,
    #[prost(bytes = "vec", optional, tag = "54")]
    source: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "55")]
    device: Option<Vec<u8>>,
    #[prost(uint32, tag = "56")]
    generation: u32,
    #[prost(message, optional, boxed, tag = "40")]
    sms: Option<Box<CallbackTextRecord>>,
}

impl Wire<OutboxRecord> for OutboxItem {
    fn write(&self, w: &mut Writer<'_>) -> OutboxRecord {
        match &self.what {
            Outbound::Alert {
                customer,
                decision,
                rule,
                text,
            } => OutboxRecord {
                delivery: self.delivery.write(w),
                at: self.at.write(w),
                kind: 1,
                customer: customer.write(w),
                decision: decision.write(w),
                rule: rule.clone(),
                text: text.clone(),
                ..OutboxRecord::default()
            },
            Outbound::ChatMail {
                customer,
                conversation,
                to,
                messages,
                language,
                source,
                device,
                generation,
            } => OutboxRecord {
                delivery: self.delivery.write(w),
                at: self.at.write(w),
                kind: 50,
                customer: customer.write(w),
                conversation: conversation.write(w),
                to: to.write(w),
                messages: messages.write(w),
                language: language.clone(),
                source: source.write(w),
                device: device.write(w),
                generation: *generation,
                ..OutboxRecord::default()
            },
            Outbound::Sms(text) => OutboxRecord {
                delivery: self.delivery.write(w),
                at: self.at.write(w),
                kind: 40,
                sms: Some(text.write(w)),
                ..OutboxRecord::default()
            },
        }
    }

    fn read(record: OutboxRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(OutboxItem {
            delivery: take!(record.delivery, OutboxRecord, r),
            at: take!(record.at, OutboxRecord, r),
            what: match record.kind {
                1 => Outbound::Alert {
                    customer: take!(record.customer, OutboxRecord, r),
                    decision: take!(record.decision, OutboxRecord, r),
                    rule: record.rule,
                    text: record.text,
                },
                50 => Outbound::ChatMail {
                    customer: take!(record.customer, OutboxRecord, r),
                    conversation: take!(record.conversation, OutboxRecord, r),
                    to: take!(record.to, OutboxRecord, r),
                    messages: take!(record.messages, OutboxRecord, r),
                    language: record.language,
                    source: take!(record.source, OutboxRecord, r),
                    device: take!(record.device, OutboxRecord, r),
                    generation: record.generation,
                },
                40 => match record.sms {
                    Some(text) => Outbound::Sms(Wire::read(text, r)?),
                    None => {
                        return Err(RecordError::from(Problem::Missing).at("OutboxRecord", "sms"));
                    }
                },
                other => {
                    return Err(
                        RecordError::from(Problem::Number(other.into())).at("OutboxRecord", "kind")
                    );
                }
            },
        })
    }
}
