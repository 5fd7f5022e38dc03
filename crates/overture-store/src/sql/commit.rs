//! Writing one unit.

use std::collections::BTreeMap;

use super::{
    Db, Table, Value, key_rows, params,
    tables::{
        AGENT, ARTICLE_COUNT, CALL, CONVERSATION, COUNT, CUSTOMER, DECISION, GRANT, ISSUE_LABEL,
        KEY, LABEL, LEDGER, LEDGER_END, LINK, OFFER, OUTBOX, REQUEST, SEARCH_MISS, SKIPPED,
        SOURCE_COUNT, STATE, TIMELINE, TRAIT, WAKE,
    },
};
use crate::{
    CommitUnit, Committed, Epoch, StoreError,
    keys::{KeyId, KeyRow, Keys},
    unit::{
        ChainEnd, IdBytes, LabelledBy, MergeRow, SEEN_BUCKET_MS, UnitRows, chain, chain_of,
        encode_unit,
    },
};

/// What changes in memory once the transaction is durable.
#[derive(Debug, Default)]
pub(crate) struct AfterCommit {
    pub(crate) committed: Committed,
    /// Keys that were made.
    pub(crate) made: Vec<KeyRow>,
    /// Customers who were folded, with the keys that went to the survivor.
    pub(crate) folded: Vec<(overture_engine::model::CustomerId, Vec<KeyId>)>,
}

/// Writes a whole unit, inside the transaction that `db` runs.
pub(crate) fn write_unit(
    db: &mut dyn Db,
    keys: &Keys,
    unit: &CommitUnit,
    epoch: Epoch,
) -> Result<AfterCommit, StoreError> {
    advance(db, unit, epoch)?;
    let rows = encoded(db, keys, unit)?;
    let log_bytes = rows.log.as_ref().map_or(0, |log| log.packed.len() as u64);
    let made = rows.keys.clone();
    let merges = rows.merges.clone();
    let ledger = write_rows(db, rows)?;
    write_ledger(db, keys, &ledger)?;
    let mut folded = Vec::new();
    for merge in merges {
        folded.push((merge.from, fold(db, merge)?));
    }
    Ok(AfterCommit {
        committed: Committed {
            last_seq: unit
                .inputs
                .last()
                .map_or_else(Default::default, |last| last.seq),
            log_bytes,
        },
        made,
        folded,
    })
}

/// Moves the one row of progress on, which also proves that this writer still has the
/// lease: nobody else can change the row until this transaction ends.
fn advance(db: &mut dyn Db, unit: &CommitUnit, epoch: Epoch) -> Result<(), StoreError> {
    let changed = match (unit.inputs.first(), unit.inputs.last()) {
        (Some(first), Some(last)) => db.execute(
            "UPDATE progress SET last_seq = ?1, last_received_at = ?2, replay_from = ?3, \
             inputs = inputs + ?4 WHERE id = 1 AND epoch = ?5 AND last_seq = ?6",
            params![
                last.seq.0,
                last.received_at.0,
                unit.replay_from.0,
                unit.inputs.len() as u64,
                epoch.0,
                first.seq.0.wrapping_sub(1),
            ],
        )?,
        _ => db.execute(
            "UPDATE progress SET replay_from = ?1 WHERE id = 1 AND epoch = ?2",
            params![unit.replay_from.0, epoch.0],
        )?,
    };
    if changed == 1 {
        return Ok(());
    }
    match super::first(db, "SELECT epoch FROM progress WHERE id = 1", &[])? {
        Some(row) if row.count(0)? == epoch.0 => Err(StoreError::Conflict {
            what: "an input of the log",
        }),
        _ => Err(StoreError::Fenced),
    }
}

fn encoded(db: &mut dyn Db, keys: &Keys, unit: &CommitUnit) -> Result<UnitRows, StoreError> {
    let (mut rows, mut sealing) = encode_unit(unit, keys);
    let unknown = sealing.unknown();
    if !unknown.is_empty() {
        let found = db.query_in(
            "SELECT key_id, customer, wrapped FROM customer_key WHERE customer",
            unknown
                .iter()
                .map(|customer| Value::from(*customer.uuid().as_bytes()))
                .collect(),
        )?;
        if !found.is_empty() {
            keys.remember(&key_rows(&found)?)?;
            (rows, sealing) = encode_unit(unit, keys);
        }
    }
    rows.keys = sealing.into_rows();
    Ok(rows)
}

