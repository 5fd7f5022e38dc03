//! Callbacks at the desk: what is promised, what came of a call, another time, calling off.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    CallOutcome, ConversationRow, CustomerBody, InteractionId, Private, Reply, Subject, zone,
};
use overture_store::ConversationsOf;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    conversations::{check_notes, find, gone, in_whose_name, not_yours},
    labels, submit,
};
use crate::{
    app::{App, Shared},
    auth::{AtDesk, Auth, Reads},
    callback::{brand::CallbackBrand, number, times, times::SlotDay},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
    widget::{WantedSlot, callback_moved, check_offered, key},
};

/// The most scheduled callbacks that are listed.
const LIST_MAX: u32 = 500;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(called))
        .routes(routes!(slots))
        .routes(routes!(move_to))
        .routes(routes!(cancel))
}

/// A callback as the desk shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Callback {
    /// When the call is due.
    pub(crate) due_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slot_end_at: Option<String>,
    /// When we told the customer that we expect to call, once late.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_at: Option<String>,
    /// Calls made so far that reached nobody.
    pub(crate) attempts: u8,
    /// The customer's zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_zone: Option<String>,
    /// The country of the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) country: Option<String>,
    /// The number for people to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phone_text: Option<String>,
}

impl Callback {
    pub(crate) fn of(row: &ConversationRow) -> Option<Self> {
        let callback = row.callback.as_ref()?;
        let phone = row.phone.as_ref().map(Private::reveal);
        Some(Self {
            due_at: callback.due_at.to_string(),
            slot_at: callback.slot.map(|slot| slot.from.to_string()),
            slot_end_at: callback.slot.map(|slot| slot.to.to_string()),
            expected_at: callback.expected_at.map(|at| at.to_string()),
            attempts: callback.attempts,
            time_zone: callback.time_zone.clone(),
            country: phone.and_then(number::country_of),
            phone_text: phone.map(number::readable),
        })
    }
}

#[derive(Serialize, ToSchema)]
struct Scheduled {
    conversation: String,
    customer: String,
    customer_label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(flatten)]
    callback: Callback,
}

/// Lists the callbacks that are promised, soonest first.
#[utoipa::path(get, path = "/v1/desk/callbacks", tag = "desk", security(("session_cookie" = [])),
    responses((status = 200, body = Vec<Scheduled>)))]
async fn list(State(app): State<Shared>, _auth: Auth<AtDesk>) -> ApiResult<Json<Vec<Scheduled>>> {
    let (mut rows, labels) = app
        .store(|store| {
            let mut rows = store.conversations(ConversationsOf::Scheduled, LIST_MAX)?;
            for row in &mut rows {
                row.customer = store.survivor(row.customer)?;
            }
            let customers: Vec<_> = rows.iter().map(|row| row.customer).collect();
            let labels = labels(store, &customers)?;
            Ok((rows, labels))
        })
        .await?;
    rows.sort_by_key(|row| row.callback.as_ref().map(|callback| callback.due_at));
    let list = rows.iter().filter_map(|row| {
        Some(Scheduled {
            conversation: row.conversation.to_string(),
            customer: row.customer.to_string(),
            customer_label: labels
                .get(&row.customer)
                .cloned()
                .unwrap_or_else(|| super::visitor(row.customer)),
            phone: row.phone.as_ref().map(|phone| phone.reveal().to_owned()),
            callback: Callback::of(row)?,
        })
    });
    Ok(Json(list.collect()))
}

#[derive(Deserialize, ToSchema)]
struct Called {
    /// `reached`, `no_answer`, `voicemail` or `wrong_person`.
    outcome: String,
    /// For the next agent.
    #[serde(default)]
    notes: String,
}

