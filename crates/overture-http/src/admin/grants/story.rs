//! The story of a grant: what led to it, each change as the ledger has it, what it was used for.

use overture_engine::model::{
    GrantId, LedgerChange, OfferId, OfferStage, Outcome, TimelineBody, Timestamp,
};
use overture_store::{
    ConversationsOf, GrantRow, LedgerOf, Store, StoreError, TimelineQuery, TimelineReader,
    TimelineWindow,
};
use serde_json::{Value, json};

use crate::app::App;

/// Changes of one grant that are shown.
const CHANGES_MAX: u32 = 500;
/// Conversations of the customer that are looked at.
const CONVERSATIONS_MAX: u32 = 200;
/// Rows of the customer's timeline that are looked at for offers, the newest ones.
const ROWS_MAX: usize = 2_000;
/// Rows read at once.
const ROWS_A_READ: u32 = 500;

/// Everything that is known of a grant, oldest first.
pub(super) fn tell(app: &App, store: &dyn Store, row: &GrantRow) -> Result<Vec<Value>, StoreError> {
    let grant = row.grant.grant;
    let mut steps = offers(store, row)?;
    for row in store.ledger(LedgerOf::Grant(grant), CHANGES_MAX)? {
        let mut step = json!({
            "kind": "change", "change": row.entry.change.name(),
            "ledger": {"partition": row.partition, "row": row.row},
        });
        match row.entry.change {
            LedgerChange::Issued { limit } => step["limit"] = limit.into(),
            LedgerChange::Held(redemption)
            | LedgerChange::Connected(redemption)
            | LedgerChange::Released(redemption) => {
                step["redemption"] = redemption.to_string().into();
            }
            LedgerChange::Boosted { boost, .. } | LedgerChange::Decayed { boost } => {
                step["boost"] = boost.into();
            }
            LedgerChange::Denied(denial) => step["detail"] = denial.name().into(),
            LedgerChange::Expired | LedgerChange::Revoked | LedgerChange::Carried => {}
        }
        steps.push((row.entry.at, step));
    }
    let names = app.names.load();
    let customer = store.survivor(row.customer)?;
    for one in store.conversations(ConversationsOf::Customer(customer), CONVERSATIONS_MAX)? {
        if one.grant == Some(grant) {
            let agent = one.agent.and_then(|agent| names.get(&agent));
            let step = json!({
                "kind": "conversation", "conversation": one.conversation.to_string(),
                "channel": one.channel.name(), "status": one.status.name(),
                "agent_name": agent, "code": one.code.map(|code| code.name()),
            });
            steps.push((one.started_at, step));
        }
    }
    steps.sort_by_key(|(at, _)| *at);
    Ok(steps
        .into_iter()
        .map(|(at, mut step)| {
            step["at"] = at.to_string().into();
            step
        })
        .collect())
}

/// The offers that carried the grant, and the decisions behind them.
fn offers(store: &dyn Store, row: &GrantRow) -> Result<Vec<(Timestamp, Value)>, StoreError> {
    let mut rows = Vec::new();
    let mut window = TimelineWindow::Newest;
    loop {
        let page = store.timeline(&TimelineQuery {
            customer: store.survivor(row.customer)?,
            window,
            reader: TimelineReader::Staff,
            limit: ROWS_A_READ,
        })?;
        let Some(first) = page.items.first() else {
            break;
        };
        let reaches = first.at < row.grant.issued_at;
        window = TimelineWindow::Before(first.seq);
        rows.splice(0..0, page.items);
        if reaches || !page.more || rows.len() >= ROWS_MAX {
            break;
        }
    }
    let of = |grant: GrantId| grant == row.grant.grant;
    let carried: Vec<OfferId> = rows
        .iter()
        .filter_map(|row| match &row.body {
            TimelineBody::Offer(view) if view.grant.is_some_and(|(id, _)| of(id)) => {
                Some(view.offer)
            }
            _ => None,
        })
        .collect();
    Ok(rows
        .iter()
        .filter_map(|row| {
            let step = match &row.body {
                TimelineBody::Decision {
                    decision,
                    rule,
                    outcome: Outcome::Offer(offer) | Outcome::Prompt(offer),
                } if carried.contains(offer) => json!({
                    "kind": "decision", "decision": decision.to_string(), "rule": rule,
                }),
                TimelineBody::Offer(view) if carried.contains(&view.offer) => json!({
                    "kind": "offer", "offer": view.offer.to_string(), "rule": view.rule,
                    "state": view.stage.name(),
                    "option": match view.stage {
                        OfferStage::Accepted(option) => Some(option.name()),
                        _ => None,
                    },
                }),
                _ => return None,
            };
            Some((row.at, step))
        })
        .collect())
}
