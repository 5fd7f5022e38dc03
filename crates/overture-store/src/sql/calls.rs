//! Calls, and what of their audio is kept, in sealed parts.

use overture_engine::model::{InteractionId, Timestamp};

use super::{
    Db, Row, Value, customer_id, first, opened, params,
    sealed::{seal_for, whole},
    tables::CALL_PART,
};
use crate::{
    CallEntry, CallPartKind, CallsOf, StoreError,
    keys::{KeyRow, Keys},
    records::decode,
};

/// What a part begins with before it is sealed, so that rows cannot be exchanged for others.
const HEAD_BYTES: usize = 21;

const COLUMNS: &str = "SELECT customer, record, (SELECT CAST(SUM(bytes) AS BIGINT) FROM call_part \
                       WHERE call_part.call = call.call AND kind = 1) FROM call";

fn head(call: InteractionId, kind: CallPartKind, place: u32) -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    head[..16].copy_from_slice(call.uuid().as_bytes());
    head[16] = kind.number() as u8;
    head[17..].copy_from_slice(&place.to_le_bytes());
    head
}

pub(crate) fn calls(
    db: &mut dyn Db,
    keys: &Keys,
    of: CallsOf,
    before: Option<InteractionId>,
    limit: u32,
) -> Result<Vec<CallEntry>, StoreError> {
    // Every id is below it.
    let before = before.map_or([0xff; 16], |call| *call.uuid().as_bytes());
    let rows = match of {
        CallsOf::Live => db.query(
            &format!("{COLUMNS} WHERE ended_at IS NULL AND call < ?1 ORDER BY call DESC LIMIT ?2"),
            params![before, limit],
        )?,
        CallsOf::Ended => db.query(
            &format!(
                "{COLUMNS} WHERE ended_at IS NOT NULL AND call < ?1 ORDER BY call DESC LIMIT ?2"
            ),
            params![before, limit],
        )?,
        CallsOf::Customer(customer) => db.query(
            &format!("{COLUMNS} WHERE customer = ?3 AND call < ?1 ORDER BY call DESC LIMIT ?2"),
            params![before, limit, *customer.uuid().as_bytes()],
        )?,
        CallsOf::Anyone => db.query(
            &format!("{COLUMNS} WHERE call < ?1 ORDER BY call DESC LIMIT ?2"),
            params![before, limit],
        )?,
    };
    entries(db, keys, &rows)
}

pub(crate) fn call(
    db: &mut dyn Db,
    keys: &Keys,
    call: InteractionId,
) -> Result<Option<CallEntry>, StoreError> {
    let sql = format!("{COLUMNS} WHERE call = ?1");
    let rows = db.query(&sql, params![*call.uuid().as_bytes()])?;
    Ok(entries(db, keys, &rows)?.pop())
}

/// The column names the owner: after a merge everything else still has the earlier one.
fn entries(db: &mut dyn Db, keys: &Keys, rows: &[Row]) -> Result<Vec<CallEntry>, StoreError> {
    let found = opened(db, keys, |open| {
        rows.iter()
            .map(|row| decode(row.blob(1).unwrap_or_default(), open))
            .collect::<Result<Vec<_>, _>>()
    })?;
    rows.iter()
        .zip(found)
        .map(|(row, found)| {
            Ok(CallEntry {
                customer: customer_id(row.array(0)?),
                row: found,
                audio_bytes: row.count(2).ok(),
            })
        })
        .collect()
}

/// The keys that were made for it.
pub(crate) fn put_part(
    db: &mut dyn Db,
    keys: &Keys,
    (call, kind, place): (InteractionId, CallPartKind, u32),
    bytes: &[u8],
    at: Timestamp,
) -> Result<Vec<KeyRow>, StoreError> {
    let sql = "SELECT customer FROM call WHERE call = ?1";
    let Some(row) = first(db, sql, params![*call.uuid().as_bytes()])? else {
        return Err(StoreError::Missing { what: "call" });
    };
    let owner = customer_id(row.array(0)?);
    let mut plain = head(call, kind, place).to_vec();
    plain.extend_from_slice(bytes);
    let (sealed, made) = seal_for(db, keys, owner, |sealing| sealing.seal_bytes(owner, &plain))?;
    db.insert(
        &CALL_PART,
        vec![vec![
            (*call.uuid().as_bytes()).into(),
            kind.number().into(),
            place.into(),
            (*owner.uuid().as_bytes()).into(),
            at.0.into(),
            (bytes.len() as u64).into(),
            sealed.into(),
        ]],
    )?;
    Ok(made)
}

/// The parts from `from` up to and without `to`, as far as there are any; `None` when one of them, or the key that opens it, is gone.
pub(crate) fn parts(
    db: &mut dyn Db,
    keys: &Keys,
    call: InteractionId,
    kind: CallPartKind,
    (from, to): (u32, u32),
) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = db.query(
        "SELECT sealed FROM call_part WHERE call = ?1 AND kind = ?2 AND place >= ?3 \
         AND place < ?4 ORDER BY place",
        params![*call.uuid().as_bytes(), kind.number(), from, to],
    )?;
    whole(db, keys, &rows, |place| {
        head(call, kind, from + place as u32)
    })
}

/// Forgets the audio of one call.
pub(crate) fn forget_audio(db: &mut dyn Db, call: InteractionId) -> Result<u64, StoreError> {
    db.execute(
        "DELETE FROM call_part WHERE call = ?1 AND kind = 1",
        params![*call.uuid().as_bytes()],
    )
}

/// Forgets audio stored before `before`; returns how many parts, at most `limit`.
pub(crate) fn forget_old_audio(
    db: &mut dyn Db,
    before: Timestamp,
    limit: u32,
) -> Result<u64, StoreError> {
    let rows = db.query(
        "SELECT DISTINCT call FROM call_part WHERE kind = 1 AND kept_at < ?1 LIMIT ?2",
        params![before.0, limit],
    )?;
    let calls = rows
        .iter()
        .map(|row| row.array::<16>(0).map(Value::from))
        .collect::<Result<Vec<_>, _>>()?;
    if calls.is_empty() {
        return Ok(0);
    }
    db.execute_in("DELETE FROM call_part WHERE kind = 1 AND call", calls)
}
