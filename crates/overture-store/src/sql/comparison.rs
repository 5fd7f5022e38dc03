//! What rules would have done against what they did, and how their offers were taken.

use std::collections::{BTreeMap, HashMap, HashSet};

use overture_engine::model::{CustomerId, DecisionId, Millis, Timestamp};
use uuid::Uuid;

use super::{Db, Value, customer_id, params};
use crate::{
    ASKED_WITHIN, COMPARED_MAX, ComparedCustomer, Comparison, EXAMPLES_MAX, Instead, LEFT_WITHIN,
    OfferOutcomes, REASON_NAMES, RuleComparison, StoreError,
};

/// The place of shadow among the reasons: alone, it says that the rule would have acted.
const SHADOW_ALONE: i64 = 1 << 13;

/// Where a time begins among the ids of every kind: they begin with their milliseconds.
fn first_id(at: Timestamp) -> [u8; 16] {
    *DecisionId::first_of(at).uuid().as_bytes()
}

/// When the thing with this id was made.
fn made_at(id: &[u8; 16]) -> Timestamp {
    let mut bytes = [0; 8];
    bytes[2..].copy_from_slice(&id[..6]);
    Timestamp(i64::from_be_bytes(bytes))
}

/// One customer whom shadow alone kept from being contacted.
struct Would {
    decision: [u8; 16],
    customer: [u8; 16],
    rule: String,
}

pub(crate) fn compare(
    db: &mut dyn Db,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    most: u32,
) -> Result<Comparison, StoreError> {
    let mut found = Comparison::default();
    let rows = db.query(
        "SELECT decision, customer, rule, outcome, reasons FROM decision \
         WHERE decision >= ?1 AND decision < ?2 ORDER BY decision DESC LIMIT ?3",
        params![first_id(from), first_id(to), most.min(COMPARED_MAX)],
    )?;
    if rows.len() as u32 == most.min(COMPARED_MAX) {
        let oldest = rows.last().map(|row| row.array::<16>(0)).transpose()?;
        found.cut_at = oldest.map(|oldest| made_at(&oldest));
    }
    let from = found.cut_at.unwrap_or(from);
    let mut would = Vec::new();
    for row in &rows {
        let (rule, reasons) = (row.text(2)?, row.int(4)?);
        let compared = entry(&mut found.rules, rule);
        if row.text(3)? != "withhold" {
            compared.acted += 1;
            continue;
        }
        for (place, name) in REASON_NAMES.iter().enumerate() {
            if reasons & 1 << place != 0 {
                *compared.reasons.entry(*name).or_insert(0) += 1;
            }
        }
        if reasons == SHADOW_ALONE {
            would.push(Would {
                decision: row.array(0)?,
                customer: row.array(1)?,
                rule: rule.to_owned(),
            });
        }
    }
    let asked = asked(db, from, to + ASKED_WITHIN)?;
    let seen = last_seen(db, &would)?;
    for one in would {
        let at = made_at(&one.decision);
        let then = instead(&one, at, now, &asked, &seen);
        let compared = entry(&mut found.rules, &one.rule);
        compared.would += 1;
        match then {
            Instead::Asked => compared.asked += 1,
            Instead::Left => compared.left += 1,
            Instead::TooEarly => compared.open += 1,
            Instead::WentOn => {}
        }
        if compared.examples.len() < EXAMPLES_MAX {
            compared.examples.push(ComparedCustomer {
                decision: DecisionId::from_uuid(Uuid::from_bytes(one.decision)),
                customer: customer_id(one.customer),
                at,
                then,
            });
        }
    }
    count_offers(db, from, to, &mut found)?;
    Ok(found)
}

fn entry<'a>(
    rules: &'a mut BTreeMap<String, RuleComparison>,
    rule: &str,
) -> &'a mut RuleComparison {
    if !rules.contains_key(rule) {
        rules.insert(rule.to_owned(), RuleComparison::default());
    }
    rules.get_mut(rule).expect("inserted above")
}

fn instead(
    one: &Would,
    at: Timestamp,
    now: Timestamp,
    asked: &HashMap<[u8; 16], Vec<Timestamp>>,
    seen: &HashMap<[u8; 16], Timestamp>,
) -> Instead {
    let within = |times: &Vec<Timestamp>| {
        times
            .iter()
            .any(|time| *time >= at && time.since(at) <= ASKED_WITHIN)
    };
    let is_over = |wait: Millis| now.since(at) > wait;
    if asked.get(&one.customer).is_some_and(within) {
        Instead::Asked
    } else if is_over(LEFT_WITHIN)
        && seen
            .get(&one.customer)
            .is_none_or(|last| *last <= at + LEFT_WITHIN)
    {
        Instead::Left
    } else if is_over(ASKED_WITHIN) {
        Instead::WentOn
    } else {
        Instead::TooEarly
    }
}

