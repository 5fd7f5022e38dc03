//! Customers, their identifiers and traits.

use overture_engine::model::{
    AgentId, CustomerId, CustomerState, Identifier, IdentifierKind, IdentityLink, LabelledText,
    LinkKey, Private, TextLabel, Timestamp,
};

use uuid::Uuid;

use super::{Db, Row, Value, customer_id, first, in_order, opened, params};
use crate::{
    CustomerSummary, CustomersBy, Erased, LabelKind, LabelRow, StoreError,
    keys::{KeyId, Keys},
    records::{Open, RecordError, decode},
    unit::numbers,
};

/// How many merges in a row are followed.
const MERGES_MAX: usize = 64;

fn id(customer: CustomerId) -> Value {
    Value::from(*customer.uuid().as_bytes())
}

fn ids(customers: &[CustomerId]) -> Vec<[u8; 16]> {
    customers
        .iter()
        .map(|customer| *customer.uuid().as_bytes())
        .collect()
}

fn values(ids: &[[u8; 16]]) -> Vec<Value> {
    ids.iter().copied().map(Value::from).collect()
}

pub(crate) fn customers(
    db: &mut dyn Db,
    keys: &Keys,
    customers: &[CustomerId],
) -> Result<Vec<Option<CustomerState>>, StoreError> {
    let ids = ids(customers);
    let found = db.query_in(
        "SELECT customer, record FROM customer WHERE customer",
        values(&ids),
    )?;
    let records = in_order(&ids, found, |row| Ok(row.blob(1)?.to_vec()))?;
    opened(db, keys, |open| {
        records
            .iter()
            .map(|record| {
                record
                    .as_deref()
                    .map(|record| decode(record, open))
                    .transpose()
            })
            .collect()
    })
}

pub(crate) fn resolve(
    db: &mut dyn Db,
    keys: &[LinkKey],
) -> Result<Vec<Option<CustomerId>>, StoreError> {
    let ids: Vec<[u8; 16]> = keys.iter().map(|key| key.0.to_be_bytes()).collect();
    let found = db.query_in(
        "SELECT link_key, customer FROM link WHERE link_key",
        values(&ids),
    )?;
    in_order(&ids, found, |row| Ok(customer_id(row.array(1)?)))
}

pub(crate) fn survivor(db: &mut dyn Db, customer: CustomerId) -> Result<CustomerId, StoreError> {
    let mut current = customer;
    for _ in 0..MERGES_MAX {
        match first(
            db,
            "SELECT survivor FROM merged WHERE loser = ?1",
            &[id(current)],
        )? {
            Some(row) => current = customer_id(row.array(0)?),
            None => return Ok(current),
        }
    }
    Err(StoreError::Corrupt {
        what: format!("merges of {customer} go round in a circle"),
    })
}

pub(crate) fn links_of(
    db: &mut dyn Db,
    keys: &Keys,
    customer: CustomerId,
) -> Result<Vec<IdentityLink>, StoreError> {
    let rows = db.query(
        "SELECT link_key, kind, level, linked_at, value FROM link WHERE customer = ?1 \
         ORDER BY linked_at, link_key",
        &[id(customer)],
    )?;
    let texts = texts(db, keys, &rows, 4)?;
    rows.iter()
        .zip(texts)
        .map(|(row, value)| {
            Ok(IdentityLink {
                identifier: Identifier {
                    kind: numbers::kind(row.int(1)?)?,
                    key: LinkKey(u128::from_be_bytes(row.array(0)?)),
                    value,
                    level: numbers::level(row.int(2)?)?,
                },
                customer,
                linked_at: Timestamp(row.int(3)?),
            })
        })
        .collect()
}

pub(crate) fn traits_of(
    db: &mut dyn Db,
    keys: &Keys,
    customer: CustomerId,
) -> Result<Vec<(String, Private)>, StoreError> {
    let rows = db.query(
        "SELECT name, value FROM customer_trait WHERE customer = ?1 ORDER BY name",
        &[id(customer)],
    )?;
    let texts = texts(db, keys, &rows, 1)?;
    rows.iter()
        .zip(texts)
        .map(|(row, value)| Ok((row.text(0)?.to_owned(), value)))
        .collect()
}

/// The opened texts of one column.
fn texts(
    db: &mut dyn Db,
    keys: &Keys,
    rows: &[Row],
    column: usize,
) -> Result<Vec<Private>, StoreError> {
    let sealed = rows
        .iter()
        .map(|row| row.blob(column))
        .collect::<Result<Vec<_>, _>>()?;
    opened(db, keys, |open: &dyn Open| {
        sealed
            .iter()
            .map(|sealed| open.open(sealed).map_err(RecordError::from))
            .collect()
    })
}

