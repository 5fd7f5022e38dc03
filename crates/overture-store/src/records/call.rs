//! The records of calls.

use overture_engine::model::{
    CallBegan, CallChange, CallDirection, CallDynamics, CallEnd, CallFact, CallRow, CallScore,
    CallState, CallVia, CallView, Fused, Millis, NotAnalysed, Tone, Utterance, UtteranceView,
    VoiceScore,
};

use super::text::TextScoreRecord;
use super::wire::{
    Problem, Reader, RecordError, Wire, Writer, numbers, pair, record, required, take,
};

numbers! {
    CallVia { 0 = Twilio, 1 = Stream, 2 = Recording, }
    CallDirection { 0 = Inbound, 1 = Outbound, }
    CallEnd { 0 = HungUp, 1 = Lost, }
    NotAnalysed { 0 = NotEnabled, 1 = NotDisclosed, 2 = OptedOut, }
}

record! {
    /// A call that begins.
    CallBeganRecord for CallBegan {
        #[prost(fixed64, tag = "1")]
        key: u64,
        #[prost(uint32, tag = "2")]
        via: u32,
        #[prost(string, tag = "3")]
        external: String,
        #[prost(uint32, tag = "4")]
        direction: u32,
        #[prost(bool, tag = "5")]
        disclosed: bool,
        #[prost(bytes = "vec", optional, tag = "6")]
        agent: Option<Vec<u8>>,
        #[prost(bool, tag = "7")]
        synthetic: bool,
    }
}

record! {
    /// How a stretch of speech sounds.
    VoiceScoreRecord for VoiceScore {
        #[prost(float, tag = "1")]
        anger: f32,
        #[prost(float, tag = "2")]
        sadness: f32,
        #[prost(float, tag = "3")]
        joy: f32,
        #[prost(float, tag = "4")]
        neutral: f32,
        #[prost(float, tag = "5")]
        arousal: f32,
        #[prost(float, tag = "6")]
        quality: f32,
        #[prost(float, optional, tag = "7")]
        pitch: Option<f32>,
        #[prost(float, optional, tag = "8")]
        loudness_db: Option<f32>,
        #[prost(float, optional, tag = "9")]
        pace: Option<f32>,
    }
}

record! {
    /// What was heard.
    UtteranceRecord for Utterance {
        #[prost(bytes = "vec", tag = "1")]
        call: Vec<u8>,
        #[prost(uint32, tag = "2")]
        start_ms: u32,
        #[prost(uint32, tag = "3")]
        end_ms: u32,
        #[prost(uint32, tag = "4")]
        spoken_ms: u32,
        #[prost(message, optional, tag = "5")]
        voice: Option<VoiceScoreRecord>,
        #[prost(bytes = "vec", tag = "6")]
        text: Vec<u8>,
        #[prost(float, tag = "7")]
        words_confidence: f32,
        #[prost(string, optional, tag = "8")]
        words_from: Option<String>,
    }
}

record! {
    /// How two people talk with each other.
    CallDynamicsRecord for CallDynamics {
        #[prost(double, tag = "1")]
        seconds: f64,
        #[prost(double, tag = "2")]
        customer_share: f64,
        #[prost(double, tag = "3")]
        overlap_share: f64,
        #[prost(double, tag = "4")]
        silence_share: f64,
        #[prost(double, tag = "5")]
        dead_air_seconds: f64,
        #[prost(uint32, tag = "6")]
        interruptions_by_customer: u32,
        #[prost(uint32, tag = "7")]
        interruptions_by_agent: u32,
        #[prost(uint32, optional, tag = "8")]
        customer_latency_ms: Option<u32>,
        #[prost(uint32, optional, tag = "9")]
        agent_latency_ms: Option<u32>,
    }
}

/// Something that happened in a call. `kind`: 1 began, 2 disclosed, 3 heard, 4 ended.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CallFactRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(message, optional, tag = "2")]
    began: Option<CallBeganRecord>,
    #[prost(bytes = "vec", tag = "3")]
    call: Vec<u8>,
    #[prost(message, optional, tag = "4")]
    heard: Option<UtteranceRecord>,
    #[prost(uint32, tag = "5")]
    why: u32,
    #[prost(uint64, optional, tag = "6")]
    lasted: Option<u64>,
    #[prost(message, optional, tag = "7")]
    dynamics: Option<CallDynamicsRecord>,
}

impl Wire<CallFactRecord> for CallFact {
    fn write(&self, w: &mut Writer<'_>) -> CallFactRecord {
        let mut record = CallFactRecord::default();
        record.kind = match self {
            CallFact::Began(began) => {
                record.began = Some(began.write(w));
                1
            }
            CallFact::Disclosed { call } => {
                record.call = call.write(w);
                2
            }
            CallFact::Heard(utterance) => {
                record.heard = Some(utterance.write(w));
                3
            }
            CallFact::Ended {
                call,
                why,
                lasted,
                dynamics,
            } => {
                record.call = call.write(w);
                record.why = why.write(w);
                record.lasted = lasted.write(w);
                record.dynamics = dynamics.write(w);
                4
            }
        };
        record
    }

    fn read(record: CallFactRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => CallFact::Began(take!(record.began, CallFactRecord, r)),
            2 => CallFact::Disclosed {
                call: take!(record.call, CallFactRecord, r),
            },
            3 => CallFact::Heard(take!(record.heard, CallFactRecord, r)),
            4 => CallFact::Ended {
                call: take!(record.call, CallFactRecord, r),
                why: take!(record.why, CallFactRecord, r),
                lasted: take!(record.lasted, CallFactRecord, r),
                dynamics: take!(record.dynamics, CallFactRecord, r),
            },
            other => return Err(unknown(other, "CallFactRecord", "kind")),
        })
    }
}