fn write_rows(
    db: &mut dyn Db,
    rows: UnitRows,
) -> Result<Vec<overture_engine::model::LedgerEntry>, StoreError> {
    if let Some(log) = rows.log {
        let bytes = log.packed.len() as u64;
        db.execute(
            "INSERT INTO log (last_seq, first_seq, received_from, received_to, inputs, bytes, \
             packed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                log.last_seq,
                log.first_seq,
                log.received_from,
                log.received_to,
                log.inputs,
                bytes,
                log.packed
            ],
        )?;
    }
    insert(db, &KEY, rows.keys, |row| {
        vec![
            row.key.into(),
            (*row.customer.uuid().as_bytes()).into(),
            row.wrapped.into(),
        ]
    })?;
    insert(db, &CUSTOMER, rows.customers, |row| {
        vec![
            row.customer.into(),
            row.last_seen_at.div_euclid(SEEN_BUCKET_MS).into(),
            row.last_seen_at.into(),
            row.score.into(),
            row.level.into(),
            row.applied.into(),
            row.record.into(),
        ]
    })?;
    let states = [("route", rows.route), ("world", rows.world)];
    let states = states
        .into_iter()
        .filter_map(|(name, record)| record.map(|record| (name, record)));
    insert(db, &STATE, states, |(name, record)| {
        vec![name.into(), record.into()]
    })?;
    insert(db, &TIMELINE, rows.timeline, |row| {
        vec![
            row.customer.into(),
            row.seq.into(),
            row.happened_at.into(),
            row.audience.into(),
            row.device.into(),
            row.record.into(),
        ]
    })?;
    insert(db, &DECISION, rows.decisions, |row| {
        vec![
            row.decision.into(),
            row.customer.into(),
            row.rule.into(),
            row.outcome.into(),
            row.reasons.into(),
            row.record.into(),
        ]
    })?;
    insert(db, &OFFER, rows.offers, |(offer, row)| {
        vec![
            offer.into(),
            row.customer.into(),
            row.decision.into(),
            row.rule.into(),
            row.made_at.into(),
            row.shown_at.into(),
            row.ended_at.into(),
            row.stage.into(),
            Value::Int(0),
        ]
    })?;
    if !rows.opted_out.is_empty() {
        let offers = rows.opted_out.into_iter().map(Value::from).collect();
        db.execute_in("UPDATE offer SET opted_out = 1 WHERE offer", offers)?;
    }
    insert(db, &GRANT, rows.grants, |(grant, row)| {
        vec![
            grant.into(),
            row.customer.into(),
            row.issued_at.into(),
            row.record.into(),
        ]
    })?;
    insert(
        db,
        &CONVERSATION,
        rows.conversations,
        |(conversation, row)| {
            vec![
                conversation.into(),
                row.customer.into(),
                row.status.into(),
                row.agent.into(),
                row.last_at.into(),
                row.last_author.into(),
                row.last_text.into(),
                row.record.into(),
            ]
        },
    )?;
    insert(db, &CALL, rows.calls, |(call, row)| {
        vec![
            call.into(),
            row.customer.into(),
            row.started_at.into(),
            row.ended_at.into(),
            row.record.into(),
        ]
    })?;
    let (kept, gone) = split(rows.requests);
    insert(db, &REQUEST, kept, |(request, row)| {
        vec![request.into(), row.queued_at.into(), row.record.into()]
    })?;
    remove(db, "DELETE FROM request WHERE request", gone)?;
    insert(db, &AGENT, rows.agents, |(agent, record)| {
        vec![agent.into(), record.into()]
    })?;
    insert(db, &LINK, rows.links, |(key, row)| {
        vec![
            key.into(),
            row.customer.into(),
            row.kind.into(),
            row.level.into(),
            row.linked_at.into(),
            row.value.into(),
        ]
    })?;
    insert(db, &TRAIT, rows.traits, |((customer, name), value)| {
        vec![customer.into(), name.into(), value.into()]
    })?;
    let (kept, gone) = split(rows.wakes);
    insert(db, &WAKE, kept, |(customer, at)| {
        vec![customer.into(), at.into()]
    })?;
    remove(db, "DELETE FROM wake WHERE customer", gone)?;
    insert(db, &OUTBOX, rows.outbox, |row| {
        vec![
            row.delivery.into(),
            row.next_try_at.into(),
            Value::Int(0),
            row.record.into(),
        ]
    })?;
    insert(db, &COUNT, rows.counts, |((minute, rule, what), count)| {
        vec![minute.into(), rule.into(), what.into(), count.into()]
    })?;
    insert(
        db,
        &ARTICLE_COUNT,
        rows.articles,
        |((article, locale, version), counts)| {
            let mut row = vec![article.into(), locale.into(), version.into()];
            row.extend(counts.map(Value::Int));
            row
        },
    )?;
    insert(
        db,
        &SEARCH_MISS,
        (0i64..).zip(rows.misses),
        |(place, row)| {
            vec![
                row.happened_at.into(),
                row.customer.into(),
                place.into(),
                row.locale.into(),
                row.words.into(),
            ]
        },
    )?;
    insert(db, &LABEL, rows.labels, |(place, (sentiment, by))| {
        label(place, by, sentiment.into())
    })?;
    insert(
        db,
        &ISSUE_LABEL,
        rows.issue_labels,
        |(place, (named, by))| label(place, by, named.into()),
    )?;
    insert(db, &SOURCE_COUNT, rows.sources, |(source, (events, at))| {
        vec![source.into(), events.into(), at.into()]
    })?;
    insert(db, &SKIPPED, rows.skipped, |row| {
        vec![
            row.seq.into(),
            row.received_at.into(),
            row.customer.into(),
            row.reason.into(),
        ]
    })?;
    Ok(rows.ledger)
}

