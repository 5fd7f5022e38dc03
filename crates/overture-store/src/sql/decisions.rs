//! Decisions and their counts.

use overture_engine::model::{DecisionId, DecisionRecord};

use super::{Db, Row, Value, customer_id, first, params};
use crate::{
    DecisionCounts, DecisionFilter, DecisionQuery, REASON_NAMES, StoreError,
    records::{NoTexts, decode},
};

/// The `WHERE` of a filter; `None` when a name in it stands for nothing, so that no
/// decision can fit.
fn conditions(filter: &DecisionFilter) -> Option<(Vec<String>, Vec<Value>)> {
    let mut sql = Vec::new();
    let mut params = Vec::new();
    let mut bind = |value: Value| {
        params.push(value);
        params.len()
    };
    if let Some(rule) = &filter.rule {
        sql.push(format!("rule = ?{}", bind(rule.as_str().into())));
    }
    if let Some(outcome) = &filter.outcome {
        sql.push(format!("outcome = ?{}", bind(outcome.as_str().into())));
    }
    if let Some(customer) = filter.customer {
        sql.push(format!(
            "customer = ?{}",
            bind((*customer.uuid().as_bytes()).into())
        ));
    }
    if let Some(reason) = &filter.reason {
        let place = REASON_NAMES.iter().position(|name| name == reason)?;
        sql.push(format!("(reasons & {}) <> 0", 1i64 << place));
    }
    Some((sql, params))
}

fn where_all(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    }
}

pub(crate) fn decisions(
    db: &mut dyn Db,
    query: &DecisionQuery,
) -> Result<Vec<DecisionRecord>, StoreError> {
    let Some((mut sql, mut params)) = conditions(&query.filter) else {
        return Ok(Vec::new());
    };
    if let Some(cursor) = query.cursor {
        params.push((*cursor.uuid().as_bytes()).into());
        sql.push(format!("decision < ?{}", params.len()));
    }
    params.push(query.limit.clamp(1, 1_000).into());
    db.query(
        &format!(
            "SELECT customer, record FROM decision{} ORDER BY decision DESC LIMIT ?{}",
            where_all(&sql),
            params.len()
        ),
        &params,
    )?
    .iter()
    .map(decision_row)
    .collect()
}

pub(crate) fn decision(
    db: &mut dyn Db,
    decision: DecisionId,
) -> Result<Option<DecisionRecord>, StoreError> {
    first(
        db,
        "SELECT customer, record FROM decision WHERE decision = ?1",
        params![*decision.uuid().as_bytes()],
    )?
    .map(|row| decision_row(&row))
    .transpose()
}

/// The column names the owner: after a merge the record still has the earlier one.
fn decision_row(row: &Row) -> Result<DecisionRecord, StoreError> {
    let mut decision: DecisionRecord = decode(row.blob(1)?, &NoTexts)?;
    decision.customer = customer_id(row.array(0)?);
    Ok(decision)
}

pub(crate) fn decision_counts(
    db: &mut dyn Db,
    filter: &DecisionFilter,
) -> Result<DecisionCounts, StoreError> {
    let mut counts = DecisionCounts::default();
    let Some((sql, params)) = conditions(filter) else {
        return Ok(counts);
    };
    for row in db.query(
        &format!(
            "SELECT rule, outcome, reasons, COUNT(*) FROM decision{} \
             GROUP BY rule, outcome, reasons",
            where_all(&sql)
        ),
        &params,
    )? {
        let (reasons, count) = (row.int(2)?, row.count(3)?);
        *counts.by_rule.entry(row.text(0)?.to_owned()).or_insert(0) += count;
        *counts
            .by_outcome
            .entry(row.text(1)?.to_owned())
            .or_insert(0) += count;
        for (place, name) in REASON_NAMES.iter().enumerate() {
            if reasons & 1 << place != 0 {
                *counts.by_reason.entry((*name).to_owned()).or_insert(0) += count;
            }
        }
    }
    Ok(counts)
}
