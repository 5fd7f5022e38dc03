//! The records of customer events that are not behaviour.

use overture_engine::model::{
    ConsentSource, CustomerBody, CustomerId, DismissedHow, GrantTerms, Identifier, LabelledText,
    PauseChange, Private, Purpose, ResolutionCode, Seq, SessionStarted, TextLabel, TextScore,
};

use super::{
    article::ArticleFactRecord,
    call::CallFactRecord,
    callback::{CallbackAskRecord, CallbackOfferRecord, SlotRecord},
    chat::{AttachmentRecord, ChatDetailsRecord, ChatReadRecord, MailFailedRecord},
    customer::CustomerRecord,
    guide::{GuideFactRecord, read_fact, write_fact},
    pause::PauseChangeRecord,
    route::RouteToCustomerRecord,
    text::TextScoreRecord,
    wire::{Problem, Reader, RecordError, SealedPair, Wire, Writer, numbers, record, take},
};

numbers! {
    Purpose { 0 = AnalyseBehaviour, 1 = Contact, 2 = AnalyseVoice, }
    ConsentSource { 0 = Api, 1 = Gpc, 2 = Tcf, 3 = ConsentMode, 4 = Segment, }
    DismissedHow { 0 = NotNow, 1 = Never, 2 = Ignored, }
    ResolutionCode {
        0 = Solved, 1 = Workaround, 2 = NoFix, 3 = Spam, 4 = CallbackNoAnswer, 5 = Other,
        6 = Reached, 7 = Voicemail, 8 = WrongPerson,
    }
}

record! {
    /// An identifier as it came in.
    IdentifierRecord for Identifier {
        #[prost(uint32, tag = "1")]
        kind: u32,
        #[prost(bytes = "vec", tag = "2")]
        key: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        value: Vec<u8>,
        #[prost(uint32, tag = "4")]
        level: u32,
    }
}

record! {
    /// A widget session.
    SessionStartedRecord for SessionStarted {
        #[prost(bytes = "vec", tag = "1")]
        device: Vec<u8>,
        #[prost(uint32, tag = "2")]
        level: u32,
        #[prost(string, tag = "3")]
        path: String,
        #[prost(string, optional, tag = "4")]
        time_zone: Option<String>,
        #[prost(string, optional, tag = "5")]
        language: Option<String>,
        #[prost(bytes = "vec", optional, tag = "6")]
        anonymous: Option<Vec<u8>>,
    }
}

record! {
    /// What a grant allows.
    GrantTermsRecord for GrantTerms {
        #[prost(uint32, tag = "1")]
        limit: u32,
        #[prost(uint64, tag = "2")]
        ttl: u64,
        #[prost(uint32, repeated, tag = "3")]
        channels: Vec<u32>,
    }
}

