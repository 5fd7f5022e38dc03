//! Guides: written and published by administrators, shown by the widget, tried on a page.

mod admin;
mod alerts;
mod content;
mod editor;
mod files;
mod live;
mod media;
mod preview;
mod preview_routes;
mod widget;

pub(crate) use alerts::Alerts;
pub(crate) use live::{follow_sources, mistakes};
pub(crate) use preview::Previews;

use axum::extract::DefaultBodyLimit;
use utoipa_axum::router::OpenApiRouter;

use crate::{app::Shared, error::JSON_BODY_BYTES_MAX};

/// What staff asks.
pub(crate) fn staff_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(admin::router())
        .merge(editor::router())
        .merge(preview_routes::staff_router())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
        .merge(media::upload_router())
}

/// What the widget asks.
pub(crate) fn widget_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(widget::router())
        .merge(media::router())
        .merge(preview_routes::page_router())
}
