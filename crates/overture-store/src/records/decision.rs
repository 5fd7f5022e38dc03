//! The record of a decision with its trace.

use std::{collections::BTreeSet, sync::Mutex};

use overture_engine::model::{
    AuthorizationDenial, Contribution, DecisionRecord, Outcome, Trace, WithholdReason,
};

use super::wire::{
    FlagPair, Problem, Reader, RecordError, TextPair, Wire, Writer, numbers, record, required, take,
};

numbers! {
    AuthorizationDenial {
        0 = NoGrant, 1 = Exhausted, 2 = Expired, 3 = Revoked, 4 = WrongChannel, 5 = OldToken,
    }
}

record! {
    /// A decision.
    DecisionRow for DecisionRecord {
        #[prost(bytes = "vec", tag = "1")]
        decision: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        customer: Vec<u8>,
        #[prost(bytes = "vec", optional, tag = "3")]
        session: Option<Vec<u8>>,
        #[prost(int64, tag = "4")]
        at: i64,
        #[prost(string, tag = "5")]
        rule: String,
        #[prost(message, optional, tag = "6")]
        outcome: Option<OutcomeRecord>,
        #[prost(message, optional, tag = "7")]
        trace: Option<TraceRecord>,
    }
}

/// What was decided. `kind`: 1 prompt, 2 offer, 3 notify, 4 escalate, 5 withhold, 6 grant, 7 boost.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OutcomeRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    offer: Vec<u8>,
    #[prost(uint32, repeated, tag = "3")]
    reasons: Vec<u32>,
    #[prost(bytes = "vec", tag = "4")]
    grant: Vec<u8>,
}

impl Wire<OutcomeRecord> for Outcome {
    fn write(&self, writer: &mut Writer<'_>) -> OutcomeRecord {
        let mut record = OutcomeRecord::default();
        record.kind = match self {
            Outcome::Prompt(offer) => {
                record.offer = offer.write(writer);
                1
            }
            Outcome::Offer(offer) => {
                record.offer = offer.write(writer);
                2
            }
            Outcome::Notify => 3,
            Outcome::Escalate => 4,
            Outcome::Withhold(reasons) => {
                record.reasons = reasons.write(writer);
                5
            }
            Outcome::Grant(grant) => {
                record.grant = grant.write(writer);
                6
            }
            Outcome::Boost(grant) => {
                record.grant = grant.write(writer);
                7
            }
        };
        record
    }

    fn read(record: OutcomeRecord, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => Outcome::Prompt(take!(record.offer, OutcomeRecord, reader)),
            2 => Outcome::Offer(take!(record.offer, OutcomeRecord, reader)),
            3 => Outcome::Notify,
            4 => Outcome::Escalate,
            5 => Outcome::Withhold(take!(record.reasons, OutcomeRecord, reader)),
            6 => Outcome::Grant(take!(record.grant, OutcomeRecord, reader)),
            7 => Outcome::Boost(take!(record.grant, OutcomeRecord, reader)),
            other => {
                return Err(
                    RecordError::from(Problem::Number(other.into())).at("OutcomeRecord", "kind")
                );
            }
        })
    }
}

required!(OutcomeRecord for Outcome);

/// A reason as one number: its place in the order, a denial's own number times 256 added.
impl Wire<u32> for WithholdReason {
    fn write(&self, writer: &mut Writer<'_>) -> u32 {
        match self {
            WithholdReason::AuthorizationDenied(denial) => self.place() | denial.write(writer) << 8,
            other => other.place(),
        }
    }

    fn read(record: u32, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record {
            0 => WithholdReason::NoConsent,
            1 => WithholdReason::OptedOut,
            2 => WithholdReason::IdentityTooWeak,
            4 => WithholdReason::QuietHours,
            5 => WithholdReason::FrequencyCap,
            6 => WithholdReason::CoolingDown,
            7 => WithholdReason::DeclinedRecently,
            8 => WithholdReason::LiveOffer,
            9 => WithholdReason::AlreadyInContact,
            10 => WithholdReason::Holdout,
            11 => WithholdReason::Paced,
            12 => WithholdReason::StaleSignals,
            13 => WithholdReason::ShadowMode,
            other if other & 0xff == 3 => {
                WithholdReason::AuthorizationDenied(AuthorizationDenial::read(other >> 8, reader)?)
            }
            other => return Err(Problem::Number(other.into()).into()),
        })
    }
}

record! {
    /// What a decision was made on.
    TraceRecord for Trace {
        #[prost(message, repeated, tag = "1")]
        signals: Vec<TextPair>,
        #[prost(string, tag = "2")]
        condition: String,
        #[prost(message, repeated, tag = "3")]
        parts: Vec<FlagPair>,
        #[prost(double, tag = "4")]
        score: f64,
        #[prost(message, repeated, tag = "5")]
        contributions: Vec<ContributionRecord>,
        #[prost(uint32, tag = "6")]
        policy_revision: u32,
        #[prost(string, tag = "7")]
        model: String,
        #[prost(string, tag = "8")]
        engine: String,
    }
}

record! {
    /// What one factor added to a score.
    ContributionRecord for Contribution {
        #[prost(string, tag = "1")]
        factor: String,
        #[prost(double, tag = "2")]
        value: f64,
        #[prost(double, tag = "3")]
        weight: f64,
        #[prost(double, tag = "4")]
        contribution: f64,
    }
}

/// How many different names of factors and wordings are kept for good.
const NAMES_MAX: usize = 1_024;

/// The longest such name, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Names that the engine has as constants. Read back, each is kept once for good; there
/// are few of them, and damaged bytes cannot make many.
impl Wire<String> for &'static str {
    fn write(&self, _: &mut Writer<'_>) -> String {
        (*self).to_owned()
    }

    fn read(record: String, _: Reader<'_>) -> Result<Self, RecordError> {
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = names.get(record.as_str()) {
            return Ok(known);
        }
        if names.len() >= NAMES_MAX || record.len() > NAME_BYTES_MAX {
            return Ok("other");
        }
        let name: &'static str = Box::leak(record.into_boxed_str());
        names.insert(name);
        Ok(name)
    }
}