required!(CallFactRecord for CallFact);

record! {
    /// A call under way.
    CallStateRecord for CallState {
        #[prost(bytes = "vec", tag = "1")]
        call: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        began: Option<CallBeganRecord>,
        #[prost(int64, tag = "3")]
        started_at: i64,
        #[prost(int64, tag = "4")]
        last_at: i64,
        #[prost(string, optional, tag = "5")]
        words_from: Option<String>,
    }
}

pair! {
    /// What the score was after so much speech.
    ScoreAt for (u32, f32) {
        #[prost(uint32, tag = "1")]
        spoken_ms: u32,
        #[prost(float, tag = "2")]
        score: f32,
    }
}

record! {
    /// How the customer sounds in one call.
    ToneRecord for Tone {
        #[prost(bytes = "vec", tag = "1")]
        call: Vec<u8>,
        #[prost(int64, tag = "2")]
        at: i64,
        #[prost(message, optional, tag = "3")]
        voice: Option<VoiceScoreRecord>,
        #[prost(bool, tag = "4")]
        has_words: bool,
        #[prost(float, tag = "5")]
        score: f32,
        #[prost(float, tag = "6")]
        highest: f32,
        #[prost(uint32, tag = "7")]
        spoken_ms: u32,
        #[prost(message, repeated, tag = "8")]
        recent: Vec<ScoreAt>,
        #[prost(uint32, tag = "9")]
        crossing: u32,
        #[prost(int64, optional, tag = "10")]
        alert_since: Option<i64>,
    }
}

record! {
    /// What voice and words say together.
    FusedRecord for Fused {
        #[prost(float, tag = "1")]
        score: f32,
        #[prost(float, tag = "2")]
        confidence: f32,
        #[prost(bool, tag = "3")]
        disagree: bool,
        #[prost(float, tag = "4")]
        sarcasm: f32,
    }
}

/// A call in a timeline. `change`: 1 began, 2 analysed, 3 alert, 4 calmed, 5 ended.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CallViewRecord {
    #[prost(bytes = "vec", tag = "1")]
    call: Vec<u8>,
    #[prost(uint32, tag = "2")]
    via: u32,
    #[prost(uint32, tag = "3")]
    change: u32,
    #[prost(uint32, optional, tag = "4")]
    not_analysed: Option<u32>,
    #[prost(uint64, optional, tag = "5")]
    lasted: Option<u64>,
}

impl Wire<CallViewRecord> for CallView {
    fn write(&self, w: &mut Writer<'_>) -> CallViewRecord {
        let (change, not_analysed, lasted) = match self.change {
            CallChange::Began(why) => (1, why, None),
            CallChange::Analysed => (2, None, None),
            CallChange::Alert => (3, None, None),
            CallChange::Calmed => (4, None, None),
            CallChange::Ended(lasted) => (5, None, lasted),
        };
        CallViewRecord {
            call: self.call.write(w),
            via: self.via.write(w),
            change,
            not_analysed: not_analysed.write(w),
            lasted: lasted.map(|lasted: Millis| lasted.0),
        }
    }

    fn read(record: CallViewRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(CallView {
            call: take!(record.call, CallViewRecord, r),
            via: take!(record.via, CallViewRecord, r),
            change: match record.change {
                1 => CallChange::Began(take!(record.not_analysed, CallViewRecord, r)),
                2 => CallChange::Analysed,
                3 => CallChange::Alert,
                4 => CallChange::Calmed,
                5 => CallChange::Ended(record.lasted.map(Millis)),
                other => return Err(unknown(other, "CallViewRecord", "change")),
            },
        })
    }
}

required!(CallViewRecord for CallView);

record! {
    /// An utterance in a timeline.
    UtteranceViewRecord for UtteranceView {
        #[prost(message, optional, tag = "1")]
        utterance: Option<UtteranceRecord>,
        #[prost(message, optional, tag = "2")]
        words: Option<TextScoreRecord>,
        #[prost(message, optional, tag = "3")]
        fused: Option<FusedRecord>,
        #[prost(float, tag = "4")]
        score: f32,
    }
}

record! {
    /// Where a call's score stands.
    CallScoreRecord for CallScore {
        #[prost(float, tag = "1")]
        now: f32,
        #[prost(float, tag = "2")]
        highest: f32,
        #[prost(float, tag = "3")]
        trend: f32,
        #[prost(bool, tag = "4")]
        alert: bool,
    }
}

record! {
    /// A call as lists show it.
    CallRowRecord for CallRow {
        #[prost(bytes = "vec", tag = "1")]
        call: Vec<u8>,
        #[prost(message, optional, tag = "2")]
        began: Option<CallBeganRecord>,
        #[prost(int64, tag = "3")]
        started_at: i64,
        #[prost(int64, optional, tag = "4")]
        ended_at: Option<i64>,
        #[prost(uint32, optional, tag = "5")]
        end: Option<u32>,
        #[prost(uint64, optional, tag = "6")]
        lasted: Option<u64>,
        #[prost(uint32, optional, tag = "7")]
        not_analysed: Option<u32>,
        #[prost(string, optional, tag = "8")]
        words_from: Option<String>,
        #[prost(message, optional, tag = "9")]
        voice: Option<VoiceScoreRecord>,
        #[prost(message, optional, tag = "10")]
        score: Option<CallScoreRecord>,
        #[prost(message, optional, tag = "11")]
        dynamics: Option<CallDynamicsRecord>,
    }
}

fn unknown(number: u32, record: &'static str, field: &'static str) -> RecordError {
    RecordError::from(Problem::Number(number.into())).at(record, field)
}
