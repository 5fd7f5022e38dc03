//! What administrators set up, and grants.

mod agents;
mod faqs;
mod grants;
mod lists;
mod policy;
mod setup;
mod sources;
mod tokens;

use axum::extract::DefaultBodyLimit;
use overture_engine::model::{Seq, Timestamp};
use utoipa_axum::router::OpenApiRouter;

use crate::{app::Shared, error::JSON_BODY_BYTES_MAX};

pub(crate) use setup::{REVIEWED, WIDGET_SEEN};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(sources::router())
        .merge(agents::router())
        .merge(policy::router())
        .merge(setup::router())
        .merge(lists::router())
        .merge(tokens::router())
        .merge(faqs::router())
        .merge(grants::router())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

/// Arguments for the id of something made here and now: its time sorts it, chance makes it
/// unique.
fn made_at(now: Timestamp) -> (Timestamp, Seq, u32) {
    (now, Seq(rand::random()), rand::random())
}

macro_rules! new_id {
    ($kind:ident, $now:expr) => {{
        let (at, seq, ordinal) = $crate::admin::made_at($now);
        $kind::derive(at, seq, ordinal)
    }};
}
use new_id;