fn insert<R>(
    db: &mut dyn Db,
    table: &Table,
    rows: impl IntoIterator<Item = R>,
    values: impl Fn(R) -> Vec<Value>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows.into_iter().map(values).collect();
    if rows.is_empty() {
        return Ok(());
    }
    db.insert(table, rows)
}

fn remove(db: &mut dyn Db, change: &str, ids: Vec<[u8; 16]>) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    db.execute_in(change, ids.into_iter().map(Value::from).collect())?;
    Ok(())
}

/// What is to be written, and the ids of what is to go.
fn split<T>(rows: BTreeMap<IdBytes, Option<T>>) -> (Vec<(IdBytes, T)>, Vec<IdBytes>) {
    let mut kept = Vec::new();
    let mut gone = Vec::new();
    for (id, row) in rows {
        match row {
            Some(row) => kept.push((id, row)),
            None => gone.push(id),
        }
    }
    (kept, gone)
}

fn write_ledger(
    db: &mut dyn Db,
    keys: &Keys,
    entries: &[overture_engine::model::LedgerEntry],
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut numbers: Vec<u32> = entries
        .iter()
        .map(|entry| chain_of(entry.customer))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut ends = BTreeMap::new();
    for row in db.query_in(
        "SELECT chain, place, hash FROM ledger_end WHERE chain",
        numbers.iter().map(|number| Value::from(*number)).collect(),
    )? {
        let end = ChainEnd {
            place: row.count(1)?,
            hash: row.array(2)?,
        };
        ends.insert(row.count(0)? as u32, end);
    }
    let rows = chain(entries, &mut ends);
    insert(db, &LEDGER, rows, |row| {
        vec![
            row.chain.into(),
            row.place.into(),
            row.customer.into(),
            row.grant.into(),
            row.happened_at.into(),
            row.change.into(),
            row.hash.into(),
        ]
    })?;
    insert(db, &LEDGER_END, ends, |(number, end)| {
        vec![
            number.into(),
            end.place.into(),
            end.hash.into(),
            keys.sign_ledger(number, end.place, &end.hash).into(),
        ]
    })
}

/// A row of a table of labels: what was said stands between who said it and of which words.
fn label((customer, seq): (IdBytes, i64), by: LabelledBy, said: Value) -> Vec<Value> {
    vec![
        customer.into(),
        seq.into(),
        by.labelled_at.into(),
        by.agent.into(),
        said,
        by.words.into(),
    ]
}

/// Gives everything under one customer to another. Ledger rows stay as they were written.
fn fold(db: &mut dyn Db, merge: MergeRow) -> Result<Vec<KeyId>, StoreError> {
    let from = Value::from(*merge.from.uuid().as_bytes());
    let into = Value::from(*merge.into.uuid().as_bytes());
    let both = [from.clone(), into.clone()];
    db.execute(
        "UPDATE timeline SET customer = ?2, seq = seq + ?3 WHERE customer = ?1",
        &[from.clone(), into.clone(), merge.timeline_offset.into()],
    )?;
    for table in ["label", "issue_label"] {
        db.execute(
            &format!(
                "DELETE FROM {table} WHERE customer = ?2 AND seq IN \
                 (SELECT seq + ?3 FROM {table} WHERE customer = ?1)"
            ),
            &[from.clone(), into.clone(), merge.timeline_offset.into()],
        )?;
        db.execute(
            &format!("UPDATE {table} SET customer = ?2, seq = seq + ?3 WHERE customer = ?1"),
            &[from.clone(), into.clone(), merge.timeline_offset.into()],
        )?;
    }
    for table in [
        "decision",
        "offer",
        "grant_state",
        "conversation",
        "link",
        "alert",
        "attachment",
        "call",
        "call_part",
    ] {
        db.execute(
            &format!("UPDATE {table} SET customer = ?2 WHERE customer = ?1"),
            &both,
        )?;
    }
    // The survivor's own traits win.
    db.execute(
        "DELETE FROM customer_trait WHERE customer = ?1 AND name IN \
         (SELECT name FROM customer_trait WHERE customer = ?2)",
        &both,
    )?;
    db.execute(
        "UPDATE customer_trait SET customer = ?2 WHERE customer = ?1",
        &both,
    )?;
    db.execute(
        "DELETE FROM wake WHERE customer = ?1",
        std::slice::from_ref(&from),
    )?;
    db.execute(
        "INSERT INTO merged (loser, survivor) VALUES (?1, ?2) \
         ON CONFLICT (loser) DO UPDATE SET survivor = excluded.survivor",
        &both,
    )?;
    let keys = db.query(
        "SELECT key_id FROM customer_key WHERE customer = ?1",
        std::slice::from_ref(&from),
    )?;
    db.execute(
        "UPDATE customer_key SET customer = ?2 WHERE customer = ?1",
        &both,
    )?;
    keys.iter().map(|row| row.int(0)).collect()
}
