//! Sources and their write keys.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{BrandId, Private, SourceId};
use overture_store::{ConsentMode, ConsentPurpose, Role, Source, SourceCapture, WriteKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{new_id, source_capture::AskedCapture};
use crate::{
    app::{App, Shared},
    auth::{self, Administers, Auth, ReadsAdmin},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

/// Allowed origins of one source.
const ORIGINS_MAX: usize = 50;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change))
        .routes(routes!(add_key))
        .routes(routes!(revoke_key))
}

#[derive(Serialize, ToSchema)]
struct SourceBody {
    source: String,
    name: String,
    write_keys: Vec<KeyBody>,
    /// Origins whose pages may use the widget; empty means any.
    allowed_origins: Vec<String>,
    /// What its customers see; none is the default brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// When the widget may begin to watch: `required`, `platform` or `not_required`.
    #[schema(value_type = String)]
    consent: ConsentMode,
    /// Keys of a page's query that are kept; `#` keeps the fragment.
    url_allow: Vec<String>,
    /// What Segment's consent categories stand for: `analyse_behaviour` or `contact`.
    #[schema(value_type = Object)]
    consent_categories: BTreeMap<String, ConsentPurpose>,
    /// Proves user ids by HMAC; only shown to administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_secret: Option<String>,
    events_total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct KeyBody {
    key: String,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
}

impl From<&WriteKey> for KeyBody {
    fn from(key: &WriteKey) -> Self {
        Self {
            key: key.key.clone(),
            created_at: key.created_at.to_string(),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
        }
    }
}

impl SourceBody {
    fn of(source: &Source, role: Role) -> Self {
        Self {
            source: source.source.to_string(),
            name: source.name.clone(),
            write_keys: source.write_keys.iter().map(KeyBody::from).collect(),
            allowed_origins: source.allowed_origins.clone(),
            brand: source.brand.map(|brand| brand.to_string()),
            consent: source.capture.consent,
            url_allow: source.capture.url_allow.clone(),
            consent_categories: source.capture.consent_categories.clone(),
            identity_secret: (role == Role::Admin)
                .then(|| source.identity_secret.reveal().to_owned()),
            events_total: source.events_total,
            last_event_at: source.last_event_at.map(|at| at.to_string()),
        }
    }
}

pub(super) async fn find(app: &Shared, source: SourceId) -> ApiResult<Source> {
    app.store(|store| store.sources())
        .await?
        .into_iter()
        .find(|one| one.source == source)
        .ok_or_else(|| ApiError::not_found("source"))
}

/// Lists sources.
#[utoipa::path(get, path = "/v1/admin/sources", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Vec<SourceBody>), (status = 403, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    auth: Auth<ReadsAdmin>,
) -> ApiResult<Json<Vec<SourceBody>>> {
    let role = auth.staff()?.role;
    let sources = app.store(|store| store.sources()).await?;
    Ok(Json(
        sources
            .iter()
            .map(|source| SourceBody::of(source, role))
            .collect(),
    ))
}

#[derive(Deserialize, ToSchema)]
struct NewSource {
    name: String,
    #[serde(default)]
    allowed_origins: Vec<String>,
    /// Absent or empty for the default brand.
    brand: Option<String>,
    #[serde(flatten)]
    capture: AskedCapture,
}

fn new_key(at: overture_engine::model::Timestamp) -> WriteKey {
    WriteKey {
        key: format!("wk_{}", hex::encode(rand::random::<[u8; 16]>())),
        created_at: at,
        revoked_at: None,
    }
}

/// Checks origins: scheme and host, without a path.
fn origins(origins: Vec<String>) -> ApiResult<Vec<String>> {
    let wrong = || {
        ApiError::bad_input(
            "allowed_origins",
            "expected at most 50 origins like https://www.example.com",
        )
    };
    if origins.len() > ORIGINS_MAX {
        return Err(wrong());
    }
    origins
        .into_iter()
        .map(|origin| {
            let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            let plausible = host.is_some_and(|host| {
                !host.is_empty()
                    && host.len() <= 255
                    && host
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte))
            });
            if plausible { Ok(origin) } else { Err(wrong()) }
        })
        .collect()
}

