//! The records of logged inputs.

use overture_engine::model::{
    Asker, Behaviour, BudgetSpent, ClickTarget, CustomerBody, CustomerEvent, Input, InputBody,
    Mode, Navigation, SubmitOutcome, WorldFacts,
};

use super::{
    body::{CustomerBodyRecord, read_body, write_body},
    route::RouteEventRecord,
    text::{TextIssueRecord, TextReadingRecord},
    wire::{Problem, Reader, RecordError, Wire, Writer, numbers, record, take},
};

numbers! {
    Navigation { 0 = Navigate, 1 = Reload, 2 = BackForward, }
    ClickTarget { 0 = Other, 1 = Interactive, 2 = TextField, 3 = Stepper, }
    SubmitOutcome { 0 = Unknown, 1 = Failed, 2 = Succeeded, }
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
        #[prost(uint32, tag = "80")]
        guides_revision: u32,
        #[prost(uint32, tag = "110")]
        lexicon_revision: u32,
        #[prost(uint32, tag = "130")]
        rollouts_revision: u32,
        #[prost(message, repeated, tag = "131")]
        budgets_spent: Vec<BudgetSpentRecord>,
    }
}

record! {
    /// A rule whose budget of the day is spent.
    BudgetSpentRecord for BudgetSpent {
        #[prost(fixed64, tag = "1")]
        rule: u64,
        #[prost(int64, tag = "2")]
        until: i64,
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
    #[prost(message, optional, tag = "8")]
    asker: Option<AskerRecord>,
    #[prost(message, optional, tag = "9")]
    reading: Option<TextReadingRecord>,
    #[prost(message, optional, tag = "111")]
    issue: Option<TextIssueRecord>,
}

record! {
    /// The widget session that did something.
    AskerRecord for Asker {
        #[prost(bytes = "vec", tag = "1")]
        device: Vec<u8>,
        #[prost(uint32, tag = "2")]
        level: u32,
        #[prost(bytes = "vec", optional, tag = "3")]
        only: Option<Vec<u8>>,
    }
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
            asker: self.asker.write(w),
            message_key: self.message_key,
            reading: self.reading.write(w),
            issue: self.issue.write(w),
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
            asker: take!(record.asker, CustomerEventRecord, r),
            message_key: record.message_key,
            reading: take!(record.reading, CustomerEventRecord, r),
            issue: take!(record.issue, CustomerEventRecord, r),
            original: None,
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