/// Every customer event that is not behaviour. `kind`: 1 session started, 2 identified,
/// 3 consent, 4 offer shown, 5 offer accepted, 6 offer dismissed, 7 offers wanted,
/// 8 help requested, 9 customer's message, 10 customer ended, 11 agent's message,
/// 12 agent resolved, 13 grant issued, 14 grant revoked, 15 grant redeemed, 16 from
/// routing, 17 merge out, 18 merge in, 19 tick, 40 callback asked, 41 moved, 42 cancelled,
/// 43 called, 50 chat details, 51 chat read, 52 chat presence, 53 mail failed, 60 something done
/// with an article, 70 pausable, 71 pause, 80 guide, 101 revealed, 102 read again, 104 labelled,
/// 111 labelled with an issue, 114 something in a call.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CustomerBodyRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(message, optional, tag = "2")]
    session: Option<SessionStartedRecord>,
    #[prost(message, repeated, tag = "3")]
    identifiers: Vec<IdentifierRecord>,
    #[prost(message, repeated, tag = "4")]
    traits: Vec<SealedPair>,
    #[prost(uint32, tag = "5")]
    purpose: u32,
    #[prost(bool, tag = "6")]
    granted: bool,
    #[prost(bytes = "vec", tag = "7")]
    offer: Vec<u8>,
    #[prost(uint32, tag = "8")]
    option: u32,
    #[prost(bytes = "vec", optional, tag = "9")]
    grant: Option<Vec<u8>>,
    #[prost(fixed64, tag = "10")]
    key: u64,
    #[prost(bytes = "vec", optional, tag = "11")]
    phone: Option<Vec<u8>>,
    #[prost(uint32, tag = "12")]
    how: u32,
    #[prost(uint32, tag = "13")]
    channel: u32,
    #[prost(bytes = "vec", optional, tag = "14")]
    text: Option<Vec<u8>>,
    #[prost(bytes = "vec", tag = "15")]
    conversation: Vec<u8>,
    #[prost(string, tag = "16")]
    client_key: String,
    #[prost(bytes = "vec", tag = "17")]
    agent: Vec<u8>,
    #[prost(uint32, tag = "18")]
    code: u32,
    #[prost(message, optional, tag = "19")]
    terms: Option<GrantTermsRecord>,
    #[prost(uint32, tag = "20")]
    generation: u32,
    #[prost(message, optional, tag = "21")]
    route: Option<RouteToCustomerRecord>,
    #[prost(bytes = "vec", tag = "22")]
    merge: Vec<u8>,
    #[prost(bytes = "vec", tag = "23")]
    into: Vec<u8>,
    #[prost(message, optional, boxed, tag = "24")]
    from: Option<Box<CustomerRecord>>,
    #[prost(message, repeated, tag = "50")]
    attachments: Vec<AttachmentRecord>,
    #[prost(message, optional, tag = "51")]
    chat_details: Option<ChatDetailsRecord>,
    #[prost(message, optional, tag = "52")]
    chat_read: Option<ChatReadRecord>,
    #[prost(int64, optional, tag = "53")]
    left_at: Option<i64>,
    /// Of a pause: the page.
    #[prost(string, tag = "70")]
    path: String,
    #[prost(bool, tag = "71")]
    pausable: bool,
    #[prost(message, optional, tag = "72")]
    pause: Option<PauseChangeRecord>,
    #[prost(uint32, tag = "90")]
    consent_by: u32,
    #[prost(message, optional, tag = "80")]
    guide: Option<GuideFactRecord>,
    #[prost(bytes = "vec", optional, tag = "81")]
    guide_offer: Option<Vec<u8>>,
    #[prost(message, optional, boxed, tag = "40")]
    ask: Option<Box<CallbackAskRecord>>,
    #[prost(message, optional, tag = "41")]
    callback_offer: Option<CallbackOfferRecord>,
    #[prost(message, optional, tag = "42")]
    slot: Option<SlotRecord>,
    #[prost(bytes = "vec", optional, tag = "43")]
    by: Option<Vec<u8>>,
    #[prost(uint32, tag = "44")]
    outcome: u32,
    #[prost(message, optional, tag = "60")]
    article: Option<ArticleFactRecord>,
    #[prost(message, optional, tag = "54")]
    mail_failed: Option<MailFailedRecord>,
    /// The row of the timeline that was revealed.
    #[prost(uint64, tag = "101")]
    row: u64,
    /// Of a second reading: the input that the text came with.
    #[prost(uint64, tag = "102")]
    input: u64,
    #[prost(message, optional, boxed, tag = "103")]
    score: Option<Box<TextScoreRecord>>,
    /// Of a labelled message.
    #[prost(uint32, tag = "104")]
    sentiment: u32,
    /// What a labelled message is about; none of the issues where it is not there.
    #[prost(string, optional, tag = "111")]
    named: Option<String>,
    /// The conversation that a labelled message is in.
    #[prost(bytes = "vec", optional, tag = "112")]
    in_conversation: Option<Vec<u8>>,
    #[prost(message, optional, boxed, tag = "114")]
    call: Option<Box<CallFactRecord>>,
}

