//! The log and what a start reads.

use overture_engine::model::{Input, RouteState, Seq, Timestamp, WorldFacts};

use super::{Db, customer_id, first, opened, params};
use crate::{
    Boot, StoreError,
    keys::Keys,
    records::{NoTexts, Stored, decode, decode_log, decode_message_keys},
};

/// How many packed rows one statement reads.
const ROWS_PER_READ: u32 = 16;

pub(crate) fn boot(db: &mut dyn Db) -> Result<Boot, StoreError> {
    let progress = first(
        db,
        "SELECT last_seq, last_received_at, replay_from FROM progress WHERE id = 1",
        &[],
    )?
    .ok_or_else(|| StoreError::Corrupt {
        what: "progress has no row".to_owned(),
    })?;
    let wakes = db.query(
        "SELECT due_at, customer FROM wake ORDER BY due_at, customer",
        &[],
    )?;
    Ok(Boot {
        last_seq: Seq(progress.count(0)?),
        last_received_at: Timestamp(progress.int(1)?),
        replay_from: Seq(progress.count(2)?),
        route: state::<RouteState>(db, "route")?,
        world: state::<WorldFacts>(db, "world")?,
        wakes: wakes
            .iter()
            .map(|row| Ok((Timestamp(row.int(0)?), customer_id(row.array(1)?))))
            .collect::<Result<_, StoreError>>()?,
    })
}

fn state<T: Stored>(db: &mut dyn Db, name: &str) -> Result<Option<T>, StoreError> {
    first(
        db,
        "SELECT record FROM state WHERE name = ?1",
        params![name],
    )?
    .map(|row| Ok(decode(row.blob(0)?, &NoTexts)?))
    .transpose()
}

pub(crate) fn read_log(
    db: &mut dyn Db,
    keys: &Keys,
    from: Seq,
    max_inputs: usize,
) -> Result<Vec<Input>, StoreError> {
    let mut inputs: Vec<Input> = Vec::new();
    let mut after = from.0;
    loop {
        let rows = db.query(
            "SELECT packed, last_seq FROM log WHERE last_seq >= ?1 ORDER BY last_seq LIMIT ?2",
            params![after, ROWS_PER_READ],
        )?;
        let Some(last) = rows.last() else {
            return Ok(inputs);
        };
        after = last.count(1)? + 1;
        for row in &rows {
            let packed = row.blob(0)?;
            inputs.extend(opened(db, keys, |open| decode_log(packed, open))?);
            if inputs.len() >= max_inputs {
                break;
            }
        }
        inputs.retain(|input| input.seq >= from);
        if inputs.len() >= max_inputs {
            return Ok(inputs);
        }
    }
}

pub(crate) fn message_keys_since(
    db: &mut dyn Db,
    at: Timestamp,
    max: usize,
) -> Result<Vec<(Timestamp, u64)>, StoreError> {
    let mut newest_first: Vec<(Timestamp, u64)> = Vec::new();
    let mut before = i64::MAX;
    while newest_first.len() < max {
        let rows = db.query(
            "SELECT packed, last_seq FROM log WHERE last_seq < ?1 AND received_to >= ?2 \
             ORDER BY last_seq DESC LIMIT ?3",
            params![before, at.0, ROWS_PER_READ],
        )?;
        let Some(last) = rows.last() else {
            break;
        };
        before = last.int(1)?;
        for row in &rows {
            let keys = decode_message_keys(row.blob(0)?)?;
            newest_first.extend(
                keys.into_iter()
                    .rev()
                    .filter(|(received, _)| *received >= at),
            );
        }
    }
    newest_first.truncate(max);
    newest_first.reverse();
    Ok(newest_first)
}
