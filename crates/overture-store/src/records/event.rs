//! The records of logged inputs.

use overture_engine::model::{Behaviour, Private};
use overture_engine::model::{
    ClickTarget, CustomerBody, CustomerEvent, CustomerId, DismissedHow, GrantTerms, Identifier,
    Input, InputBody, Mode, Navigation, Purpose, ResolutionCode, SessionStarted, SubmitOutcome,
    WorldFacts,
};

use super::{
    customer::CustomerRecord,
    route::{RouteEventRecord, RouteToCustomerRecord},
    wire::{Problem, Reader, RecordError, SealedPair, Wire, Writer, numbers, record, take},
};

numbers! {
    Navigation { 0 = Navigate, 1 = Reload, 2 = BackForward, }
    ClickTarget { 0 = Other, 1 = Interactive, 2 = TextField, }
    SubmitOutcome { 0 = Unknown, 1 = Failed, 2 = Succeeded, }
    Purpose { 0 = AnalyseBehaviour, 1 = Contact, }
    DismissedHow { 0 = NotNow, 1 = Never, 2 = Ignored, }
    ResolutionCode {
        0 = Solved, 1 = Workaround, 2 = NoFix, 3 = Spam, 4 = CallbackNoAnswer, 5 = Other,
    }
    Mode { 0 = Shadow, 1 = Live, }
}

/// One entry of the log: exactly one of `customer`, `route`, `world`, `skipped` is there.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InputRecord {
    #[prost(uint64, tag = "1")]
    seq: u64,
    #[prost(int64, tag = "2")]
    received_at: i64,
    #[prost(message, optional, tag = "3")]
    customer: Option<CustomerEventRecord>,
    #[prost(message, optional, boxed, tag = "4")]
    route: Option<Box<RouteEventRecord>>,
    #[prost(message, optional, boxed, tag = "5")]
    world: Option<Box<WorldRecord>>,
    #[prost(message, optional, boxed, tag = "6")]
    skipped: Option<Box<SkippedRecord>>,
}

/// What deduplication needs of an [`InputRecord`]; everything else is skipped over.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct KeyOnlyRecord {
    #[prost(int64, tag = "2")]
    pub(crate) received_at: i64,
    #[prost(message, optional, tag = "3")]
    pub(crate) customer: Option<MessageKeyRecord>,
}

/// The message key of a [`CustomerEventRecord`].
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MessageKeyRecord {
    #[prost(fixed64, optional, tag = "5")]
    pub(crate) message_key: Option<u64>,
}

impl Wire<InputRecord> for Input {
    fn write(&self, w: &mut Writer<'_>) -> InputRecord {
        let mut record = InputRecord {
            seq: self.seq.0,
            received_at: self.received_at.0,
            ..InputRecord::default()
        };
        match &self.body {
            InputBody::Customer(event) => {
                w.owner = event.customer;
                record.customer = Some(event.write(w));
            }
            InputBody::Route(event) => record.route = Some(Box::new(event.write(w))),
            InputBody::World(facts) => record.world = Some(Box::new(facts.write(w))),
            InputBody::Skipped { customer, reason } => {
                record.skipped = Some(Box::new(SkippedRecord {
                    customer: customer.write(w),
                    reason: reason.clone(),
                }));
            }
        }
        record
    }

    fn read(record: InputRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        let body = if let Some(event) = record.customer {
            InputBody::Customer(Wire::read(event, r)?)
        } else if let Some(event) = record.route {
            InputBody::Route(Wire::read(*event, r)?)
        } else if let Some(facts) = record.world {
            InputBody::World(Wire::read(*facts, r)?)
        } else if let Some(skipped) = record.skipped {
            let skipped = *skipped;
            InputBody::Skipped {
                customer: take!(skipped.customer, SkippedRecord, r),
                reason: skipped.reason,
            }
        } else {
            return Err(RecordError::from(Problem::Missing).at("InputRecord", "body"));
        };
        Ok(Input {
            seq: Wire::read(record.seq, r)?,
            received_at: Wire::read(record.received_at, r)?,
            body,
        })
    }
}

