//! What both databases have in common: the statements, written once, and the small seam
//! they run through. Each database has its own way of running many rows at once.

pub(crate) mod admin;
pub(crate) mod articles;
pub(crate) mod attachments;
pub(crate) mod brands;
pub(crate) mod calls;
pub(crate) mod commit;
pub(crate) mod comparison;
pub(crate) mod customers;
pub(crate) mod decisions;
pub(crate) mod desk;
pub(crate) mod guides;
pub(crate) mod housekeeping;
pub(crate) mod ledger;
pub(crate) mod lexicon;
pub(crate) mod log;
pub(crate) mod outbox;
pub(crate) mod rollouts;
mod sealed;
mod tables;

use std::collections::BTreeMap;

use crate::{
    DiskPressure, StoreError,
    keys::{KeyRow, Keys},
    records::{Open, RecordError},
};

/// A value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<u64> for Value {
    /// Numbers that use all 64 bits keep them, as a signed number.
    fn from(value: u64) -> Self {
        Value::Int(value as i64)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Int(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::from(value.to_owned())
    }
}

impl From<String> for Value {
    /// PostgreSQL refuses the zero character, which customers can send: it is replaced.
    fn from(value: String) -> Self {
        Value::Text(match value.contains('\0') {
            true => value.replace('\0', "\u{fffd}"),
            false => value,
        })
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Value::Blob(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Value::Blob(value.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Value::Blob(value.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// A whole number.
    pub(crate) fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::Int(value)) => Ok(*value),
            _ => Err(wrong(column, "a whole number")),
        }
    }

    /// A whole number that is never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64, StoreError> {
        self.int(column).map(|value| value.max(0) as u64)
    }

    /// A whole number, or null.
    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    /// A number.
    pub(crate) fn real(&self, column: usize) -> Result<f64, StoreError> {
        match self.0.get(column) {
            Some(Value::Real(value)) => Ok(*value),
            _ => Err(wrong(column, "a number")),
        }
    }

    /// A text.
    pub(crate) fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(value)) => Ok(value),
            _ => Err(wrong(column, "a text")),
        }
    }

    /// A text, or null.
    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.text(column).map(|text| Some(text.to_owned())),
        }
    }

    /// Bytes.
    pub(crate) fn blob(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.0.get(column) {
            Some(Value::Blob(value)) => Ok(value),
            _ => Err(wrong(column, "bytes")),
        }
    }

    /// Exactly so many bytes.
    pub(crate) fn array<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        self.blob(column)?
            .try_into()
            .map_err(|_| wrong(column, "bytes of a fixed length"))
    }

    /// Exactly so many bytes, or null.
    pub(crate) fn maybe_array<const N: usize>(
        &self,
        column: usize,
    ) -> Result<Option<[u8; N]>, StoreError> {
        match self.0.get(column) {
            Some(Value::Null) => Ok(None),
            _ => self.array(column).map(Some),
        }
    }
}

fn wrong(column: usize, expected: &str) -> StoreError {
    StoreError::Corrupt {
        what: format!("column {column} of a row is not {expected}"),
    }
}

/// Runs statements, inside one transaction or one consistent view.
///
/// Parameters are written `?1`, `?2` and so on. Statements use only what both databases
/// understand the same way.
pub(crate) trait Db {
    /// All rows of an answer.
    fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// How many rows a statement changed.
    fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;

    /// All rows of `select` (which ends in `WHERE column`) for which the column is one of
    /// `ids`, in any order.
    fn query_in(&mut self, select: &str, ids: Vec<Value>) -> Result<Vec<Row>, StoreError>;

    /// Changes all rows of `change` (which ends in `WHERE column`) for which the column
    /// is one of `ids`.
    fn execute_in(&mut self, change: &str, ids: Vec<Value>) -> Result<u64, StoreError>;

    /// Inserts many rows. No two of them may have the same key.
    fn insert(&mut self, table: &Table, rows: Vec<Vec<Value>>) -> Result<(), StoreError>;
}

/// What a column of a [`Table`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Real,
    Text,
    Blob,
}

/// Where many rows are inserted at once.
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: &'static str,
    /// The columns in the order of the rows' values.
    pub(crate) columns: &'static [(&'static str, Kind)],
    /// What to do when the key exists; empty for an error.
    pub(crate) on_conflict: &'static str,
    /// A change to try before an insert, where the database does not see by itself that an
    /// indexed column keeps its value.
    pub(crate) update_first: Option<&'static str>,
}

/// Reads with texts opened: once with the keys in memory and, if some are not, once more
/// with those of the database.
pub(crate) fn opened<T>(
    db: &mut dyn Db,
    keys: &Keys,
    read: impl Fn(&dyn Open) -> Result<T, RecordError>,
) -> Result<T, StoreError> {
    let mut opening = keys.opening();
    let value = read(&opening)?;
    let missing = opening.missing();
    if missing.is_empty() {
        return Ok(value);
    }
    let rows = db.query_in(
        "SELECT key_id, customer, wrapped FROM customer_key WHERE key_id",
        missing.into_iter().map(Value::Int).collect(),
    )?;
    opening.load(&key_rows(&rows)?)?;
    Ok(read(&opening)?)
}

/// The key rows of an answer with the columns key_id, customer, wrapped.
pub(crate) fn key_rows(rows: &[Row]) -> Result<Vec<KeyRow>, StoreError> {
    rows.iter()
        .map(|row| {
            Ok(KeyRow {
                key: row.int(0)?,
                customer: customer_id(row.array(1)?),
                wrapped: row.blob(2)?.to_vec(),
            })
        })
        .collect()
}

/// Puts the rows of an answer, whose first column is the id, in the order asked for.
pub(crate) fn in_order<T>(
    ids: &[[u8; 16]],
    found: Vec<Row>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<Option<T>>, StoreError> {
    let mut by_id = BTreeMap::new();
    for row in found {
        by_id.insert(row.array::<16>(0)?, row);
    }
    ids.iter()
        .map(|id| by_id.get(id).map(&read).transpose())
        .collect()
}

/// A customer's id from its column.
pub(crate) fn customer_id(bytes: [u8; 16]) -> overture_engine::model::CustomerId {
    overture_engine::model::CustomerId::from_uuid(uuid::Uuid::from_bytes(bytes))
}

/// The first row of an answer.
pub(crate) fn first(
    db: &mut dyn Db,
    sql: &str,
    params: &[Value],
) -> Result<Option<Row>, StoreError> {
    Ok(db.query(sql, params)?.into_iter().next())
}

/// What one statement binds, from anything that becomes a [`Value`].
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::sql::Value::from($value)),*]
    };
}

pub(crate) use params;

/// How a writer asks for the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Only when no other writer lives.
    WhenFree,
    /// Even then.
    Always,
}

/// A database that the shared statements run on.
pub(crate) trait Backend: Send + Sync {
    /// `sqlite` or `postgresql`.
    const KIND: &'static str;

    /// Runs `work` on one consistent view, without waiting for a writer.
    fn read<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// Runs `work` in a transaction of its own, one at a time, and commits it unless it
    /// failed.
    fn write<T>(
        &self,
        attempt: &'static str,
        work: impl FnOnce(&mut dyn Db) -> Result<T, StoreError>,
    ) -> Result<T, StoreError>;

    /// Takes the lock that ends with the process.
    fn lease(&self, claim: Claim) -> Result<(), StoreError>;

    /// How full the disk is.
    fn pressure(&self) -> Result<DiskPressure, StoreError>;

    /// Gives the space of removed rows back, as far as that is cheap.
    fn give_back_space(&self) -> Result<(), StoreError>;
}
