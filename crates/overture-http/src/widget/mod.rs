//! What the widget asks: a session, its feed, answers to offers, help and chat.

mod actions;
mod feed;
mod render;
mod session;
pub(crate) mod socket;

use axum::{
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use overture_engine::model::{CustomerBody, Ingress, Reply, Subject};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::{App, Shared},
    cors,
    error::{ApiError, ApiResult, JSON_BODY_BYTES_MAX},
    keys::WidgetSession,
};

pub(crate) use actions::{SentMessage, key};
pub(crate) use render::author_name;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(session::router())
        .merge(feed::router())
        .merge(socket::router())
        .merge(actions::router())
        .layer(DefaultBodyLimit::max(JSON_BODY_BYTES_MAX))
}

/// A widget session that was proven by its token and is not over.
pub(crate) struct Visitor(pub(crate) WidgetSession);

fn expired() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "session_expired",
        "the session is over or unknown: start a new one with the device token",
    )
}

fn origin_not_allowed() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "origin_not_allowed",
        "this page's origin is not among the source's allowed origins",
    )
}

/// Opens a session token and checks that its source still lives and allows the origin.
pub(crate) fn admit(app: &App, token: &str, headers: &HeaderMap) -> ApiResult<WidgetSession> {
    let session = app.keys.open_session(token).ok_or_else(expired)?;
    if app.now() >= session.expires_at {
        return Err(expired());
    }
    let sources = app.sources.load();
    let source = sources.by_id.get(&session.source).ok_or_else(expired)?;
    if !cors::origin_allowed(&source.allowed_origins, headers) {
        return Err(origin_not_allowed());
    }
    Ok(session)
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .ok_or_else(expired)?;
        let session = admit(app, token, &parts.headers)?;
        if !parts.method.is_safe() {
            app.limits.widget.check(&session.session)?;
        }
        Ok(Self(session))
    }
}

/// Hands one thing of this visitor's to the core.
async fn submit(app: &App, session: &WidgetSession, body: CustomerBody) -> ApiResult<Reply> {
    let replies = app
        .core
        .submit(vec![Ingress {
            source: Some(session.source),
            occurred_at: None,
            message_key: None,
            subject: Subject::Customer(session.customer, body),
        }])
        .await?;
    replies
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::internal(&"the core gave no reply"))
}