/// An input that was left out.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SkippedRecord {
    #[prost(bytes = "vec", optional, tag = "1")]
    customer: Option<Vec<u8>>,
    #[prost(string, tag = "2")]
    reason: String,
}

record! {
    /// The world from here on.
    WorldRecord for WorldFacts {
        #[prost(uint64, tag = "1")]
        version: u64,
        #[prost(uint32, tag = "2")]
        policy_revision: u32,
        #[prost(uint32, tag = "3")]
        mode: u32,
        #[prost(bool, tag = "4")]
        faqs: bool,
        #[prost(string, tag = "5")]
        model: String,
    }
}

/// Something that concerns one customer: `behaviour`, the commonest, or any `other`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CustomerEventRecord {
    #[prost(bytes = "vec", tag = "1")]
    customer: Vec<u8>,
    #[prost(int64, tag = "2")]
    occurred_at: i64,
    #[prost(bytes = "vec", optional, tag = "3")]
    source: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "4")]
    link: Option<Vec<u8>>,
    #[prost(fixed64, optional, tag = "5")]
    message_key: Option<u64>,
    #[prost(message, optional, tag = "6")]
    behaviour: Option<BehaviourRecord>,
    #[prost(message, optional, boxed, tag = "7")]
    other: Option<Box<CustomerBodyRecord>>,
}

impl Wire<CustomerEventRecord> for CustomerEvent {
    fn write(&self, w: &mut Writer<'_>) -> CustomerEventRecord {
        let (behaviour, other) = match &self.body {
            CustomerBody::Behaviour(behaviour) => (Some(behaviour.write(w)), None),
            other => (None, Some(Box::new(write_body(other, w)))),
        };
        CustomerEventRecord {
            customer: self.customer.write(w),
            occurred_at: self.occurred_at.write(w),
            source: self.source.write(w),
            link: self.link.write(w),
            message_key: self.message_key,
            behaviour,
            other,
        }
    }

    fn read(record: CustomerEventRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(CustomerEvent {
            customer: take!(record.customer, CustomerEventRecord, r),
            occurred_at: take!(record.occurred_at, CustomerEventRecord, r),
            source: take!(record.source, CustomerEventRecord, r),
            link: take!(record.link, CustomerEventRecord, r),
            message_key: record.message_key,
            body: match (record.behaviour, record.other) {
                (Some(behaviour), _) => CustomerBody::Behaviour(Wire::read(behaviour, r)?),
                (None, Some(other)) => read_body(*other, r)?,
                (None, None) => {
                    return Err(
                        RecordError::from(Problem::Missing).at("CustomerEventRecord", "body")
                    );
                }
            },
        })
    }
}

/// Something done on a page. `kind`: 1 page view, 2 page leave, 3 click, 4 scroll,
/// 5 active, 6 form submit, 7 form error, 8 dead click, 9 slow click, 10 thrash,
/// 11 hesitation, 12 custom.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct BehaviourRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    /// The path, the field's name or the event's name.
    #[prost(string, tag = "2")]
    text: String,
    /// The navigation, click target, submit outcome, scroll depth or active time.
    #[prost(uint32, tag = "3")]
    number: u32,
    #[prost(float, tag = "4")]
    x_px: f32,
    #[prost(float, tag = "5")]
    y_px: f32,
    /// The element's or form's hash.
    #[prost(fixed64, tag = "6")]
    target: u64,
    #[prost(fixed64, tag = "7")]
    field: u64,
    #[prost(string, tag = "8")]
    code: String,
    #[prost(bytes = "vec", tag = "9")]
    properties: Vec<u8>,
}

