//! The records of Smart Pause.

use overture_engine::model::{PauseChange, PauseEnd, PauseFailure, SmartPauseState, Timestamp};

use super::wire::{
    Problem, Reader, RecordError, Wire, Writer, numbers, pair, record, required, take,
};

numbers! {
    PauseEnd { 0 = Button, 1 = Escape, 2 = Finished, 3 = Reloaded, }
    PauseFailure {
        0 = Refused, 1 = NoAnswer, 2 = NotStorable, 3 = TooLarge, 4 = PauseFailed,
        5 = ResumeFailed,
    }
}

/// What became of a pause. `kind`: 1 started, 2 resumed, 3 failed.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PauseChangeRecord {
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(bool, tag = "2")]
    exact: bool,
    #[prost(uint32, tag = "3")]
    how: u32,
    #[prost(uint32, tag = "4")]
    failure: u32,
}

impl Wire<PauseChangeRecord> for PauseChange {
    fn write(&self, w: &mut Writer<'_>) -> PauseChangeRecord {
        let mut record = PauseChangeRecord::default();
        record.kind = match self {
            PauseChange::Started => 1,
            PauseChange::Resumed { exact, how } => {
                record.exact = *exact;
                record.how = how.write(w);
                2
            }
            PauseChange::Failed(failure) => {
                record.failure = failure.write(w);
                3
            }
        };
        record
    }

    fn read(record: PauseChangeRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.kind {
            1 => PauseChange::Started,
            2 => PauseChange::Resumed {
                exact: record.exact,
                how: take!(record.how, PauseChangeRecord, r),
            },
            3 => PauseChange::Failed(take!(record.failure, PauseChangeRecord, r)),
            other => {
                return Err(RecordError::from(Problem::Number(other.into()))
                    .at("PauseChangeRecord", "kind"));
            }
        })
    }
}

required!(PauseChangeRecord for PauseChange);

record! {
    /// What is known of pausing a customer's page.
    SmartPauseRecord for SmartPauseState {
        #[prost(string, optional, tag = "1")]
        pausable: Option<String>,
        #[prost(message, optional, tag = "2")]
        current: Option<PauseUnderWayRecord>,
        #[prost(fixed64, tag = "3")]
        ended: u64,
    }
}

pair! {
    /// A pause's key, and since when.
    PauseUnderWayRecord for (u64, Timestamp) {
        #[prost(fixed64, tag = "1")]
        key: u64,
        #[prost(int64, tag = "2")]
        since: i64,
    }
}
