//! Whether the server lives and takes inputs, and its metrics.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::Shared, core::Readiness};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "alive")))]
async fn healthz() -> Json<Value> {
    Json(json!({"ok": true}))
}

/// Says whether inputs are taken.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, description = "ready"), (status = 503, description = "not ready, with the reason")))]
async fn readyz(State(app): State<Shared>) -> Response {
    let body = match app.core.ready() {
        Readiness::Ready => return Json(json!({"ready": true})).into_response(),
        Readiness::Starting { replayed, total } => json!({
            "ready": false, "reason": "starting", "replayed": replayed, "total": total,
        }),
        Readiness::Refusing(reason) => json!({"ready": false, "reason": reason}),
    };
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "1")],
        Json(body),
    )
        .into_response()
}

/// Shows metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "operation",
    responses((status = 200, description = "text exposition", body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<Shared>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        (app.metrics)(),
    )
        .into_response()
}
