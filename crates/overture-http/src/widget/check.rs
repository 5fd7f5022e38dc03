//! What a site's owner asks before customers come: may this origin use the source, and does
//! anything arrive?

use axum::{Json, extract::State, http::HeaderMap};
use overture_engine::model::{CustomerId, IdentityLevel, InteractionId, LinkKey, Millis};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{origin_not_allowed, session};
use crate::{
    app::Shared,
    client::Client,
    cors,
    error::{ApiResult, ErrorBody, Params},
    keys::WidgetSession,
    wording::Language,
};

/// How long the token opens a socket.
const TOKEN_LIFE: Millis = Millis::from_secs(60);

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(check))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// The source's write key.
    #[serde(default)]
    write_key: String,
}

#[derive(Serialize, ToSchema)]
struct Checked {
    /// When the source's last event came; not there before the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_at: Option<String>,
    /// Opens a socket for a minute, on nobody's feed.
    socket_token: String,
}

/// Checks a write key and the origin of the request, for `overture doctor --site`. Nothing is
/// stored, and nobody becomes a customer by it.
#[utoipa::path(get, path = "/v1/widget/check", tag = "widget", params(Asked),
    responses((status = 200, body = Checked), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn check(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    Params(asked): Params<Asked>,
) -> ApiResult<Json<Checked>> {
    app.limits.sessions.check(&client.0.to_string())?;
    let source = session::source(&app, &asked.write_key)?;
    if !cors::origin_allowed(&app.config, &source.allowed_origins, &headers) {
        return Err(origin_not_allowed());
    }
    let id = source.source;
    let sources = app.store(|store| store.sources()).await?;
    let last_event_at = sources
        .iter()
        .find(|one| one.source == id)
        .and_then(|one| one.last_event_at);
    let nobody = WidgetSession {
        customer: CustomerId::from_uuid(Uuid::new_v4()),
        session: InteractionId::from_uuid(Uuid::new_v4()),
        source: id,
        device: LinkKey(Uuid::new_v4().as_u128()),
        level: IdentityLevel::Anonymous,
        language: Language::default(),
        expires_at: app.now() + TOKEN_LIFE,
        linked: None,
    };
    Ok(Json(Checked {
        last_event_at: last_event_at.map(|at| at.to_string()),
        socket_token: app.keys.session_token(&nobody),
    }))
}
