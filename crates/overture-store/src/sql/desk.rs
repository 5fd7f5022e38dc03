//! Timelines, conversations, requests, agents, grants and alerts.

use overture_engine::model::{
    AgentId, AgentState, ConversationRow, ConversationStatus, CustomerId, DecisionId, DeliveryId,
    GrantId, GrantState, IdentityLevel, InteractionId, LinkKey, RequestId, RequestState, Seq,
    TimelineItem, Timestamp,
};
use uuid::Uuid;

use super::{Db, Row, Value, customer_id, first, opened, params};
use crate::{
    Alert, ConversationsOf, GrantRow, MinuteCount, SkippedEvent, StoreError, TimelinePage,
    TimelineQuery, TimelineReader, TimelineWindow,
    keys::Keys,
    records::{NoTexts, decode},
    unit::numbers,
};

pub(crate) fn timeline(
    db: &mut dyn Db,
    keys: &Keys,
    query: &TimelineQuery,
) -> Result<TimelinePage, StoreError> {
    let limit = query.limit.clamp(1, 1_000);
    let mut sql = String::from(
        "SELECT seq, happened_at, audience, device, record FROM timeline WHERE customer = ?1",
    );
    let mut params = vec![Value::from(*query.customer.uuid().as_bytes())];
    let mut bind = |value: Value| {
        params.push(value);
        params.len()
    };
    match query.reader {
        TimelineReader::Staff => {}
        TimelineReader::Session { device, level } => {
            sql.push_str(" AND audience = 1");
            if level != IdentityLevel::Verified {
                let place = bind(Value::from(device.0.to_be_bytes()));
                sql.push_str(&format!(" AND device = ?{place}"));
            }
        }
    }
    let newest_first = match query.window {
        TimelineWindow::After(seq) => {
            let place = bind(Value::from(seq));
            sql.push_str(&format!(" AND seq > ?{place} ORDER BY seq"));
            false
        }
        TimelineWindow::Before(seq) => {
            let place = bind(Value::from(seq));
            sql.push_str(&format!(" AND seq < ?{place} ORDER BY seq DESC"));
            true
        }
        TimelineWindow::Newest => {
            sql.push_str(" ORDER BY seq DESC");
            true
        }
    };
    let place = bind(Value::from(limit + 1));
    sql.push_str(&format!(" LIMIT ?{place}"));
    let mut rows = db.query(&sql, &params)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    if newest_first {
        rows.reverse();
    }
    let bodies = opened(db, keys, |open| {
        rows.iter()
            .map(|row| decode(row.blob(4).unwrap_or_default(), open))
            .collect()
    })?;
    let items = rows
        .iter()
        .zip::<Vec<_>>(bodies)
        .map(|(row, body)| {
            Ok(TimelineItem {
                customer: query.customer,
                seq: row.count(0)?,
                at: Timestamp(row.int(1)?),
                audience: numbers::audience(row.int(2)?)?,
                device: row
                    .maybe_array(3)?
                    .map(|bytes| LinkKey(u128::from_be_bytes(bytes))),
                body,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(TimelinePage { items, more })
}

pub(crate) fn conversation(
    db: &mut dyn Db,
    keys: &Keys,
    conversation: InteractionId,
) -> Result<Option<ConversationRow>, StoreError> {
    let rows = db.query(
        "SELECT customer, record, last_author, last_text FROM conversation WHERE conversation = ?1",
        params![*conversation.uuid().as_bytes()],
    )?;
    Ok(conversation_rows(db, keys, &rows)?.pop())
}

pub(crate) fn conversations(
    db: &mut dyn Db,
    keys: &Keys,
    of: ConversationsOf,
    limit: u32,
) -> Result<Vec<ConversationRow>, StoreError> {
    let ended = numbers::status_number(ConversationStatus::Ended);
    let scheduled = numbers::status_number(ConversationStatus::Scheduled);
    let rows = match of {
        ConversationsOf::Open => db.query(
            &format!(
                "SELECT customer, record, last_author, last_text FROM conversation \
                 WHERE status <> {ended} AND status <> {scheduled} ORDER BY last_at DESC LIMIT ?1"
            ),
            params![limit],
        )?,
        ConversationsOf::Agent(agent) => db.query(
            &format!(
                "SELECT customer, record, last_author, last_text FROM conversation WHERE status <> {ended} \
                 AND agent = ?1 ORDER BY last_at DESC LIMIT ?2"
            ),
            params![*agent.uuid().as_bytes(), limit],
        )?,
        ConversationsOf::Customer(customer) => db.query(
            "SELECT customer, record, last_author, last_text FROM conversation WHERE customer = ?1 \
             ORDER BY last_at DESC LIMIT ?2",
            params![*customer.uuid().as_bytes(), limit],
        )?,
        ConversationsOf::Scheduled => db.query(
            &format!(
                "SELECT customer, record, last_author, last_text FROM conversation \
                 WHERE status = {scheduled} ORDER BY last_at DESC LIMIT ?1"
            ),
            params![limit],
        )?,
        ConversationsOf::Anyone => db.query(
            "SELECT customer, record, last_author, last_text FROM conversation ORDER BY last_at DESC LIMIT ?1",
            params![limit],
        )?,
    };
    conversation_rows(db, keys, &rows)
}

/// The column names the owner: after a merge the record still has the earlier one.
fn conversation_rows(
    db: &mut dyn Db,
    keys: &Keys,
    rows: &[Row],
) -> Result<Vec<ConversationRow>, StoreError> {
    let mut found: Vec<ConversationRow> = opened(db, keys, |open| {
        rows.iter()
            .map(|row| {
                let mut found: ConversationRow = decode(row.blob(1).unwrap_or_default(), open)?;
                if let Ok(author) = row.blob(2) {
                    found.last_author = Some(decode(author, open)?);
                }
                if let Ok(text) = row.blob(3) {
                    found.last_text = Some(open.open(text)?);
                }
                Ok(found)
            })
            .collect()
    })?;
    for (row, conversation) in rows.iter().zip(&mut found) {
        conversation.customer = customer_id(row.array(0)?);
    }
    Ok(found)
}

pub(crate) fn requests(db: &mut dyn Db) -> Result<Vec<(RequestId, RequestState)>, StoreError> {
    db.query(
        "SELECT request, record FROM request ORDER BY queued_at, request",
        &[],
    )?
    .iter()
    .map(|row| {
        Ok((
            RequestId::from_uuid(Uuid::from_bytes(row.array(0)?)),
            decode(row.blob(1)?, &NoTexts)?,
        ))
    })
    .collect()
}

pub(crate) fn agents(db: &mut dyn Db) -> Result<Vec<(AgentId, AgentState)>, StoreError> {
    db.query("SELECT agent, record FROM agent ORDER BY agent", &[])?
        .iter()
        .map(|row| {
            Ok((
                AgentId::from_uuid(Uuid::from_bytes(row.array(0)?)),
                decode(row.blob(1)?, &NoTexts)?,
            ))
        })
        .collect()
}

pub(crate) fn grant(db: &mut dyn Db, grant: GrantId) -> Result<Option<GrantRow>, StoreError> {
    first(
        db,
        "SELECT customer, record FROM grant_state WHERE grant_id = ?1",
        params![*grant.uuid().as_bytes()],
    )?
    .map(|row| grant_row(&row))
    .transpose()
}

pub(crate) fn grants_of(
    db: &mut dyn Db,
    customer: CustomerId,
) -> Result<Vec<GrantRow>, StoreError> {
    db.query(
        "SELECT customer, record FROM grant_state WHERE customer = ?1 \
         ORDER BY issued_at DESC, grant_id DESC",
        params![*customer.uuid().as_bytes()],
    )?
    .iter()
    .map(grant_row)
    .collect()
}

/// Ids follow the time of issue, so the primary key pages through them.
pub(crate) fn grants(
    db: &mut dyn Db,
    cursor: Option<GrantId>,
    limit: u32,
) -> Result<Vec<GrantRow>, StoreError> {
    let before = cursor.map_or([0xff; 16], |grant| *grant.uuid().as_bytes());
    db.query(
        "SELECT customer, record FROM grant_state WHERE grant_id < ?1 \
         ORDER BY grant_id DESC LIMIT ?2",
        params![before, limit.clamp(1, 1_000)],
    )?
    .iter()
    .map(grant_row)
    .collect()
}

fn grant_row(row: &Row) -> Result<GrantRow, StoreError> {
    Ok(GrantRow {
        customer: customer_id(row.array(0)?),
        grant: decode::<GrantState>(row.blob(1)?, &NoTexts)?,
    })
}

pub(crate) fn minute_counts(
    db: &mut dyn Db,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<MinuteCount>, StoreError> {
    db.query(
        "SELECT minute, rule, what, counted FROM minute_count WHERE minute >= ?1 AND minute < ?2 \
         ORDER BY minute, rule, what",
        params![from.0, to.0],
    )?
    .iter()
    .map(|row| {
        Ok(MinuteCount {
            minute: Timestamp(row.int(0)?),
            rule: row.text(1)?.to_owned(),
            what: row.text(2)?.to_owned(),
            count: row.count(3)?,
        })
    })
    .collect()
}

pub(crate) fn skipped(db: &mut dyn Db, limit: u32) -> Result<Vec<SkippedEvent>, StoreError> {
    db.query(
        "SELECT seq, received_at, customer, reason FROM skipped ORDER BY seq DESC LIMIT ?1",
        params![limit],
    )?
    .iter()
    .map(|row| {
        Ok(SkippedEvent {
            seq: Seq(row.count(0)?),
            at: Timestamp(row.int(1)?),
            customer: row.maybe_array(2)?.map(customer_id),
            reason: row.text(3)?.to_owned(),
        })
    })
    .collect()
}

pub(crate) fn add_alert(db: &mut dyn Db, alert: &Alert) -> Result<(), StoreError> {
    db.execute(
        "INSERT INTO alert (alert, raised_at, customer, decision, rule, line) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (alert) DO NOTHING",
        params![
            *alert.alert.uuid().as_bytes(),
            alert.at.0,
            *alert.customer.uuid().as_bytes(),
            *alert.decision.uuid().as_bytes(),
            alert.rule.as_str(),
            alert.text.as_str(),
        ],
    )?;
    Ok(())
}

pub(crate) fn open_alerts(db: &mut dyn Db, limit: u32) -> Result<Vec<Alert>, StoreError> {
    db.query(
        "SELECT alert, raised_at, customer, decision, rule, line FROM alert \
         WHERE done_at IS NULL ORDER BY raised_at DESC LIMIT ?1",
        params![limit],
    )?
    .iter()
    .map(|row| {
        Ok(Alert {
            alert: DeliveryId::from_uuid(Uuid::from_bytes(row.array(0)?)),
            at: Timestamp(row.int(1)?),
            customer: customer_id(row.array(2)?),
            decision: DecisionId::from_uuid(Uuid::from_bytes(row.array(3)?)),
            rule: row.text(4)?.to_owned(),
            text: row.text(5)?.to_owned(),
            done: None,
        })
    })
    .collect()
}

pub(crate) fn finish_alert(
    db: &mut dyn Db,
    alert: DeliveryId,
    by: AgentId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let changed = db.execute(
        "UPDATE alert SET done_by = ?2, done_at = ?3 WHERE alert = ?1 AND done_at IS NULL",
        params![*alert.uuid().as_bytes(), *by.uuid().as_bytes(), at.0],
    )?;
    Ok(changed == 1)
}
