//! What values look like on disk.
//!
//! Every record is a protobuf message behind one byte that names the format's version.
//! Fields are only ever added, with new numbers; a number that stands for a kind never
//! changes its meaning. When a change cannot be additive, the version goes up, the old
//! types move to a module of their own version, and [`decode`] and [`decode_log`] turn
//! them into today's: those two functions are the place for upcasters. `golden/v1` holds
//! bytes that every later release must still read.

mod article;
mod body;
mod call;
mod callback;
mod chat;
mod customer;
mod decision;
mod event;
mod guide;
mod pause;
mod route;
mod text;
mod timeline;
pub(crate) mod wire;

#[cfg(test)]
mod tests;

use overture_engine::model::{
    AgentState, ArticleFact, Author, CallRow, ConversationRow, CustomerId, CustomerState,
    DecisionRecord, GrantState, Input, LedgerChange, OutboxItem, Reading, RequestState, RouteState,
    TimelineBody, Timestamp, WorldFacts,
};
use prost::Message;
use uuid::Uuid;

pub(crate) use wire::{Open, Problem, RecordError, Seal};
use wire::{Wire, Writer};

/// The version that is written.
const VERSION: u8 = 1;

/// The longest packed log row, unpacked: a longer claim is damage.
const LOG_ROW_BYTES_MAX: usize = 256 << 20;

/// A value that has a record of its own.
pub(crate) trait Stored: Wire<Self::Record> {
    /// The record's type.
    type Record: Message + Default;
    /// The record's name in errors.
    const NAME: &'static str;
}

macro_rules! stored {
    ($($model:ident = $record:path,)*) => {$(
        impl Stored for $model {
            type Record = $record;
            const NAME: &'static str = stringify!($model);
        }
    )*};
}

stored! {
    CustomerState = customer::CustomerRecord,
    RouteState = route::RouteRecord,
    TimelineBody = timeline::TimelineRecord,
    DecisionRecord = decision::DecisionRow,
    CallRow = call::CallRowRecord,
    ConversationRow = timeline::ConversationRecord,
    GrantState = customer::GrantRecord,
    RequestState = route::RequestRecord,
    AgentState = route::AgentRecord,
    OutboxItem = timeline::OutboxRecord,
    WorldFacts = event::WorldRecord,
    LedgerChange = timeline::ChangeRecord,
    Author = timeline::AuthorRecord,
    ArticleFact = article::ArticleFactRecord,
    Reading = article::ReadingRecord,
}

/// The bytes of a value about `owner`.
pub(crate) fn encode<T: Stored>(value: &T, owner: CustomerId, seal: &mut dyn Seal) -> Vec<u8> {
    let record = value.write(&mut Writer { seal, owner });
    let mut bytes = Vec::with_capacity(1 + record.encoded_len());
    bytes.push(VERSION);
    record.encode(&mut bytes).expect("a vector grows as needed");
    bytes
}

/// The bytes of a value that holds no texts about anybody.
pub(crate) fn encode_plain<T: Stored>(value: &T) -> Vec<u8> {
    encode(value, nobody(), &mut NoTexts)
}

/// The value of such bytes. Older formats are brought up to date here.
pub(crate) fn decode<T: Stored>(bytes: &[u8], open: &dyn Open) -> Result<T, RecordError> {
    match bytes.split_first() {
        Some((&VERSION, body)) => {
            let record = T::Record::decode(body).map_err(|error| parse(T::NAME, &error))?;
            T::read(record, open).map_err(|error| error.at(T::NAME, "record"))
        }
        other => Err(version(T::NAME, other)),
    }
}

/// One packed row of the log: all inputs of a unit, compressed together.
pub(crate) fn encode_log(inputs: &[Input], seal: &mut dyn Seal) -> Vec<u8> {
    let mut writer = Writer {
        seal,
        owner: nobody(),
    };
    let mut plain = Vec::with_capacity(inputs.len() * 160);
    for input in inputs {
        let record: event::InputRecord = input.write(&mut writer);
        record
            .encode_length_delimited(&mut plain)
            .expect("a vector grows as needed");
    }
    let mut packed = vec![0; 5 + lz4_flex::block::get_maximum_output_size(plain.len())];
    packed[0] = VERSION;
    packed[1..5].copy_from_slice(&(plain.len() as u32).to_le_bytes());
    let length = lz4_flex::block::compress_into(&plain, &mut packed[5..])
        .expect("the output has the greatest size that compression can need");
    packed.truncate(5 + length);
    packed
}

