//! The record of what became of a guide.

use overture_engine::model::{GuideFactKind, GuideId};

use super::wire::{Problem, Reader, RecordError, Wire, Writer, numbers, take};

numbers! {
    GuideFactKind { 0 = Step, 1 = Completed, 2 = Closed, 3 = AnchorMissing, }
}

/// What became of a guide at one of its steps.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct GuideFactRecord {
    #[prost(bytes = "vec", tag = "1")]
    guide: Vec<u8>,
    #[prost(uint32, tag = "2")]
    step: u32,
    #[prost(uint32, tag = "3")]
    fact: u32,
}

/// The three fields as every kind of record has them.
pub(super) fn write_fact(
    guide: GuideId,
    step: u8,
    fact: GuideFactKind,
    w: &mut Writer<'_>,
) -> GuideFactRecord {
    GuideFactRecord {
        guide: guide.write(w),
        step: step.into(),
        fact: fact.write(w),
    }
}

/// The three fields again.
pub(super) fn read_fact(
    record: Option<GuideFactRecord>,
    r: Reader<'_>,
) -> Result<(GuideId, u8, GuideFactKind), RecordError> {
    let record = record
        .ok_or_else(|| RecordError::from(Problem::Missing).at("GuideFactRecord", "record"))?;
    Ok((
        take!(record.guide, GuideFactRecord, r),
        take!(record.step, GuideFactRecord, r),
        take!(record.fact, GuideFactRecord, r),
    ))
}
