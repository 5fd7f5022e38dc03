//! Secrets, numbers, retention.

use overture_engine::model::Timestamp;

use super::{Db, Value, first, params};
use crate::{
    Pruned, Retention, SEARCH_MISSES_MAX, StoreError, Totals, keys::Keys, unit::SEEN_BUCKET_MS,
};

/// How many rows one clean-up transaction removes.
pub(crate) const PRUNE_ROWS: u32 = 100;

const SECRET_PURPOSE: &[u8] = b"installation secret";

/// Opens the installation's secret, and makes it in a new database.
pub(crate) fn secret(db: &mut dyn Db, keys: &Keys) -> Result<[u8; 32], StoreError> {
    if let Some(row) = first(db, "SELECT record FROM state WHERE name = 'secret'", &[])? {
        return keys
            .unwrap(row.blob(0)?, SECRET_PURPOSE)
            .and_then(|plain| plain.as_slice().try_into().ok())
            .ok_or(StoreError::WrongMasterKey);
    }
    let secret: [u8; 32] = rand::random();
    db.execute(
        "INSERT INTO state (name, record) VALUES ('secret', ?1)",
        params![keys.wrap(&secret, SECRET_PURPOSE)],
    )?;
    Ok(secret)
}

pub(crate) fn totals(db: &mut dyn Db, keys: &Keys) -> Result<Totals, StoreError> {
    let mut count = |sql: &str| -> Result<u64, StoreError> {
        first(db, sql, &[])?.map_or(Ok(0), |row| row.count(0))
    };
    Ok(Totals {
        inputs: count("SELECT inputs FROM progress WHERE id = 1")?,
        customers: count("SELECT COUNT(*) FROM customer")?,
        rejected: count("SELECT COALESCE(MAX(number), 0) FROM rejected")?,
        skipped: count("SELECT COUNT(*) FROM skipped")?,
        outbox: count("SELECT COUNT(*) FROM outbox")?,
        erased_reads: keys.erased_reads(),
    })
}

/// Removes one small step of what retention allows; nothing when all is done.
pub(crate) fn prune_step(
    db: &mut dyn Db,
    now: Timestamp,
    retention: Retention,
) -> Result<Pruned, StoreError> {
    let oldest = (now - retention.max_age).0;
    let log_bytes = first(
        db,
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM log",
        &[],
    )?
    .map_or(Ok(0), |row| row.int(0))?;
    // The rows below the replay point that are too old, or too many.
    let rows = db.query(
        "SELECT last_seq, bytes, received_to FROM log \
         WHERE last_seq < (SELECT replay_from FROM progress WHERE id = 1) \
         ORDER BY last_seq LIMIT ?1",
        params![PRUNE_ROWS],
    )?;
    let max_log_bytes = i64::try_from(retention.max_log_bytes).unwrap_or(i64::MAX);
    let mut over = log_bytes - max_log_bytes;
    let mut up_to = None;
    for row in &rows {
        if row.int(2)? >= oldest && over <= 0 {
            break;
        }
        over -= row.int(1)?;
        up_to = Some(row.int(0)?);
    }
    let log_rows = match up_to {
        Some(up_to) => db.execute("DELETE FROM log WHERE last_seq <= ?1", params![up_to])?,
        None => 0,
    };
    db.execute(
        "DELETE FROM search_miss WHERE happened_at < ?1 OR happened_at < \
         (SELECT happened_at FROM search_miss ORDER BY happened_at DESC LIMIT 1 OFFSET ?2)",
        params![oldest, SEARCH_MISSES_MAX],
    )?;
    // Whole timelines of customers not heard of since, found through the index.
    let customers = db.query(
        "SELECT customer FROM customer WHERE seen_bucket < ?1 \
         AND EXISTS (SELECT 1 FROM timeline WHERE timeline.customer = customer.customer) \
         AND NOT EXISTS (SELECT 1 FROM conversation \
                         WHERE conversation.customer = customer.customer) \
         AND NOT EXISTS (SELECT 1 FROM grant_state \
                         WHERE grant_state.customer = customer.customer) LIMIT ?2",
        params![oldest.div_euclid(SEEN_BUCKET_MS), PRUNE_ROWS],
    )?;
    let customers = customers
        .iter()
        .map(|row| row.array::<16>(0).map(Value::from))
        .collect::<Result<Vec<_>, _>>()?;
    let timeline_rows = match customers.is_empty() {
        true => 0,
        false => db.execute_in("DELETE FROM timeline WHERE customer", customers)?,
    };
    Ok(Pruned {
        log_rows,
        timeline_rows,
    })
}

/// Everything that happened, and everybody it happened to.
const WIPED: [&str; 29] = [
    "call",
    "call_part",
    "attachment",
    "attachment_chunk",
    "log",
    "customer",
    "customer_key",
    "merged",
    "link",
    "customer_trait",
    "timeline",
    "decision",
    "offer",
    "ledger",
    "ledger_end",
    "grant_state",
    "conversation",
    "request",
    "wake",
    "outbox",
    "alert",
    "minute_count",
    "article_count",
    "search_miss",
    "label",
    "issue_label",
    "skipped",
    "source_count",
    "guide_sight",
];

pub(crate) fn wipe(db: &mut dyn Db) -> Result<(), StoreError> {
    for table in WIPED {
        db.execute(&format!("DELETE FROM {table}"), &[])?;
    }
    db.execute("DELETE FROM rejected", &[])?;
    db.execute("DELETE FROM agent", &[])?;
    db.execute("DELETE FROM state WHERE name = 'route'", &[])?;
    db.execute(
        "UPDATE progress SET replay_from = last_seq + 1 WHERE id = 1",
        &[],
    )?;
    Ok(())
}
