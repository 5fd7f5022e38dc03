//! A customer's timeline, as staff sees it.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{
    Author, CustomerId, LedgerChange, OfferStage, Outcome, TimelineBody, TimelineItem,
    WithholdReason,
};
use overture_store::{TimelineQuery, TimelineReader, TimelineWindow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{App, Shared},
    auth::{Auth, Reads},
    error::{ApiResult, ErrorBody, Params},
    fields,
};

/// Rows a reader gets when it does not say.
pub(crate) const ROWS: u32 = 100;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(timeline))
}

/// A stretch of a timeline, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// `{seq, at, kind, ..}`; kinds are `page`, `behaviour`, `identified`, `offer`,
    /// `decision`, `conversation`, `message`, `resolution`, `grant`, `merge`, `custom`.
    #[schema(value_type = Vec<Object>)]
    pub(crate) items: Vec<Value>,
    /// The last number in it.
    pub(crate) seq: u64,
    /// Whether more rows exist in the direction that was read.
    pub(crate) more: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Window {
    /// The oldest rows after this number.
    after: Option<u64>,
    /// The newest rows before this number.
    before: Option<u64>,
    /// `1..=500`.
    limit: Option<u32>,
}

/// Reads a timeline; without `after` and `before` its newest rows.
#[utoipa::path(get, path = "/v1/customers/{customer}/timeline", tag = "customers",
    params(("customer" = String, Path), Window),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Timeline), (status = 401, body = ErrorBody)))]
async fn timeline(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(customer): Path<String>,
    Params(window): Params<Window>,
) -> ApiResult<Json<Timeline>> {
    let customer: CustomerId = fields::id("customer", &customer)?;
    let limit = window.limit.unwrap_or(ROWS).clamp(1, 500);
    let window = match (window.after, window.before) {
        (Some(after), _) => TimelineWindow::After(after),
        (None, Some(before)) => TimelineWindow::Before(before),
        (None, None) => TimelineWindow::Newest,
    };
    let (_, timeline) = read(&app, customer, window, limit).await?;
    Ok(Json(timeline))
}

/// Reads rows for staff, and tells whose timeline they were found in.
pub(crate) async fn read(
    app: &App,
    customer: CustomerId,
    window: TimelineWindow,
    limit: u32,
) -> ApiResult<(CustomerId, Timeline)> {
    let (customer, page) = app
        .store(move |store| {
            let customer = store.survivor(customer)?;
            let page = store.timeline(&TimelineQuery {
                customer,
                window,
                reader: TimelineReader::Staff,
                limit,
            })?;
            Ok((customer, page))
        })
        .await?;
    let nothing = match window {
        TimelineWindow::After(after) => after,
        TimelineWindow::Before(_) | TimelineWindow::Newest => 0,
    };
    let timeline = Timeline {
        seq: page.items.last().map_or(nothing, |row| row.seq),
        items: page.items.iter().map(|row| item(app, row)).collect(),
        more: page.more,
    };
    Ok((customer, timeline))
}

/// A reason as `{code, detail?}`.
pub(crate) fn reason(reason: &WithholdReason) -> Value {
    match reason {
        WithholdReason::AuthorizationDenied(denial) => {
            json!({"code": reason.name(), "detail": denial.name()})
        }
        _ => json!({"code": reason.name()}),
    }
}

/// The reasons of an outcome; none unless it is to withhold.
pub(crate) fn reasons(outcome: &Outcome) -> Vec<Value> {
    match outcome {
        Outcome::Withhold(reasons) => reasons.iter().map(reason).collect(),
        _ => Vec::new(),
    }
}

fn item(app: &App, row: &TimelineItem) -> Value {
    let names = app.names.load();
    let name = |agent| names.get(&agent).cloned();
    let mut value = match &row.body {
        TimelineBody::Page { path } => json!({"kind": "page", "path": path}),
        TimelineBody::Struggle { signal, detail } => {
            json!({"kind": "behaviour", "name": signal.name(), "detail": detail})
        }
        TimelineBody::Custom { name } => json!({"kind": "custom", "name": name}),
        TimelineBody::Identified { kinds } => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            json!({"kind": "identified", "identifiers": kinds})
        }
        TimelineBody::Offer(view) => {
            let state = match view.stage {
                OfferStage::Reserved => "eligible",
                stage => stage.name(),
            };
            let mut value = json!({
                "kind": "offer", "offer": view.offer.to_string(), "style": view.style.name(),
                "rule": view.rule, "state": state,
            });
            if let OfferStage::Accepted(option) = view.stage {
                value["option"] = option.name().into();
            }
            value
        }
        TimelineBody::Decision {
            decision,
            rule,
            outcome,
        } => json!({
            "kind": "decision", "decision": decision.to_string(), "rule": rule,
            "outcome": outcome.name(), "reasons": reasons(outcome),
        }),
        TimelineBody::Conversation {
            conversation,
            channel,
            status,
            agent,
            ..
        } => json!({
            "kind": "conversation", "conversation": conversation.to_string(),
            "status": status.name(), "channel": channel.name(),
            "agent": agent.map(|agent| agent.to_string()), "agent_name": agent.and_then(name),
        }),
        TimelineBody::Message {
            conversation,
            message,
            author,
            client_key,
            text,
        } => {
            let agent = match author {
                Author::Agent(agent) => Some(*agent),
                Author::Customer | Author::System => None,
            };
            json!({
                "kind": "message", "conversation": conversation.to_string(),
                "message": message.to_string(),
                "author": crate::widget::author_name(*author),
                "author_name": agent.and_then(name), "text": text.reveal(),
                "client_key": agent.map(|_| client_key),
            })
        }
        TimelineBody::Resolution {
            conversation,
            code,
            notes,
            agent,
        } => json!({
            "kind": "resolution", "conversation": conversation.to_string(),
            "code": code.name(), "notes": notes.reveal(), "agent_name": name(*agent),
        }),
        TimelineBody::Grant { grant, change } => {
            let mut value = json!({
                "kind": "grant", "grant": grant.to_string(), "state": change.name(),
            });
            if let LedgerChange::Denied(denial) = change {
                value["detail"] = denial.name().into();
            }
            value
        }
        TimelineBody::Merge { other } => json!({"kind": "merge", "other": other.to_string()}),
    };
    let fields = value
        .as_object_mut()
        .expect("every item is made as an object");
    without_nulls(fields);
    fields.insert("seq".to_owned(), row.seq.into());
    fields.insert("at".to_owned(), row.at.to_string().into());
    value
}

/// Absent is absent, not null.
pub(crate) fn without_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
}
