//! The outbox: claimed with the writer's epoch.

use overture_engine::model::{DeliveryId, OutboxItem, Timestamp};

use super::{Db, Value, first, opened, params};
use crate::{Epoch, OutboxClaim, StoreError, keys::Keys, records::decode};

/// Whether this writer is still the one.
fn check(db: &mut dyn Db, epoch: Epoch) -> Result<(), StoreError> {
    match first(db, "SELECT epoch FROM progress WHERE id = 1", &[])? {
        Some(row) if row.count(0)? == epoch.0 => Ok(()),
        _ => Err(StoreError::Fenced),
    }
}

/// Makes sure that this writer is still the one, and stays it until the transaction ends:
/// a change of nothing locks the row.
fn fence(db: &mut dyn Db, epoch: Epoch) -> Result<(), StoreError> {
    match db.execute(
        "UPDATE progress SET epoch = epoch WHERE id = 1 AND epoch = ?1",
        params![epoch.0],
    )? {
        1 => Ok(()),
        _ => Err(StoreError::Fenced),
    }
}

pub(crate) fn claim(
    db: &mut dyn Db,
    keys: &Keys,
    epoch: Epoch,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<OutboxClaim>, StoreError> {
    check(db, epoch)?;
    let rows = db.query(
        "SELECT delivery, attempts, record FROM outbox WHERE next_try_at <= ?1 \
         AND (claimed_by IS NULL OR claimed_by < ?2) ORDER BY next_try_at, delivery LIMIT ?3",
        params![now.0, epoch.0, limit],
    )?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    fence(db, epoch)?;
    let ids = rows
        .iter()
        .map(|row| row.array::<16>(0).map(Value::from))
        .collect::<Result<Vec<_>, _>>()?;
    db.execute_in(
        &format!(
            "UPDATE outbox SET claimed_by = {}, attempts = attempts + 1 WHERE delivery",
            epoch.0
        ),
        ids,
    )?;
    let items: Vec<OutboxItem> = opened(db, keys, |open| {
        rows.iter()
            .map(|row| decode(row.blob(2).unwrap_or_default(), open))
            .collect()
    })?;
    rows.iter()
        .zip(items)
        .map(|(row, item)| {
            Ok(OutboxClaim {
                item,
                attempt: row.count(1)? as u32 + 1,
            })
        })
        .collect()
}

pub(crate) fn complete(
    db: &mut dyn Db,
    epoch: Epoch,
    delivery: DeliveryId,
) -> Result<(), StoreError> {
    fence(db, epoch)?;
    db.execute(
        "DELETE FROM outbox WHERE delivery = ?1",
        params![*delivery.uuid().as_bytes()],
    )?;
    Ok(())
}

pub(crate) fn fail(
    db: &mut dyn Db,
    epoch: Epoch,
    delivery: DeliveryId,
    next_try: Timestamp,
) -> Result<(), StoreError> {
    fence(db, epoch)?;
    db.execute(
        "UPDATE outbox SET claimed_by = NULL, next_try_at = ?2 WHERE delivery = ?1",
        params![*delivery.uuid().as_bytes(), next_try.0],
    )?;
    Ok(())
}
