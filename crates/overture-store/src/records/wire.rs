//! How an engine value becomes a field of a record, and back.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::{
    AgentId, AttachmentId, CustomerId, DecisionId, DeliveryId, FaqId, GrantId, GuideId,
    InteractionId, LinkKey, MergeId, MessageId, Millis, OfferId, Private, Probability,
    RedemptionId, RequestId, ReservationId, RuleKey, Seq, SourceId, Timestamp,
};
use smallvec::{Array, SmallVec};
use uuid::Uuid;

/// Why bytes are not the record they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{record}.{field}: {problem}")]
pub struct RecordError {
    /// The record, for example `BehaviourRecord`.
    pub record: &'static str,
    /// The field in it.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a field of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The first byte names a format that this release does not know.
    #[error("unknown format version {0}")]
    Version(u8),
    /// A number that stands for nothing this release knows.
    #[error("unknown number {0}")]
    Number(u64),
    /// It must be there.
    #[error("missing")]
    Missing,
    /// A wrong number of bytes.
    #[error("wrong length {0}")]
    Length(usize),
    /// The bytes do not parse.
    #[error("not a record of this kind: {0}")]
    Parse(String),
    /// A sealed text does not open although its key exists.
    #[error("a sealed text was changed")]
    Seal,
}

impl From<Problem> for RecordError {
    fn from(problem: Problem) -> Self {
        Self {
            record: "",
            field: "",
            problem,
        }
    }
}

impl RecordError {
    /// Names the place, unless a place further in is named already.
    pub(crate) fn at(mut self, record: &'static str, field: &'static str) -> Self {
        if self.record.is_empty() {
            self.record = record;
            self.field = field;
        }
        self
    }
}

/// Seals the texts of a record that is being written.
pub(crate) trait Seal {
    /// The sealed form of a text about `owner`. Cannot fail: keys are made when missing.
    fn seal(&mut self, owner: CustomerId, text: &str) -> Vec<u8>;
}

/// Opens the texts of a record that is being read.
pub(crate) trait Open {
    /// The text; empty when its key was destroyed.
    fn open(&self, sealed: &[u8]) -> Result<Private, Problem>;

    /// The bytes; none when their key was destroyed.
    fn open_bytes(&self, sealed: &[u8]) -> Result<Vec<u8>, Problem> {
        self.open(sealed)
            .map(|text| text.reveal().as_bytes().to_vec())
    }
}

/// What a conversion to a record needs.
pub(crate) struct Writer<'a> {
    /// Seals texts.
    pub(crate) seal: &'a mut dyn Seal,
    /// Whose texts they are.
    pub(crate) owner: CustomerId,
}

/// What a conversion from a record needs.
pub(crate) type Reader<'a> = &'a dyn Open;

