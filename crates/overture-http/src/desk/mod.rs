//! What staff sees and does: the desk, customers, conversations, decisions.

mod attachments;
mod callbacks;
mod consent;
mod context;
mod conversations;
mod decisions;
mod label;
mod login;
mod people;
mod rules;
mod socket;
mod state;
mod timeline;

use axum::extract::DefaultBodyLimit;
use overture_engine::model::{Ingress, Reply, Subject, Unsaid};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::{App, Shared},
    error::{ApiError, ApiResult, JSON_BODY_BYTES_MAX},
};

pub(crate) use people::{find_customers, labels, visitor};
pub(crate) use socket::same_origin;
pub(crate) use timeline::{of as timeline_of, without_nulls};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(login::router())
        .merge(state::router())
        .merge(socket::router())
        .merge(people::router())
        .merge(timeline::router())
        .merge(context::router())
        .merge(conversations::router())
        .merge(consent::router())
        .merge(label::router())
        .merge(callbacks::router())
        .merge(attachments::router())
        .merge(decisions::router())
        .merge(rules::router())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

/// Hands one input of staff's or a program's to the core.
pub(crate) async fn submit(app: &App, subject: Subject) -> ApiResult<Reply> {
    let replies = app
        .core
        .submit(vec![Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject,
        }])
        .await?;
    replies
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::internal(&"the core gave no reply"))
}
