//! What administrators set up, and grants.

mod agents;
mod articles;
mod brands;
mod grants;
mod installation;
mod lists;
mod matches;
mod policy;
mod setup;
mod source_capture;
mod sources;
mod tokens;

use axum::extract::DefaultBodyLimit;
use overture_engine::model::{Seq, Timestamp};
use utoipa_axum::router::OpenApiRouter;

use crate::{app::Shared, error::JSON_BODY_BYTES_MAX};

pub(crate) use grants::find as find_grant;
pub(crate) use policy::invalid_policy;
pub(crate) use setup::{REVIEWED, WIDGET_SEEN};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(sources::router())
        .merge(installation::router())
        .merge(agents::router())
        .merge(brands::router())
        .merge(policy::router())
        .merge(matches::router())
        .merge(setup::router())
        .merge(lists::router())
        .merge(tokens::router())
        .merge(articles::router())
        .merge(grants::router())
        .merge(crate::guides::staff_router())
        .merge(crate::lexicon::staff_router())
        .merge(crate::replay::router())
        .merge(crate::rollouts::staff_router())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

/// Arguments for the id of something made here and now: its time sorts it, chance makes it
/// unique.
pub(crate) fn made_at(now: Timestamp) -> (Timestamp, Seq, u32) {
    (now, Seq(rand::random()), rand::random())
}

macro_rules! new_id {
    ($kind:ident, $now:expr) => {{
        let (at, seq, ordinal) = $crate::admin::made_at($now);
        $kind::derive(at, seq, ordinal)
    }};
}
pub(crate) use new_id;