impl Wire<BehaviourRecord> for Behaviour {
    fn write(&self, w: &mut Writer<'_>) -> BehaviourRecord {
        let mut record = BehaviourRecord::default();
        record.kind = match self {
            Behaviour::PageView { path, navigation } => {
                record.text = path.clone();
                record.number = navigation.write(w);
                1
            }
            Behaviour::PageLeave => 2,
            Behaviour::Click {
                x_px,
                y_px,
                target,
                on,
            } => {
                record.x_px = *x_px;
                record.y_px = *y_px;
                record.target = *target;
                record.number = on.write(w);
                3
            }
            Behaviour::Scroll { depth_percent } => {
                record.number = (*depth_percent).into();
                4
            }
            Behaviour::Active { ms } => {
                record.number = *ms;
                5
            }
            Behaviour::FormSubmit { form, outcome } => {
                record.target = *form;
                record.number = outcome.write(w);
                6
            }
            Behaviour::FormError {
                form,
                field,
                field_name,
                code,
            } => {
                record.target = *form;
                record.field = *field;
                record.text = field_name.clone();
                record.code = code.clone();
                7
            }
            Behaviour::DeadClick => 8,
            Behaviour::SlowClick => 9,
            Behaviour::Thrash => 10,
            Behaviour::Hesitation { field } => {
                record.field = *field;
                11
            }
            Behaviour::Custom { name, properties } => {
                record.text = name.clone();
                record.properties = properties.write(w);
                12
            }
        };
        record
    }

    fn read(record: BehaviourRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => Behaviour::PageView {
                path: record.text,
                navigation: take!(record.number, BehaviourRecord, r),
            },
            2 => Behaviour::PageLeave,
            3 => Behaviour::Click {
                x_px: record.x_px,
                y_px: record.y_px,
                target: record.target,
                on: take!(record.number, BehaviourRecord, r),
            },
            4 => Behaviour::Scroll {
                depth_percent: take!(record.number, BehaviourRecord, r),
            },
            5 => Behaviour::Active { ms: record.number },
            6 => Behaviour::FormSubmit {
                form: record.target,
                outcome: take!(record.number, BehaviourRecord, r),
            },
            7 => Behaviour::FormError {
                form: record.target,
                field: record.field,
                field_name: record.text,
                code: record.code,
            },
            8 => Behaviour::DeadClick,
            9 => Behaviour::SlowClick,
            10 => Behaviour::Thrash,
            11 => Behaviour::Hesitation {
                field: record.field,
            },
            12 => Behaviour::Custom {
                name: record.text,
                properties: take!(record.properties, BehaviourRecord, r),
            },
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("BehaviourRecord", "kind")
                );
            }
        })
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
/// routing, 17 merge out, 18 merge in, 19 tick.
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
}

fn write_body(body: &CustomerBody, w: &mut Writer<'_>) -> CustomerBodyRecord {
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
        CustomerBody::Consent { purpose, granted } => {
            record.purpose = purpose.write(w);
            record.granted = *granted;
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
        } => {
            record.conversation = conversation.write(w);
            record.key = *key;
            record.client_key = client_key.clone();
            record.text = Some(text.write(w));
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
        } => {
            record.conversation = conversation.write(w);
            record.agent = agent.write(w);
            record.key = *key;
            record.client_key = client_key.clone();
            record.text = Some(text.write(w));
            11
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
    };
    record
}

fn read_body(record: CustomerBodyRecord, r: Reader<'_>) -> Result<CustomerBody, RecordError> {
    Ok(match record.kind {
        1 => CustomerBody::SessionStarted(present(record.session, "session", r)?),
        2 => CustomerBody::Identified {
            identifiers: take!(record.identifiers, CustomerBodyRecord, r),
            traits: take!(record.traits, CustomerBodyRecord, r),
        },
        3 => CustomerBody::Consent {
            purpose: take!(record.purpose, CustomerBodyRecord, r),
            granted: record.granted,
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
