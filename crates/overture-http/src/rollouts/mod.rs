//! Going live rule by rule: the plan, its revisions, what rules would have done, and the red Stop.

mod compare;
mod plan;
mod wire;

use axum::{extract::State, http::StatusCode};
use overture_engine::model::Mode;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Auth, Supervises},
    core::WorldChange,
    error::{ApiResult, ErrorBody},
};

/// What staff asks.
pub(crate) fn staff_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(plan::router())
        .merge(compare::router())
        .routes(routes!(stop))
}

/// Puts everything back in shadow at once and withdraws open offers. Going live again is an administrator's.
#[utoipa::path(post, path = "/v1/admin/stop", tag = "administration",
    security(("session_cookie" = [])), responses((status = 204), (status = 403, body = ErrorBody)))]
async fn stop(State(app): State<Shared>, auth: Auth<Supervises>) -> ApiResult<StatusCode> {
    app.core
        .change_world(WorldChange::Mode(Mode::Shadow))
        .await?;
    tracing::info!(by = auth.caller.name(), "everything was stopped");
    app.hub.touch_desk();
    Ok(StatusCode::NO_CONTENT)
}