pub(crate) fn labels(
    db: &mut dyn Db,
    keys: &Keys,
    customers: &[CustomerId],
) -> Result<Vec<Option<Private>>, StoreError> {
    let ids = ids(customers);
    let mut best: std::collections::BTreeMap<[u8; 16], (u8, Vec<u8>)> = Default::default();
    let mut offer = |customer: [u8; 16], rank: u8, sealed: &[u8]| {
        let better = best.get(&customer).is_none_or(|(known, _)| rank < *known);
        if better && !sealed.is_empty() {
            best.insert(customer, (rank, sealed.to_vec()));
        }
    };
    for row in db.query_in(
        "SELECT customer, value FROM customer_trait WHERE name = 'name' AND customer",
        values(&ids),
    )? {
        offer(row.array(0)?, 0, row.blob(1)?);
    }
    for row in db.query_in(
        "SELECT customer, value, kind FROM link WHERE kind >= 2 AND customer",
        values(&ids),
    )? {
        let rank = match numbers::kind(row.int(2)?)? {
            IdentifierKind::Email => 1,
            IdentifierKind::UserId => 2,
            _ => 3,
        };
        offer(row.array(0)?, rank, row.blob(1)?);
    }
    let sealed: Vec<Option<Vec<u8>>> = ids
        .iter()
        .map(|id| best.get(id).map(|(_, sealed)| sealed.clone()))
        .collect();
    let texts = opened(db, keys, |open| {
        sealed
            .iter()
            .map(|sealed| {
                sealed
                    .as_deref()
                    .map(|sealed| open.open(sealed).map_err(RecordError::from))
                    .transpose()
            })
            .collect::<Result<Vec<_>, _>>()
    })?;
    Ok(texts
        .into_iter()
        .map(|text| text.filter(|text| !text.is_empty()))
        .collect())
}

pub(crate) fn customer_list(
    db: &mut dyn Db,
    by: CustomersBy,
    limit: u32,
) -> Result<Vec<CustomerSummary>, StoreError> {
    let rows = match by {
        // The last seen ones are in the highest buckets; within a bucket order by time.
        CustomersBy::Recent => db.query(
            "SELECT customer, last_seen_at, score, level FROM customer \
             WHERE NOT EXISTS (SELECT 1 FROM merged WHERE loser = customer.customer) \
             ORDER BY seen_bucket DESC, last_seen_at DESC LIMIT ?1",
            params![limit],
        )?,
        CustomersBy::Link(key) => db.query(
            "SELECT customer, last_seen_at, score, level FROM customer \
             WHERE customer = (SELECT customer FROM link WHERE link_key = ?1) LIMIT ?2",
            params![key.0.to_be_bytes(), limit],
        )?,
    };
    rows.iter()
        .map(|row| {
            Ok(CustomerSummary {
                customer: customer_id(row.array(0)?),
                last_seen_at: Timestamp(row.int(1)?),
                score: row.real(2)?,
                level: numbers::need(row.int(3)?)?,
            })
        })
        .collect()
}

/// What staff labelled in one way, in order, with the texts as models see them.
pub(crate) fn labelled_texts(
    db: &mut dyn Db,
    keys: &Keys,
    kind: LabelKind,
    after: Option<(CustomerId, u64)>,
    limit: u32,
) -> Result<Vec<LabelRow>, StoreError> {
    let (customer, seq) = match after {
        Some((customer, seq)) => (*customer.uuid().as_bytes(), seq as i64),
        None => ([0; 16], 0),
    };
    let (table, said) = match kind {
        LabelKind::Sentiment => ("label", "sentiment"),
        LabelKind::Issue => ("issue_label", "issue"),
    };
    let rows = db.query(
        &format!(
            "SELECT customer, seq, labelled_at, agent, {said}, words FROM {table} \
             WHERE customer > ?1 OR (customer = ?1 AND seq > ?2) ORDER BY customer, seq LIMIT ?3"
        ),
        params![customer, seq, limit],
    )?;
    let sealed: Vec<&[u8]> = rows
        .iter()
        .map(|row| row.blob(5))
        .collect::<Result<_, _>>()?;
    let texts: Vec<Private> = opened(db, keys, |open| {
        sealed.iter().map(|sealed| Ok(open.open(sealed)?)).collect()
    })?;
    rows.iter()
        .zip(texts)
        .map(|(row, text)| {
            Ok(LabelRow {
                customer: customer_id(row.array(0)?),
                at: Timestamp(row.int(2)?),
                label: LabelledText {
                    agent: AgentId::from_uuid(Uuid::from_bytes(row.array(3)?)),
                    conversation: None,
                    row: row.count(1)?,
                    label: match kind {
                        LabelKind::Sentiment => {
                            TextLabel::Sentiment(numbers::sentiment(row.int(4)?)?)
                        }
                        LabelKind::Issue => TextLabel::Issue(row.maybe_text(4)?),
                    },
                    text,
                },
            })
        })
        .collect()
}

/// The erasure, and the numbers of the keys it destroyed.
pub(crate) fn erase(
    db: &mut dyn Db,
    customer: CustomerId,
) -> Result<(Erased, Vec<KeyId>), StoreError> {
    let keys: Vec<KeyId> = db
        .query(
            "SELECT key_id FROM customer_key WHERE customer = ?1",
            &[id(customer)],
        )?
        .iter()
        .map(|row| row.int(0))
        .collect::<Result<_, _>>()?;
    super::attachments::forget_of(db, id(customer))?;
    let mut remove = |table: &str| {
        db.execute(
            &format!("DELETE FROM {table} WHERE customer = ?1"),
            &[id(customer)],
        )
    };
    let erased = Erased {
        keys: remove("customer_key")?,
        links: remove("link")?,
        traits: remove("customer_trait")?,
    };
    remove("guide_sight")?;
    remove("label")?;
    remove("issue_label")?;
    remove("call_part")?;
    Ok((erased, keys))
}