pub(super) fn write_body(body: &CustomerBody, w: &mut Writer<'_>) -> CustomerBodyRecord {
    let mut record = CustomerBodyRecord::default();
    record.kind = match body {
        // Behaviour has its own field, and this one is never asked for.
        CustomerBody::Behaviour(_) => 0,
        CustomerBody::SessionStarted(session) => {
            record.session = Some(session.write(w));
            1
        }
        CustomerBody::Identified {
            identifiers,
            traits,
        } => {
            record.identifiers = identifiers.write(w);
            record.traits = traits.write(w);
            2
        }
        CustomerBody::Consent {
            purpose,
            granted,
            by,
        } => {
            record.purpose = purpose.write(w);
            record.granted = *granted;
            record.consent_by = by.write(w);
            3
        }
        CustomerBody::OfferShown { offer } => {
            record.offer = offer.write(w);
            4
        }
        CustomerBody::OfferAccepted {
            offer,
            option,
            grant,
            key,
            phone,
        } => {
            record.offer = offer.write(w);
            record.option = option.write(w);
            record.grant = grant.write(w);
            record.key = *key;
            record.phone = phone.write(w);
            5
        }
        CustomerBody::OfferDismissed { offer, how } => {
            record.offer = offer.write(w);
            record.how = how.write(w);
            6
        }
        CustomerBody::OffersWanted => 7,
        CustomerBody::GuideFact {
            guide,
            offer,
            step,
            fact,
        } => {
            record.guide = Some(write_fact(*guide, *step, *fact, w));
            record.guide_offer = offer.write(w);
            80
        }
        CustomerBody::Pausable { path, pausable } => {
            record.path = path.clone();
            record.pausable = *pausable;
            70
        }
        CustomerBody::Pause { key, path, change } => {
            record.key = *key;
            record.path = path.clone();
            record.pause = change.write(w);
            71
        }
        CustomerBody::HelpRequested {
            channel,
            key,
            text,
            phone,
        } => {
            record.channel = channel.write(w);
            record.key = *key;
            record.text = text.write(w);
            record.phone = phone.write(w);
            8
        }
        CustomerBody::CustomerMessage {
            conversation,
            key,
            client_key,
            text,
            attachments,
        } => {
            record.conversation = conversation.write(w);
            record.key = *key;
            record.client_key = client_key.clone();
            record.text = Some(text.write(w));
            record.attachments = attachments.write(w);
            9
        }
        CustomerBody::CustomerEnded { conversation } => {
            record.conversation = conversation.write(w);
            10
        }
        CustomerBody::AgentMessage {
            conversation,
            agent,
            key,
            client_key,
            text,
            attachments,
        } => {
            record.conversation = conversation.write(w);
            record.agent = agent.write(w);
            record.key = *key;
            record.client_key = client_key.clone();
            record.text = Some(text.write(w));
            record.attachments = attachments.write(w);
            11
        }
        CustomerBody::ChatDetails(details) => {
            record.chat_details = details.write(w);
            50
        }
        CustomerBody::ChatRead(read) => {
            record.chat_read = read.write(w);
            51
        }
        CustomerBody::ChatPresence { left_at } => {
            record.left_at = left_at.write(w);
            52
        }
        CustomerBody::MailFailed(failed) => {
            record.mail_failed = failed.write(w);
            53
        }
        CustomerBody::Labelled(label) => {
            record.agent = label.agent.write(w);
            record.row = label.row;
            record.in_conversation = label.conversation.write(w);
            record.text = Some(label.text.write(w));
            match &label.label {
                TextLabel::Sentiment(sentiment) => {
                    record.sentiment = sentiment.write(w);
                    104
                }
                TextLabel::Issue(named) => {
                    record.named = named.clone();
                    111
                }
            }
        }
        CustomerBody::ReadAgain { input, score } => {
            record.input = input.0;
            let score: Option<TextScoreRecord> = (**score).write(w);
            record.score = score.map(Box::new);
            102
        }
        CustomerBody::AgentResolved {
            conversation,
            agent,
            code,
            notes,
        } => {
            record.conversation = conversation.write(w);
            record.agent = agent.write(w);
            record.code = code.write(w);
            record.text = Some(notes.write(w));
            12
        }
        CustomerBody::GrantIssued { terms, key } => {
            record.terms = Some(terms.write(w));
            record.key = *key;
            13
        }
        CustomerBody::GrantRevoked { grant } => {
            record.grant = Some(grant.write(w));
            14
        }
        CustomerBody::GrantRedeemed {
            grant,
            generation,
            channel,
            key,
        } => {
            record.grant = Some(grant.write(w));
            record.generation = *generation;
            record.channel = channel.write(w);
            record.key = *key;
            15
        }
        CustomerBody::FromRoute(message) => {
            record.route = Some(message.write(w));
            16
        }
        CustomerBody::MergeOut { merge, into } => {
            record.merge = merge.write(w);
            record.into = into.write(w);
            17
        }
        CustomerBody::MergeIn { merge, from } => {
            record.merge = merge.write(w);
            let owner: CustomerId = std::mem::replace(&mut w.owner, from.customer);
            record.from = Some(from.write(w));
            w.owner = owner;
            18
        }
        CustomerBody::Tick => 19,
        CustomerBody::CallbackAsked {
            ask,
            phone,
            key,
            offer,
        } => {
            record.ask = Some(ask.write(w));
            record.phone = Some(phone.write(w));
            record.key = *key;
            record.callback_offer = offer.write(w);
            40
        }
        CustomerBody::CallbackMoved {
            conversation,
            slot,
            key,
        } => {
            record.conversation = conversation.write(w);
            record.slot = slot.write(w);
            record.key = *key;
            41
        }
        CustomerBody::CallbackCancelled { conversation, by } => {
            record.conversation = conversation.write(w);
            record.by = by.write(w);
            42
        }
        CustomerBody::Revealed { agent, row, reason } => {
            record.agent = agent.write(w);
            record.row = *row;
            record.text = Some(reason.write(w));
            101
        }
        CustomerBody::CallbackCalled {
            conversation,
            agent,
            outcome,
            notes,
        } => {
            record.conversation = conversation.write(w);
            record.agent = agent.write(w);
            record.outcome = outcome.write(w);
            record.text = Some(notes.write(w));
            43
        }
        CustomerBody::Call(fact) => {
            record.call = Some(Box::new((**fact).write(w)));
            114
        }
        CustomerBody::Article(fact) => {
            record.article = fact.write(w);
            60
        }
    };
    record
}

