//! Opening a guide on the organisation's own page, and what editor and page tell each other.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use overture_engine::model::GuideId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    admin::DONE,
    content::{Anchor, Content},
    preview::End,
};
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth},
    client::Client,
    cors,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields,
};

pub(super) fn staff_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(hear_page, tell_page))
}

pub(super) fn page_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(enter))
        .routes(routes!(hear_editor, tell_editor))
}

#[derive(Deserialize, ToSchema)]
struct OpenPreview {
    /// The page to open, with its scheme and host.
    url: String,
    /// `pick` or `show`.
    mode: String,
    /// BCP 47.
    locale: String,
    /// The step to pick for or to begin with, from 0.
    #[serde(default)]
    step: u8,
}

#[derive(Serialize, ToSchema)]
struct OpenedPreview {
    preview: String,
    /// The page's address with its token: good for ten minutes and one page.
    address: String,
}

/// The origin of a web address: scheme, host and port.
fn origin_of(url: &str) -> Option<&str> {
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))?;
    let end = host.find(['/', '?', '#']).unwrap_or(host.len());
    let plausible = end > 0
        && host[..end]
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte));
    plausible.then(|| &url[..url.len() - host.len() + end])
}

/// Whether a widget of ours may run on pages of this origin.
fn is_ours(app: &App, origin: &str) -> bool {
    let mut headers = HeaderMap::new();
    let Ok(value) = origin.parse() else {
        return false;
    };
    headers.insert(header::ORIGIN, value);
    let sources = app.sources.load();
    sources
        .by_id
        .values()
        .any(|source| cors::origin_allowed(&app.config, &source.allowed_origins, &headers))
}

/// The address with the token as a parameter of its own, before any fragment.
fn with_token(url: &str, token: &str) -> String {
    let (page, fragment) = match url.split_once('#') {
        Some((page, fragment)) => (page, format!("#{fragment}")),
        None => (url, String::new()),
    };
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}overture_preview={token}{fragment}")
}

/// Makes an address that opens a guide's draft on a page, to pick an element or to try it.
#[utoipa::path(post, path = "/v1/admin/guides/{guide}/preview", tag = "administration",
    params(("guide" = String, Path)), request_body = OpenPreview, security(("session_cookie" = [])),
    responses((status = 200, body = OpenedPreview), (status = 400, body = ErrorBody)))]
async fn open(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(guide): Path<String>,
    Body(asked): Body<OpenPreview>,
) -> ApiResult<Json<OpenedPreview>> {
    let id: GuideId = fields::id("guide", &guide)?;
    let url = fields::text("url", &asked.url, 2_000)?;
    if !["pick", "show"].contains(&asked.mode.as_str()) {
        return Err(ApiError::bad_input("mode", "expected pick or show"));
    }
    let expected = "expected the address of a page, for example https://www.example.com/checkout";
    let origin = origin_of(&url).ok_or_else(|| ApiError::bad_input("url", expected))?;
    if !is_ours(&app, origin) {
        return Err(ApiError::bad_input(
            "url",
            "expected a page of an origin that a source allows: add it under Sources first",
        ));
    }
    let guide = app.store(move |store| store.guide(id)).await?;
    let guide = guide.ok_or_else(|| ApiError::not_found("guide"))?;
    let content = Content::stored(&guide.draft)?;
    let locale: String = asked.locale.chars().take(35).collect();
    let begin = json!({
        "mode": asked.mode, "step": asked.step, "locale": locale,
        "guide": content.rendered(&id.to_string(), 0, &guide.name, &locale),
    });
    let opened = app
        .previews
        .open(id, origin.to_ascii_lowercase(), begin, app.now());
    Ok(Json(OpenedPreview {
        address: with_token(&url, &opened.token),
        preview: opened.preview,
    }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// The last that was heard.
    #[serde(default)]
    after: u64,
}

/// What the page said; waits up to 15 seconds for something.
#[utoipa::path(get, path = "/v1/admin/previews/{preview}", tag = "administration",
    params(("preview" = String, Path), After), security(("session_cookie" = [])),
    responses((status = 200, description = "{after, messages}", body = Object), (status = 404, body = ErrorBody)))]
async fn hear_page(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(preview): Path<String>,
    Params(params): Params<After>,
) -> ApiResult<Json<Value>> {
    Ok(Json(
        app.previews
            .hear(&preview, End::Editor, params.after)
            .await?,
    ))
}

