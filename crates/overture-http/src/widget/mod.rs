//! What the widget asks: a session, its feed, answers to offers, help and chat.

mod actions;
pub(crate) mod attachments;
mod brand;
mod callback;
pub(crate) mod chat;
mod check;
mod consent;
mod faqs;
mod feed;
mod pause;
mod render;
mod session;
pub(crate) mod socket;

use axum::{
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use overture_engine::model::{CustomerBody, Ingress, Reply, Subject, Unsaid};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    app::{App, Shared},
    capture, cors,
    error::{ApiError, ApiResult, JSON_BODY_BYTES_MAX},
    keys::WidgetSession,
};

pub(crate) use actions::{SentMessage, key, message_text};
pub(crate) use callback::{WantedSlot, check_offered, moved as callback_moved};
pub(crate) use render::author_name;
pub(crate) use session::{StartedSession, resume};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(consent::router())
        .merge(session::router())
        .merge(check::router())
        .merge(feed::router())
        .merge(socket::router())
        .merge(actions::router())
        .merge(callback::router())
        .merge(faqs::router())
        .merge(crate::guides::widget_router())
        .merge(chat::router())
        .merge(attachments::router())
        .merge(pause::router())
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

/// Opens a session token and checks that its source still lives and allows the origin, and
/// that a link it came from still holds.
pub(crate) async fn admit(app: &App, token: &str, headers: &HeaderMap) -> ApiResult<WidgetSession> {
    let session = app.keys.open_session(token).ok_or_else(expired)?;
    if app.now() >= session.expires_at {
        return Err(expired());
    }
    let source = app.sources.load().by_id.get(&session.source).cloned();
    let source = source.ok_or_else(expired)?;
    if !cors::origin_allowed(&app.config, &source.allowed_origins, headers) {
        return Err(origin_not_allowed());
    }
    if !still_holds(app, &session).await? {
        return Err(expired());
    }
    Ok(session)
}

/// Whether the link that a session came from, if it came from one, was not ended by another
/// address for its conversation.
pub(crate) async fn still_holds(app: &App, session: &WidgetSession) -> ApiResult<bool> {
    let Some(linked) = session.linked else {
        return Ok(true);
    };
    let row = app
        .store(move |store| store.conversation(linked.conversation))
        .await?;
    Ok(row.is_some_and(|row| row.chat.mail_generation == linked.generation))
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
        let session = admit(app, token, &parts.headers).await?;
        if !parts.method.is_safe() {
            app.limits.widget.check(&session.session)?;
        }
        Ok(Self(session))
    }
}

/// Hands one thing of this visitor's to the core.
pub(crate) async fn submit(
    app: &App,
    session: &WidgetSession,
    body: CustomerBody,
) -> ApiResult<Reply> {
    let source = app.sources.load().by_id.get(&session.source).cloned();
    let replies = app
        .core
        .submit(vec![Ingress {
            source: Some(session.source),
            occurred_at: None,
            message_key: None,
            unsaid: source.map_or_else(Unsaid::default, |it| capture::unsaid(&it.capture)),
            subject: Subject::Visitor(session.customer, session.asker(), body),
        }])
        .await?;
    replies
        .into_iter()
        .next()
        .ok_or_else(|| ApiError::internal(&"the core gave no reply"))
}