pub(super) fn read_body(
    record: CustomerBodyRecord,
    r: Reader<'_>,
) -> Result<CustomerBody, RecordError> {
    Ok(match record.kind {
        1 => CustomerBody::SessionStarted(present(record.session, "session", r)?),
        2 => CustomerBody::Identified {
            identifiers: take!(record.identifiers, CustomerBodyRecord, r),
            traits: take!(record.traits, CustomerBodyRecord, r),
        },
        3 => CustomerBody::Consent {
            purpose: take!(record.purpose, CustomerBodyRecord, r),
            granted: record.granted,
            by: take!(record.consent_by, CustomerBodyRecord, r),
        },
        4 => CustomerBody::OfferShown {
            offer: take!(record.offer, CustomerBodyRecord, r),
        },
        5 => CustomerBody::OfferAccepted {
            offer: take!(record.offer, CustomerBodyRecord, r),
            option: take!(record.option, CustomerBodyRecord, r),
            grant: take!(record.grant, CustomerBodyRecord, r),
            key: record.key,
            phone: take!(record.phone, CustomerBodyRecord, r),
        },
        6 => CustomerBody::OfferDismissed {
            offer: take!(record.offer, CustomerBodyRecord, r),
            how: take!(record.how, CustomerBodyRecord, r),
        },
        7 => CustomerBody::OffersWanted,
        80 => {
            let (guide, step, fact) = read_fact(record.guide, r)?;
            CustomerBody::GuideFact {
                guide,
                offer: take!(record.guide_offer, CustomerBodyRecord, r),
                step,
                fact,
            }
        }
        8 => CustomerBody::HelpRequested {
            channel: take!(record.channel, CustomerBodyRecord, r),
            key: record.key,
            text: take!(record.text, CustomerBodyRecord, r),
            phone: take!(record.phone, CustomerBodyRecord, r),
        },
        9 => CustomerBody::CustomerMessage {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            key: record.key,
            client_key: record.client_key,
            text: present::<Private, _>(record.text, "text", r)?,
            attachments: take!(record.attachments, CustomerBodyRecord, r),
        },
        10 => CustomerBody::CustomerEnded {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
        },
        11 => CustomerBody::AgentMessage {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            agent: take!(record.agent, CustomerBodyRecord, r),
            key: record.key,
            client_key: record.client_key,
            text: present::<Private, _>(record.text, "text", r)?,
            attachments: take!(record.attachments, CustomerBodyRecord, r),
        },
        12 => CustomerBody::AgentResolved {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            agent: take!(record.agent, CustomerBodyRecord, r),
            code: take!(record.code, CustomerBodyRecord, r),
            notes: present::<Private, _>(record.text, "text", r)?,
        },
        13 => CustomerBody::GrantIssued {
            terms: present(record.terms, "terms", r)?,
            key: record.key,
        },
        14 => CustomerBody::GrantRevoked {
            grant: present(record.grant, "grant", r)?,
        },
        15 => CustomerBody::GrantRedeemed {
            grant: present(record.grant, "grant", r)?,
            generation: record.generation,
            channel: take!(record.channel, CustomerBodyRecord, r),
            key: record.key,
        },
        16 => CustomerBody::FromRoute(present(record.route, "route", r)?),
        17 => CustomerBody::MergeOut {
            merge: take!(record.merge, CustomerBodyRecord, r),
            into: take!(record.into, CustomerBodyRecord, r),
        },
        18 => CustomerBody::MergeIn {
            merge: take!(record.merge, CustomerBodyRecord, r),
            from: present(record.from, "from", r)?,
        },
        19 => CustomerBody::Tick,
        50 => CustomerBody::ChatDetails(take!(record.chat_details, CustomerBodyRecord, r)),
        53 => CustomerBody::MailFailed(take!(record.mail_failed, CustomerBodyRecord, r)),
        51 => CustomerBody::ChatRead(take!(record.chat_read, CustomerBodyRecord, r)),
        52 => CustomerBody::ChatPresence {
            left_at: take!(record.left_at, CustomerBodyRecord, r),
        },
        70 => CustomerBody::Pausable {
            path: record.path,
            pausable: record.pausable,
        },
        71 => CustomerBody::Pause {
            key: record.key,
            path: record.path,
            change: present::<PauseChange, _>(record.pause, "pause", r)?,
        },
        40 => CustomerBody::CallbackAsked {
            ask: present(record.ask, "ask", r)?,
            phone: present::<Private, _>(record.phone, "phone", r)?,
            key: record.key,
            offer: take!(record.callback_offer, CustomerBodyRecord, r),
        },
        41 => CustomerBody::CallbackMoved {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            slot: take!(record.slot, CustomerBodyRecord, r),
            key: record.key,
        },
        42 => CustomerBody::CallbackCancelled {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            by: take!(record.by, CustomerBodyRecord, r),
        },
        43 => CustomerBody::CallbackCalled {
            conversation: take!(record.conversation, CustomerBodyRecord, r),
            agent: take!(record.agent, CustomerBodyRecord, r),
            outcome: take!(record.outcome, CustomerBodyRecord, r),
            notes: present::<Private, _>(record.text, "text", r)?,
        },
        101 => CustomerBody::Revealed {
            agent: take!(record.agent, CustomerBodyRecord, r),
            row: record.row,
            reason: present::<Private, _>(record.text, "text", r)?,
        },
        kind @ (104 | 111) => CustomerBody::Labelled(LabelledText {
            agent: take!(record.agent, CustomerBodyRecord, r),
            conversation: take!(record.in_conversation, CustomerBodyRecord, r),
            row: record.row,
            label: if kind == 111 {
                TextLabel::Issue(record.named)
            } else {
                TextLabel::Sentiment(take!(record.sentiment, CustomerBodyRecord, r))
            },
            text: present::<Private, _>(record.text, "text", r)?,
        }),
        102 => CustomerBody::ReadAgain {
            input: Seq(record.input),
            score: Box::new(present::<TextScore, _>(
                record.score.map(|score| *score),
                "score",
                r,
            )?),
        },
        60 => CustomerBody::Article(take!(record.article, CustomerBodyRecord, r)),
        114 => CustomerBody::Call(match record.call {
            Some(fact) => Box::new(Wire::read(*fact, r)?),
            None => {
                return Err(RecordError::from(Problem::Missing).at("CustomerBodyRecord", "call"));
            }
        }),
        other => {
            return Err(
                RecordError::from(Problem::Number(other.into())).at("CustomerBodyRecord", "kind")
            );
        }
    })
}

fn present<T: Wire<P>, P>(
    field: Option<P>,
    name: &'static str,
    r: Reader<'_>,
) -> Result<T, RecordError> {
    field
        .ok_or(RecordError::from(Problem::Missing))
        .and_then(|field| T::read(field, r))
        .map_err(|error| error.at("CustomerBodyRecord", name))
}
