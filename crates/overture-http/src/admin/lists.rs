//! Events that were refused at the door, and inputs that made the engine panic.

use axum::{Json, extract::State};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    desk::without_nulls,
    error::{ApiResult, ErrorBody, Params},
};

/// Rows a page.
const ROWS: u32 = 100;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(rejected))
        .routes(routes!(skipped))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Cursor {
    /// The last page's `cursor`.
    cursor: Option<u64>,
}

fn row(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        without_nulls(fields);
    }
    value
}

/// Lists refused events, newest first.
#[utoipa::path(get, path = "/v1/admin/rejected", tag = "administration", params(Cursor),
    security(("session_cookie" = [])),
    responses((status = 200, description = "{rejected:[{at, source?, reason, field?, excerpt}], cursor?}", body = Object),
        (status = 403, body = ErrorBody)))]
async fn rejected(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Params(asked): Params<Cursor>,
) -> ApiResult<Json<Value>> {
    let found = app
        .store(move |store| store.rejected(asked.cursor, ROWS))
        .await?;
    let cursor = found
        .last()
        .filter(|_| found.len() == ROWS as usize)
        .map(|(number, _)| number.to_string());
    let rows: Vec<Value> = found
        .into_iter()
        .map(|(_, event)| {
            row(json!({
                "at": event.at.to_string(), "source": event.source.map(|id| id.to_string()),
                "reason": event.reason, "field": event.field, "excerpt": event.excerpt,
            }))
        })
        .collect();
    Ok(Json(row(json!({"rejected": rows, "cursor": cursor}))))
}

/// Lists inputs that were left out because they made the engine panic, newest first.
#[utoipa::path(get, path = "/v1/admin/skipped", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, description = "{skipped:[{seq, at, customer?, reason}]}", body = Object),
        (status = 403, body = ErrorBody)))]
async fn skipped(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Value>> {
    let found = app.store(|store| store.skipped(ROWS)).await?;
    let rows: Vec<Value> = found
        .into_iter()
        .map(|event| {
            row(json!({
                "seq": event.seq.0, "at": event.at.to_string(),
                "customer": event.customer.map(|id| id.to_string()), "reason": event.reason,
            }))
        })
        .collect();
    Ok(Json(json!({"skipped": rows})))
}