/// When customers asked for help themselves: conversations that no offer opened, and calls.
fn asked(
    db: &mut dyn Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<HashMap<[u8; 16], Vec<Timestamp>>, StoreError> {
    // Who takes an offer gets the conversation in the same moment.
    let mut taken: HashSet<([u8; 16], i64)> = HashSet::new();
    for row in db.query(
        "SELECT customer, ended_at FROM offer WHERE ended_at IS NOT NULL AND made_at >= ?1 \
         AND made_at < ?2 AND stage = 'accepted'",
        params![(from - OFFERS_OPEN_MAX).0, to.0],
    )? {
        taken.insert((row.array(0)?, row.int(1)?));
    }
    let mut asked: HashMap<[u8; 16], Vec<Timestamp>> = HashMap::new();
    for table in ["conversation", "call"] {
        for row in db.query(
            &format!(
                "SELECT {table}, customer FROM {table} WHERE {table} >= ?1 AND {table} < ?2 \
                 ORDER BY {table} DESC LIMIT ?3"
            ),
            params![first_id(from), first_id(to), COMPARED_MAX],
        )? {
            let (at, customer) = (made_at(&row.array(0)?), row.array(1)?);
            if !taken.contains(&(customer, at.0)) {
                asked.entry(customer).or_default().push(at);
            }
        }
    }
    Ok(asked)
}

/// No offer stays open longer.
const OFFERS_OPEN_MAX: Millis = Millis::from_secs(86_400);

fn last_seen(db: &mut dyn Db, would: &[Would]) -> Result<HashMap<[u8; 16], Timestamp>, StoreError> {
    let mut customers: Vec<[u8; 16]> = would.iter().map(|one| one.customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let mut seen = HashMap::with_capacity(customers.len());
    for row in db.query_in(
        "SELECT customer, last_seen_at FROM customer WHERE customer",
        customers.into_iter().map(Value::from).collect(),
    )? {
        seen.insert(row.array(0)?, Timestamp(row.int(1)?));
    }
    Ok(seen)
}

fn count_offers(
    db: &mut dyn Db,
    from: Timestamp,
    to: Timestamp,
    found: &mut Comparison,
) -> Result<(), StoreError> {
    for row in db.query(
        "SELECT rule, stage, opted_out, COUNT(shown_at) FROM offer \
         WHERE made_at >= ?1 AND made_at < ?2 GROUP BY rule, stage, opted_out",
        params![from.0, to.0],
    )? {
        let compared = entry(&mut found.rules, row.text(0)?);
        let (stage, opted_out, shown) = (row.text(1)?, row.int(2)? != 0, row.count(3)?);
        compared.shown += shown;
        match stage {
            _ if opted_out => compared.opted_out += shown,
            "accepted" | "completed" => compared.accepted += shown,
            "dismissed" => compared.dismissed += shown,
            "ignored" => compared.ignored += shown,
            _ => {}
        }
    }
    Ok(())
}

/// How each rule's shown offers since `since` were taken, by the rule's id.
pub(crate) fn outcomes(
    db: &mut dyn Db,
    rule: &str,
    since: Timestamp,
) -> Result<Option<OfferOutcomes>, StoreError> {
    const ANNOYED: &str = "(stage = 'dismissed' OR opted_out = 1)";
    let rows = db.query(
        &format!(
            "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN {ANNOYED} THEN 1 ELSE 0 END), 0) AS BIGINT) \
             FROM offer WHERE made_at >= ?1 AND rule = ?2 AND shown_at IS NOT NULL"
        ),
        params![since.0, rule],
    )?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let last = db.query(
        &format!(
            "SELECT customer, decision FROM offer WHERE made_at >= ?1 AND rule = ?2 \
             AND shown_at IS NOT NULL AND {ANNOYED} ORDER BY made_at DESC, offer DESC LIMIT 1"
        ),
        params![since.0, rule],
    )?;
    let last: Option<(CustomerId, DecisionId)> = last
        .first()
        .map(|row| {
            Ok::<_, StoreError>((
                customer_id(row.array(0)?),
                DecisionId::from_uuid(Uuid::from_bytes(row.array(1)?)),
            ))
        })
        .transpose()?;
    Ok(Some(OfferOutcomes {
        rule: rule.to_owned(),
        shown: row.count(0)?,
        annoyed: row.count(1)?,
        last,
    }))
}
