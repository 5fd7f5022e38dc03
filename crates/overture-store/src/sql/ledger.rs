//! The hash-chained ledger.

use std::collections::BTreeMap;

use overture_engine::model::{GrantId, LedgerEntry, Timestamp};
use uuid::Uuid;

use super::{Db, Row, customer_id, params};
use crate::{
    LedgerOf, LedgerReport, LedgerRow, StoreError,
    keys::Keys,
    records::{NoTexts, decode},
    unit::{ChainEnd, ChainedRow, ledger_hash},
};

const COLUMNS: &str = "chain, place, customer, grant_id, happened_at, change, hash";

/// How many rows one statement of a check reads.
const ROWS_PER_READ: u32 = 1_000;

pub(crate) fn ledger(
    db: &mut dyn Db,
    of: LedgerOf,
    limit: u32,
) -> Result<Vec<LedgerRow>, StoreError> {
    let (column, id) = match of {
        LedgerOf::Grant(grant) => ("grant_id", *grant.uuid().as_bytes()),
        LedgerOf::Customer(customer) => ("customer", *customer.uuid().as_bytes()),
    };
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM ledger WHERE {column} = ?1 \
             ORDER BY happened_at, chain, place LIMIT ?2"
        ),
        params![id, limit],
    )?
    .iter()
    .map(|row| {
        let row = chained(row)?;
        Ok(LedgerRow {
            partition: row.chain,
            row: row.place,
            entry: LedgerEntry {
                customer: customer_id(row.customer),
                grant: GrantId::from_uuid(Uuid::from_bytes(row.grant)),
                at: Timestamp(row.happened_at),
                change: decode(&row.change, &NoTexts)?,
            },
            hash: row.hash,
        })
    })
    .collect()
}

fn chained(row: &Row) -> Result<ChainedRow, StoreError> {
    Ok(ChainedRow {
        chain: row.count(0)? as u32,
        place: row.count(1)?,
        customer: row.array(2)?,
        grant: row.array(3)?,
        happened_at: row.int(4)?,
        change: row.blob(5)?.to_vec(),
        hash: row.array(6)?,
    })
}

/// Walks every chain from its start and compares where it ends with the signed end.
pub(crate) fn verify(db: &mut dyn Db, keys: &Keys) -> Result<LedgerReport, StoreError> {
    let mut report = LedgerReport::default();
    let mut found: BTreeMap<u32, ChainEnd> = BTreeMap::new();
    let mut last = (-1i64, 0i64);
    loop {
        let rows = db.query(
            &format!(
                "SELECT {COLUMNS} FROM ledger WHERE chain > ?1 OR (chain = ?1 AND place > ?2) \
                 ORDER BY chain, place LIMIT ?3"
            ),
            params![last.0, last.1, ROWS_PER_READ],
        )?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            last = (row.int(0)?, row.int(1)?);
            report.rows += 1;
            let row = chained(row)?;
            let end = found.entry(row.chain).or_default();
            if row.place != end.place + 1 || row.hash != ledger_hash(&end.hash, &row) {
                report.first_bad = Some((row.chain, row.place));
                return Ok(report);
            }
            *end = ChainEnd {
                place: row.place,
                hash: row.hash,
            };
        }
    }
    for row in db.query(
        "SELECT chain, place, hash, signature FROM ledger_end ORDER BY chain",
        &[],
    )? {
        let chain = row.count(0)? as u32;
        let end = ChainEnd {
            place: row.count(1)?,
            hash: row.array(2)?,
        };
        let signed = keys.sign_ledger(chain, end.place, &end.hash);
        let walked = found.remove(&chain).unwrap_or_default();
        if walked != end || !bool::from(subtle_eq(&signed, row.blob(3)?)) {
            report.first_bad = Some((chain, walked.place + u64::from(walked.place < end.place)));
            return Ok(report);
        }
    }
    // A chain without a signed end: its end was removed.
    report.first_bad = found.keys().next().map(|chain| (*chain, 1));
    Ok(report)
}

fn subtle_eq(left: &[u8], right: &[u8]) -> subtle::Choice {
    use subtle::ConstantTimeEq;
    left.ct_eq(right)
}