/// The inputs of a packed row. Older formats are brought up to date here.
pub(crate) fn decode_log(bytes: &[u8], open: &dyn Open) -> Result<Vec<Input>, RecordError> {
    let plain = unpack_log(bytes)?;
    let mut rest = plain.as_slice();
    let mut inputs = Vec::new();
    while !rest.is_empty() {
        let record = event::InputRecord::decode_length_delimited(&mut rest)
            .map_err(|error| parse("InputRecord", &error))?;
        inputs.push(Input::read(record, open).map_err(|error| error.at("InputRecord", "record"))?);
    }
    Ok(inputs)
}

/// Only the message keys of a packed row, with when each input was received.
pub(crate) fn decode_message_keys(bytes: &[u8]) -> Result<Vec<(Timestamp, u64)>, RecordError> {
    let plain = unpack_log(bytes)?;
    let mut rest = plain.as_slice();
    let mut keys = Vec::new();
    while !rest.is_empty() {
        let record = event::KeyOnlyRecord::decode_length_delimited(&mut rest)
            .map_err(|error| parse("KeyOnlyRecord", &error))?;
        if let Some(key) = record.customer.and_then(|event| event.message_key) {
            keys.push((Timestamp(record.received_at), key));
        }
    }
    Ok(keys)
}

fn unpack_log(bytes: &[u8]) -> Result<Vec<u8>, RecordError> {
    let (body, length) = match bytes.split_first() {
        Some((&VERSION, rest)) => match rest.split_first_chunk::<4>() {
            Some((length, body)) => (body, u32::from_le_bytes(*length) as usize),
            None => {
                return Err(RecordError::from(Problem::Length(bytes.len())).at("log row", "size"));
            }
        },
        other => return Err(version("log row", other)),
    };
    if length > LOG_ROW_BYTES_MAX || length / 256 > body.len() {
        return Err(RecordError::from(Problem::Length(length)).at("log row", "size"));
    }
    lz4_flex::block::decompress(body, length)
        .map_err(|error| parse("log row", &error))
        .and_then(|plain| match plain.len() {
            found if found == length => Ok(plain),
            found => Err(RecordError::from(Problem::Length(found)).at("log row", "size")),
        })
}

fn parse(record: &'static str, error: &dyn std::error::Error) -> RecordError {
    RecordError::from(Problem::Parse(error.to_string())).at(record, "bytes")
}

fn version(record: &'static str, bytes: Option<(&u8, &[u8])>) -> RecordError {
    let problem = match bytes {
        Some((version, _)) => Problem::Version(*version),
        None => Problem::Length(0),
    };
    RecordError::from(problem).at(record, "version")
}

/// The owner of records that hold no texts.
fn nobody() -> CustomerId {
    CustomerId::from_uuid(Uuid::nil())
}

/// For records without texts: nothing is ever sealed or opened.
pub(crate) struct NoTexts;

impl Seal for NoTexts {
    fn seal(&mut self, _: CustomerId, _: &str) -> Vec<u8> {
        Vec::new()
    }
}

impl Open for NoTexts {
    fn open(&self, _: &[u8]) -> Result<overture_engine::model::Private, Problem> {
        Ok(overture_engine::model::Private::default())
    }
}

/// The numbers of plain enums, for columns outside records.
pub(crate) mod number {
    use super::{
        NoTexts, nobody,
        wire::{Wire, Writer},
    };
    use crate::StoreError;

    /// The number of a value.
    pub(crate) fn of(value: &impl Wire<u32>) -> i64 {
        value
            .write(&mut Writer {
                seal: &mut NoTexts,
                owner: nobody(),
            })
            .into()
    }

    /// The value of a number in `column`.
    pub(crate) fn read<T: Wire<u32>>(number: i64, column: &str) -> Result<T, StoreError> {
        u32::try_from(number)
            .ok()
            .and_then(|number| T::read(number, &NoTexts).ok())
            .ok_or_else(|| StoreError::Corrupt {
                what: format!("{column} {number}"),
            })
    }
}