/// An engine value that has the form `P` in a record.
pub(crate) trait Wire<P>: Sized {
    /// The value as a field.
    fn write(&self, writer: &mut Writer<'_>) -> P;

    /// The value of a field.
    fn read(record: P, reader: Reader<'_>) -> Result<Self, RecordError>;
}

/// Declares a record for a struct whose fields keep their names, and both conversions.
macro_rules! record {
    ($(#[$doc:meta])* $record:ident for $model:ident {
        $($(#[$attr:meta])* $field:ident: $proto:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $record {
            $($(#[$attr])* pub(crate) $field: $proto,)*
        }

        impl $crate::records::wire::Wire<$record> for $model {
            fn write(&self, writer: &mut $crate::records::wire::Writer<'_>) -> $record {
                $record {
                    $($field: $crate::records::wire::Wire::<$proto>::write(&self.$field, writer),)*
                }
            }

            fn read(
                record: $record,
                reader: $crate::records::wire::Reader<'_>,
            ) -> Result<Self, $crate::records::wire::RecordError> {
                Ok($model {
                    $($field: $crate::records::wire::Wire::<$proto>::read(record.$field, reader)
                        .map_err(|error| error.at(stringify!($record), stringify!($field)))?,)*
                })
            }
        }

        $crate::records::wire::required!($record for $model);
    };
}

/// A record for a pair.
macro_rules! pair {
    ($(#[$doc:meta])* $record:ident for ($first:ty, $second:ty) {
        $(#[$a_attr:meta])* $a:ident: $a_proto:ty,
        $(#[$b_attr:meta])* $b:ident: $b_proto:ty,
    }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $record {
            $(#[$a_attr])* pub(crate) $a: $a_proto,
            $(#[$b_attr])* pub(crate) $b: $b_proto,
        }

        impl $crate::records::wire::Wire<$record> for ($first, $second) {
            fn write(&self, writer: &mut $crate::records::wire::Writer<'_>) -> $record {
                $record {
                    $a: $crate::records::wire::Wire::<$a_proto>::write(&self.0, writer),
                    $b: $crate::records::wire::Wire::<$b_proto>::write(&self.1, writer),
                }
            }

            fn read(
                record: $record,
                reader: $crate::records::wire::Reader<'_>,
            ) -> Result<Self, $crate::records::wire::RecordError> {
                Ok((
                    $crate::records::wire::Wire::<$a_proto>::read(record.$a, reader)
                        .map_err(|error| error.at(stringify!($record), stringify!($a)))?,
                    $crate::records::wire::Wire::<$b_proto>::read(record.$b, reader)
                        .map_err(|error| error.at(stringify!($record), stringify!($b)))?,
                ))
            }
        }
    };
}

/// A message field that must be there.
macro_rules! required {
    ($record:ident for $model:ident) => {
        impl $crate::records::wire::Wire<Option<$record>> for $model {
            fn write(&self, writer: &mut $crate::records::wire::Writer<'_>) -> Option<$record> {
                Some(self.write(writer))
            }

            fn read(
                record: Option<$record>,
                reader: $crate::records::wire::Reader<'_>,
            ) -> Result<Self, $crate::records::wire::RecordError> {
                match record {
                    Some(record) => {
                        <$model as $crate::records::wire::Wire<$record>>::read(record, reader)
                    }
                    None => Err($crate::records::wire::Problem::Missing.into()),
                }
            }
        }
    };
}

/// The numbers that stand for the values of a plain enum. They never change.
macro_rules! numbers {
    ($($model:ident { $($number:literal = $variant:ident,)* })*) => {$(
        impl $crate::records::wire::Wire<u32> for $model {
            fn write(&self, _: &mut $crate::records::wire::Writer<'_>) -> u32 {
                match self {
                    $($model::$variant => $number,)*
                }
            }

            fn read(
                record: u32,
                _: $crate::records::wire::Reader<'_>,
            ) -> Result<Self, $crate::records::wire::RecordError> {
                match record {
                    $($number => Ok($model::$variant),)*
                    other => Err($crate::records::wire::Problem::Number(other.into()).into()),
                }
            }
        }
    )*};
}

/// Reads one field of a flat record.
macro_rules! take {
    ($record:ident . $field:ident, $name:ident, $reader:expr) => {
        $crate::records::wire::Wire::read($record.$field, $reader)
            .map_err(|error| error.at(stringify!($name), stringify!($field)))?
    };
}

pub(crate) use {numbers, pair, record, required, take};

macro_rules! same {
    ($($scalar:ty),*) => {$(
        impl Wire<$scalar> for $scalar {
            fn write(&self, _: &mut Writer<'_>) -> $scalar {
                self.clone()
            }

            fn read(record: $scalar, _: Reader<'_>) -> Result<Self, RecordError> {
                Ok(record)
            }
        }
    )*};
}

same!(u32, u64, f32, f64, bool, String);

macro_rules! number {
    ($($model:ident = $scalar:ty),*) => {$(
        impl Wire<$scalar> for $model {
            fn write(&self, _: &mut Writer<'_>) -> $scalar {
                self.0
            }

            fn read(record: $scalar, _: Reader<'_>) -> Result<Self, RecordError> {
                Ok($model(record))
            }
        }
    )*};
}

number!(Seq = u64, Timestamp = i64, Millis = u64, RuleKey = u64);

macro_rules! ids {
    ($($model:ident),*) => {$(
        impl Wire<Vec<u8>> for $model {
            fn write(&self, _: &mut Writer<'_>) -> Vec<u8> {
                self.uuid().as_bytes().to_vec()
            }

            fn read(record: Vec<u8>, _: Reader<'_>) -> Result<Self, RecordError> {
                Ok(<$model>::from_uuid(Uuid::from_bytes(sixteen(&record)?)))
            }
        }
    )*};
}

ids!(
    CustomerId,
    SourceId,
    InteractionId,
    MessageId,
    OfferId,
    GrantId,
    RedemptionId,
    DecisionId,
    RequestId,
    ReservationId,
    AgentId,
    MergeId,
    DeliveryId,
    AttachmentId,
    GuideId,
    FaqId
);

fn sixteen(bytes: &[u8]) -> Result<[u8; 16], Problem> {
    bytes.try_into().map_err(|_| Problem::Length(bytes.len()))
}

impl Wire<Vec<u8>> for LinkKey {
    fn write(&self, _: &mut Writer<'_>) -> Vec<u8> {
        self.0.to_be_bytes().to_vec()
    }

    fn read(record: Vec<u8>, _: Reader<'_>) -> Result<Self, RecordError> {
        Ok(LinkKey(u128::from_be_bytes(sixteen(&record)?)))
    }
}

impl Wire<Vec<u8>> for Private {
    fn write(&self, writer: &mut Writer<'_>) -> Vec<u8> {
        writer.seal.seal(writer.owner, self.reveal())
    }

    fn read(record: Vec<u8>, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(reader.open(&record)?)
    }
}

impl Wire<f64> for Probability {
    fn write(&self, _: &mut Writer<'_>) -> f64 {
        self.get()
    }

    fn read(record: f64, _: Reader<'_>) -> Result<Self, RecordError> {
        Probability::new(record).map_err(|_| Problem::Number(record.to_bits()).into())
    }
}

impl Wire<u32> for u8 {
    fn write(&self, _: &mut Writer<'_>) -> u32 {
        (*self).into()
    }

    fn read(record: u32, _: Reader<'_>) -> Result<Self, RecordError> {
        u8::try_from(record).map_err(|_| Problem::Number(record.into()).into())
    }
}

impl<P, T: Wire<P>> Wire<Option<P>> for Option<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Option<P> {
        self.as_ref().map(|value| value.write(writer))
    }

    fn read(record: Option<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        record.map(|record| T::read(record, reader)).transpose()
    }
}

impl<P, T: Wire<P>> Wire<Vec<P>> for Vec<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Vec<P> {
        self.iter().map(|value| value.write(writer)).collect()
    }

    fn read(record: Vec<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        record
            .into_iter()
            .map(|record| T::read(record, reader))
            .collect()
    }
}

impl<P, T: Wire<P>, A: Array<Item = T>> Wire<Vec<P>> for SmallVec<A> {
    fn write(&self, writer: &mut Writer<'_>) -> Vec<P> {
        self.iter().map(|value| value.write(writer)).collect()
    }

    fn read(record: Vec<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        record
            .into_iter()
            .map(|record| T::read(record, reader))
            .collect()
    }
}

impl<P, T: Wire<P> + Ord> Wire<Vec<P>> for BTreeSet<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Vec<P> {
        self.iter().map(|value| value.write(writer)).collect()
    }

    fn read(record: Vec<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        record
            .into_iter()
            .map(|record| T::read(record, reader))
            .collect()
    }
}

impl<P, K: Ord + Clone, V: Clone> Wire<Vec<P>> for BTreeMap<K, V>
where
    (K, V): Wire<P>,
{
    fn write(&self, writer: &mut Writer<'_>) -> Vec<P> {
        self.iter()
            .map(|(key, value)| (key.clone(), value.clone()).write(writer))
            .collect()
    }

    fn read(record: Vec<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        record
            .into_iter()
            .map(|record| <(K, V)>::read(record, reader))
            .collect()
    }
}

impl<P, T: Wire<P>> Wire<Box<P>> for Box<T> {
    fn write(&self, writer: &mut Writer<'_>) -> Box<P> {
        Box::new((**self).write(writer))
    }

    fn read(record: Box<P>, reader: Reader<'_>) -> Result<Self, RecordError> {
        Ok(Box::new(T::read(*record, reader)?))
    }
}

pair! {
    /// A named text.
    TextPair for (String, String) {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(string, tag = "2")]
        value: String,
    }
}

pair! {
    /// A named sealed text.
    SealedPair for (String, Private) {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(bytes = "vec", tag = "2")]
        sealed: Vec<u8>,
    }
}

pair! {
    /// A named truth.
    FlagPair for (String, bool) {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(bool, tag = "2")]
        value: bool,
    }
}

pair! {
    /// A named small number.
    LevelPair for (String, u8) {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(uint32, tag = "2")]
        value: u32,
    }
}
