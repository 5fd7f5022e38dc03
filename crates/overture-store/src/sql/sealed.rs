//! Bytes in many sealed rows: files, and what is kept of calls.
//!
//! Before it is sealed each row begins with whose it is and its place, so that rows cannot be exchanged for others.

use overture_engine::model::CustomerId;

use super::{Db, Row, Value, key_rows, opened, params, tables::KEY};
use crate::{
    StoreError,
    keys::{KeyRow, Keys, Sealing},
    records::{Problem, RecordError},
};

/// The bytes of rows whose first column is sealed, one after another, without the head that each of them must begin with. `None` when
/// there are none, or the key that opens them is gone.
pub(super) fn whole<const N: usize>(
    db: &mut dyn Db,
    keys: &Keys,
    rows: &[Row],
    head: impl Fn(usize) -> [u8; N],
) -> Result<Option<Vec<u8>>, StoreError> {
    if rows.is_empty() {
        return Ok(None);
    }
    let plain = opened(db, keys, |open| {
        rows.iter()
            .map(|row| {
                open.open_bytes(row.blob(0).unwrap_or_default())
                    .map_err(RecordError::from)
            })
            .collect::<Result<Vec<_>, RecordError>>()
    })?;
    let mut all = Vec::new();
    for (place, plain) in plain.iter().enumerate() {
        if plain.is_empty() {
            return Ok(None);
        }
        match plain.strip_prefix(&head(place)) {
            Some(bytes) => all.extend_from_slice(bytes),
            None => return Err(RecordError::from(Problem::Seal).into()),
        }
    }
    Ok(Some(all))
}

/// Seals with a customer's key, which may be in the database and not in memory yet. Gives the keys that were made, to be remembered
/// once the transaction is durable.
pub(super) fn seal_for<T>(
    db: &mut dyn Db,
    keys: &Keys,
    owner: CustomerId,
    seal: impl Fn(&mut Sealing<'_>) -> T,
) -> Result<(T, Vec<KeyRow>), StoreError> {
    let mut sealing = keys.sealing();
    let mut sealed = seal(&mut sealing);
    if !sealing.unknown().is_empty() {
        let found = db.query(
            "SELECT key_id, customer, wrapped FROM customer_key WHERE customer = ?1",
            params![*owner.uuid().as_bytes()],
        )?;
        if !found.is_empty() {
            keys.remember(&key_rows(&found)?)?;
            sealing = keys.sealing();
            sealed = seal(&mut sealing);
        }
    }
    let made = sealing.into_rows();
    let key_values: Vec<Vec<Value>> = made
        .iter()
        .map(|row| {
            vec![
                row.key.into(),
                (*row.customer.uuid().as_bytes()).into(),
                row.wrapped.clone().into(),
            ]
        })
        .collect();
    if !key_values.is_empty() {
        db.insert(&KEY, key_values)?;
    }
    Ok((sealed, made))
}