#[derive(Deserialize, ToSchema)]
struct TellPage {
    /// `pick` or `show`.
    mode: String,
    #[serde(default)]
    step: u8,
    /// BCP 47.
    locale: String,
    /// The draft as it is on the editor's screen, saved or not.
    draft: Content,
    name: String,
}

/// Shows the page what the editor has now.
#[utoipa::path(post, path = "/v1/admin/previews/{preview}", tag = "administration",
    params(("preview" = String, Path)), request_body = TellPage, security(("session_cookie" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn tell_page(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(preview): Path<String>,
    Body(asked): Body<TellPage>,
) -> ApiResult<StatusCode> {
    asked.draft.check()?;
    if !["pick", "show"].contains(&asked.mode.as_str()) {
        return Err(ApiError::bad_input("mode", "expected pick or show"));
    }
    let guide = app.previews.guide(&preview)?;
    let locale: String = asked.locale.chars().take(35).collect();
    let content = asked
        .draft
        .rendered(&guide.to_string(), 0, &asked.name, &locale);
    let message = json!({
        "kind": "content", "mode": asked.mode, "step": asked.step, "locale": locale,
        "guide": content,
    });
    app.previews.say(&preview, End::Page, message)?;
    Ok(DONE)
}

/// Exchanges a page's preview token, once.
#[utoipa::path(post, path = "/v1/widget/preview", tag = "widget",
    responses((status = 200, description = "{page, mode, step, locale, guide}", body = Object),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)))]
async fn enter(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
) -> ApiResult<Json<Value>> {
    app.limits.sessions.check(&client.0.to_string())?;
    let origin = headers
        .get(header::ORIGIN)
        .and_then(|one| one.to_str().ok());
    let own = headers.get(header::HOST).and_then(|one| one.to_str().ok());
    // A page of our own server says no origin where it only reads.
    let origin = origin
        .map(str::to_owned)
        .or(own.map(|host| format!("http://{host}")));
    Ok(Json(app.previews.enter(
        bearer(&headers),
        origin.as_deref(),
        app.now(),
    )?))
}

/// What a page shows: the token of its address, or what it got in exchange; empty without.
fn bearer(headers: &HeaderMap) -> &str {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default()
}

/// A page that exchanged its token.
struct PreviewPage(String);

impl axum::extract::FromRequestParts<Shared> for PreviewPage {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        app.previews
            .of_page(bearer(&parts.headers), app.now())
            .map(Self)
    }
}

/// What the editor said; waits up to 15 seconds for something.
#[utoipa::path(get, path = "/v1/widget/preview/messages", tag = "widget", params(After),
    responses((status = 200, description = "{after, messages}", body = Object), (status = 401, body = ErrorBody)))]
async fn hear_editor(
    State(app): State<Shared>,
    PreviewPage(preview): PreviewPage,
    Params(params): Params<After>,
) -> ApiResult<Json<Value>> {
    Ok(Json(
        app.previews.hear(&preview, End::Page, params.after).await?,
    ))
}

#[derive(Deserialize, ToSchema)]
struct TellEditor {
    /// `picked`, `missing`, `shown`, `ended` or `cancelled`.
    kind: String,
    #[serde(default)]
    step: u8,
    /// For `picked`: the element.
    anchor: Option<Anchor>,
    /// For `picked`: `strong`, `fair` or `weak`.
    quality: Option<String>,
}

/// Tells the editor what happened on the page.
#[utoipa::path(post, path = "/v1/widget/preview/messages", tag = "widget", request_body = TellEditor,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)))]
async fn tell_editor(
    State(app): State<Shared>,
    PreviewPage(preview): PreviewPage,
    Body(said): Body<TellEditor>,
) -> ApiResult<StatusCode> {
    let known = ["picked", "missing", "shown", "ended", "cancelled"];
    if !known.contains(&said.kind.as_str()) {
        let expected = "expected picked, missing, shown, ended or cancelled";
        return Err(ApiError::bad_input("kind", expected));
    }
    let quality = said
        .quality
        .filter(|quality| ["strong", "fair", "weak"].contains(&quality.as_str()));
    let message = json!({
        "kind": said.kind, "step": said.step, "anchor": said.anchor, "quality": quality,
    });
    app.previews.say(&preview, End::Editor, message)?;
    Ok(DONE)
}
