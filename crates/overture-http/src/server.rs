//! All routes, and the layers around them.

use axum::{Router, middleware};
use overture_store::StoreError;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::{App, Shared},
    capture,
    config::Parts,
    cors, desk, widget,
};

/// Builds the service. Blocks while it reads sources, staff and tokens, and starts a task:
/// call it within a tokio runtime, before serving.
///
/// # Errors
/// What the store says when it cannot be read.
pub fn router(parts: Parts) -> Result<Router, StoreError> {
    let app: Shared = App::start(parts)?;
    let open = OpenApiRouter::new()
        .merge(capture::router())
        .merge(widget::router())
        .layer(middleware::from_fn(cors::any_origin));
    let staff = OpenApiRouter::new().merge(desk::router());
    let (router, _api) = open.merge(staff).split_for_parts();
    Ok(router.with_state(app))
}
