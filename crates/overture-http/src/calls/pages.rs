//! Calls for whoever looks at them.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{CustomerId, InteractionId};
use overture_store::CallsOf;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::view::{self, CallSummary};
use crate::{
    app::Shared,
    auth::{Auth, Reads},
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(terms))
        .routes(routes!(show))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `live` or `ended`; both where it is not said.
    status: Option<String>,
    /// Of this customer alone.
    customer: Option<String>,
    /// Those that began before this call.
    before: Option<String>,
    /// `1..=200`; 50 where it is not said.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct CallList {
    /// The newest first.
    calls: Vec<CallSummary>,
    more: bool,
}

/// Lists calls.
#[utoipa::path(get, path = "/v1/calls", tag = "calls", params(Asked),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = CallList), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Params(asked): Params<Asked>,
) -> ApiResult<Json<CallList>> {
    let of = match (asked.customer.as_deref(), asked.status.as_deref()) {
        (Some(customer), _) => {
            let customer: CustomerId = fields::id("customer", customer)?;
            CallsOf::Customer(app.store(move |store| store.survivor(customer)).await?)
        }
        (None, Some("live")) => CallsOf::Live,
        (None, Some("ended")) => CallsOf::Ended,
        (None, None) => CallsOf::Anyone,
        (None, Some(_)) => return Err(ApiError::bad_input("status", "expected live or ended")),
    };
    let before = asked
        .before
        .as_deref()
        .map(|before| fields::id::<InteractionId>("before", before))
        .transpose()?;
    let limit = asked.limit.unwrap_or(50).clamp(1, 200);
    let mut calls = view::summaries(&app, of, before, limit + 1).await?;
    let more = calls.len() > limit as usize;
    calls.truncate(limit as usize);
    Ok(Json(CallList { calls, more }))
}

/// One call with all that was heard of it.
#[derive(Serialize, ToSchema)]
struct CallPage {
    call: CallSummary,
    /// `levels` (`customer`, `agent`: loudness 0 to 100, a number for each 250 ms), `points` (how the customer sounded after each second
    /// of speech) and `turns` (`party`, `start_ms`, `end_ms`).
    #[schema(value_type = Object)]
    trace: Value,
    /// What was said, as the timeline's rows of kind `utterance`.
    #[schema(value_type = Vec<Object>)]
    utterances: Vec<Value>,
    /// Words that may still change.
    partial: Option<String>,
}

/// Shows a call.
#[utoipa::path(get, path = "/v1/calls/{call}", tag = "calls",
    params(("call" = String, Path)), security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = CallPage), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(call): Path<String>,
) -> ApiResult<Json<CallPage>> {
    let call: InteractionId = fields::id("call", &call)?;
    let (entry, label) = view::one(&app, call).await?;
    let heard = app.calls.get(call).map(|live| live.lock().clone());
    let summary = view::summary(&app, &entry, label, heard.as_ref());
    let (trace, partial) = match heard {
        Some(heard) => (heard.trace, heard.partial),
        None => (view::kept_trace(&app, call).await?, None),
    };
    Ok(Json(CallPage {
        call: summary,
        trace: view::shown(&trace)?,
        utterances: trace.utterances,
        partial,
    }))
}

/// What is done with calls here.
#[derive(Serialize, ToSchema)]
struct Terms {
    /// Whether the policy has calls listened to.
    enabled: bool,
    /// How long the customer's side is kept; 0 for not at all.
    recording_days: u32,
    /// What hears voices.
    model: Option<String>,
    /// What turns speech into words.
    words_from: Option<String>,
    alert_on: f32,
    alert_off: f32,
}

/// Tells what is done with calls.
#[utoipa::path(get, path = "/v1/calls/terms", tag = "calls",
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Terms), (status = 401, body = ErrorBody)))]
async fn terms(State(app): State<Shared>, _auth: Auth<Reads>) -> ApiResult<Json<Terms>> {
    let voice = app.policy().await?.voice;
    let parts = &app.call_parts;
    Ok(Json(Terms {
        enabled: voice.enabled,
        recording_days: voice.recording_days,
        model: parts.analyzer.as_ref().map(|one| one.name().to_owned()),
        words_from: parts.transcriber.as_ref().map(|one| one.name().to_owned()),
        alert_on: voice.alert_on,
        alert_off: voice.alert_off,
    }))
}