/// The brand a source is to show; `None`, the default one, when the id is empty.
fn brand(app: &App, id: &str) -> ApiResult<Option<BrandId>> {
    if id.is_empty() {
        return Ok(None);
    }
    let id: BrandId = fields::id("brand", id)?;
    match app.brands.load().get(id) {
        Some(brand) => Ok((!brand.is_default()).then_some(id)),
        None => Err(ApiError::bad_input("brand", "there is no such brand")),
    }
}

/// Adds a source with its first write key.
#[utoipa::path(post, path = "/v1/admin/sources", tag = "administration", request_body = NewSource,
    security(("session_cookie" = [])),
    responses((status = 200, body = SourceBody), (status = 400, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(asked): Body<NewSource>,
) -> ApiResult<Json<SourceBody>> {
    let now = app.now();
    let mut capture = SourceCapture::default();
    asked.capture.change(&mut capture)?;
    let source = Source {
        source: new_id!(SourceId, now),
        name: fields::text("name", &asked.name, 120)?,
        allowed_origins: origins(asked.allowed_origins)?,
        identity_secret: Private::new(auth::secret()),
        brand: brand(&app, asked.brand.as_deref().unwrap_or_default())?,
        capture,
        created_at: now,
        write_keys: Vec::new(),
        events_total: 0,
        last_event_at: None,
    };
    let id = source.source;
    app.store(move |store| {
        store.put_source(&source)?;
        store.add_write_key(source.source, &new_key(now))
    })
    .await?;
    app.reload_sources().await?;
    crate::guides::follow_sources(&app).await?;
    Ok(Json(SourceBody::of(&find(&app, id).await?, Role::Admin)))
}

#[derive(Deserialize, ToSchema)]
struct ChangeSource {
    name: Option<String>,
    allowed_origins: Option<Vec<String>>,
    /// Empty for the default brand.
    brand: Option<String>,
    #[serde(flatten)]
    capture: AskedCapture,
    /// True makes a new identity secret; the old one stops proving.
    #[serde(default)]
    new_identity_secret: bool,
}

/// Changes a source.
#[utoipa::path(patch, path = "/v1/admin/sources/{source}", tag = "administration",
    params(("source" = String, Path)), request_body = ChangeSource, security(("session_cookie" = [])),
    responses((status = 200, body = SourceBody), (status = 404, body = ErrorBody)))]
async fn change(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(source): Path<String>,
    Body(asked): Body<ChangeSource>,
) -> ApiResult<Json<SourceBody>> {
    let id: SourceId = fields::id("source", &source)?;
    let mut source = find(&app, id).await?;
    if let Some(name) = asked.name {
        source.name = fields::text("name", &name, 120)?;
    }
    if let Some(allowed) = asked.allowed_origins {
        source.allowed_origins = origins(allowed)?;
    }
    if let Some(wanted) = asked.brand {
        source.brand = brand(&app, &wanted)?;
    }
    asked.capture.change(&mut source.capture)?;
    if asked.new_identity_secret {
        source.identity_secret = Private::new(auth::secret());
    }
    app.store(move |store| store.put_source(&source)).await?;
    app.reload_sources().await?;
    crate::guides::follow_sources(&app).await?;
    Ok(Json(SourceBody::of(&find(&app, id).await?, Role::Admin)))
}

/// Adds a write key.
#[utoipa::path(post, path = "/v1/admin/sources/{source}/keys", tag = "administration",
    params(("source" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = KeyBody), (status = 404, body = ErrorBody)))]
async fn add_key(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(source): Path<String>,
) -> ApiResult<Json<KeyBody>> {
    let id: SourceId = fields::id("source", &source)?;
    find(&app, id).await?;
    let key = new_key(app.now());
    let body = KeyBody::from(&key);
    app.store(move |store| store.add_write_key(id, &key))
        .await?;
    app.reload_sources().await?;
    Ok(Json(body))
}

/// Revokes a write key.
#[utoipa::path(delete, path = "/v1/admin/sources/{source}/keys/{key}", tag = "administration",
    params(("source" = String, Path), ("key" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn revoke_key(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path((source, key)): Path<(String, String)>,
) -> ApiResult<StatusCode> {
    let id: SourceId = fields::id("source", &source)?;
    let now = app.now();
    let revoked = app
        .store(move |store| store.revoke_write_key(id, &key, now))
        .await?;
    if !revoked {
        return Err(ApiError::not_found("unrevoked write key"));
    }
    app.reload_sources().await?;
    Ok(StatusCode::NO_CONTENT)
}