/// Says what came of the call. Nobody reached: it is tried again as the policy says.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/called", tag = "conversations",
    params(("conversation" = String, Path)), request_body = Called, security(("session_cookie" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn called(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Body(asked): Body<Called>,
) -> ApiResult<StatusCode> {
    let outcome = CallOutcome::from_name(&asked.outcome).ok_or_else(|| {
        ApiError::bad_input(
            "outcome",
            "expected reached, no_answer, voicemail or wrong_person",
        )
    })?;
    check_notes(&asked.notes)?;
    let (row, _) = find(&app, &conversation).await?;
    let staff = auth.staff()?;
    let (agent, notes) = in_whose_name(staff, &row, &asked.notes);
    let body = CustomerBody::CallbackCalled {
        conversation: row.conversation,
        agent,
        outcome,
        notes,
    };
    done(&app, &row, body).await
}

async fn done(app: &App, row: &ConversationRow, body: CustomerBody) -> ApiResult<StatusCode> {
    match submit(app, Subject::Customer(row.customer, body)).await? {
        Reply::Done | Reply::Duplicate | Reply::Conversation { .. } => Ok(StatusCode::NO_CONTENT),
        Reply::NotYours => Err(not_yours()),
        Reply::Gone => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Serialize, ToSchema)]
struct DeskTimes {
    days: Vec<SlotDay>,
    /// The zone that the times are in: the customer's.
    zone: String,
}

/// Lists the times that a booked callback can be moved to, by the customer's clock.
#[utoipa::path(get, path = "/v1/conversations/{conversation}/slots", tag = "conversations",
    params(("conversation" = String, Path)),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = DeskTimes), (status = 404, body = ErrorBody)))]
async fn slots(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(conversation): Path<String>,
) -> ApiResult<Json<DeskTimes>> {
    let (row, _) = find(&app, &conversation).await?;
    let name = row.callback.as_ref().and_then(|one| one.time_zone.clone());
    let (name, zone) = name
        .and_then(|name| zone(&name).map(|zone| (name, zone)))
        .unwrap_or_else(|| ("UTC".to_owned(), jiff::tz::TimeZone::UTC));
    let policy = app.policy().await?;
    let outlook = app.core.callback_outlook(row.customer).await;
    let outlook = outlook.ok_or_else(|| ApiError::not_found("customer"))?;
    let (settings, now) = (policy.routing.machine.callbacks.clone(), app.now());
    let brand = CallbackBrand::of_staff();
    let days = tokio::task::spawn_blocking(move || {
        let free = times::free(&outlook, &settings, &brand.limits(), now);
        times::by_day(&free, &zone)
    })
    .await
    .map_err(|cause| ApiError::internal(&cause))?;
    Ok(Json(DeskTimes { days, zone: name }))
}

#[derive(Deserialize, ToSchema)]
struct MoveTo {
    slot: WantedSlot,
    /// The same key again has no second effect.
    idempotency_key: String,
}

/// Moves a booked callback to another time; the customer is told.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/move", tag = "conversations",
    params(("conversation" = String, Path)), request_body = MoveTo, security(("session_cookie" = [])),
    responses((status = 204), (status = 409, body = ErrorBody)))]
async fn move_to(
    State(app): State<Shared>,
    _auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
    Body(asked): Body<MoveTo>,
) -> ApiResult<StatusCode> {
    let slot = asked.slot.checked()?;
    check_offered(&CallbackBrand::of_staff(), slot)?;
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let (row, _) = find(&app, &conversation).await?;
    let body = CustomerBody::CallbackMoved {
        conversation: row.conversation,
        slot,
        key,
    };
    done(&app, &row, body).await?;
    callback_moved(&app, row.customer, slot, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls a callback off in the customer's place; the customer is told.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/cancel", tag = "conversations",
    params(("conversation" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 409, body = ErrorBody)))]
async fn cancel(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(conversation): Path<String>,
) -> ApiResult<StatusCode> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    let (row, _) = find(&app, &conversation.to_string()).await?;
    let body = CustomerBody::CallbackCancelled {
        conversation,
        by: Some(auth.agent()?),
    };
    done(&app, &row, body).await
}
