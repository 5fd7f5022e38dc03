//! What browser clients ask before they send: fixed answers that switch everything off but
//! the sending of events.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    client::PublicUrl,
    error::{ApiError, ApiResult, Params},
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(segment))
        .routes(routes!(rudderstack))
        .routes(routes!(posthog_config))
        .routes(routes!(posthog_script))
        .routes(routes!(posthog_flags))
        .routes(routes!(posthog_decide))
}

fn known(app: &Shared, key: &str) -> ApiResult<()> {
    if app.sources.load().by_key.contains_key(key) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::NOT_FOUND,
        "unknown_write_key",
        "there is no source with this write key",
    ))
}

/// Tells Segment's browser client where to send.
#[utoipa::path(get, path = "/v1/projects/{write_key}/settings", tag = "capture",
    params(("write_key" = String, Path)),
    responses((status = 200, description = "settings for analytics.js"), (status = 404)))]
async fn segment(
    State(app): State<Shared>,
    PublicUrl(url): PublicUrl,
    Path(key): Path<String>,
) -> ApiResult<Json<Value>> {
    known(&app, &key)?;
    let (protocol, host) = url.split_once("://").unwrap_or(("http", &url));
    Ok(Json(json!({
        "integrations": {"Segment.io": {
            "apiKey": key, "apiHost": format!("{host}/v1"), "protocol": protocol,
        }},
        "plan": {}, "edgeFunction": {}, "middlewareSettings": {}, "remotePlugins": [],
    })))
}

#[derive(Deserialize)]
struct SourceConfigQuery {
    #[serde(default, rename = "writeKey")]
    write_key: String,
}

/// Tells RudderStack's browser client that the source is on.
#[utoipa::path(get, path = "/sourceConfig/", tag = "capture",
    params(("writeKey" = String, Query)),
    responses((status = 200, description = "configuration for analytics-js"), (status = 404)))]
async fn rudderstack(
    State(app): State<Shared>,
    Params(query): Params<SourceConfigQuery>,
) -> ApiResult<Json<Value>> {
    known(&app, &query.write_key)?;
    Ok(Json(json!({
        "source": {
            "id": "s1", "name": "src", "writeKey": query.write_key, "enabled": true,
            "workspaceId": "w1", "connections": [], "destinations": [], "dataplanes": {},
            "config": {"statsCollection": {
                "errors": {"enabled": false}, "metrics": {"enabled": false},
            }},
        },
        "updatedAt": "2024-01-01T00:00:00Z",
    })))
}

fn posthog_settings(key: &str) -> Value {
    json!({
        "token": key, "supportedCompression": ["gzip", "gzip-js"],
        "hasFeatureFlags": false, "captureDeadClicks": false, "capturePerformance": false,
        "autocapture_opt_out": true, "autocaptureExceptions": false,
        "analytics": {"endpoint": "/e/"}, "elementsChainAsString": true,
        "sessionRecording": false, "heatmaps": false, "surveys": false,
        "defaultIdentifiedOnly": true, "siteApps": [],
    })
}

/// Tells PostHog's browser client that nothing but events is wanted.
#[utoipa::path(get, path = "/array/{write_key}/config", tag = "capture",
    params(("write_key" = String, Path)),
    responses((status = 200, description = "configuration for posthog-js"), (status = 404)))]
async fn posthog_config(
    State(app): State<Shared>,
    Path(key): Path<String>,
) -> ApiResult<Json<Value>> {
    known(&app, &key)?;
    Ok(Json(posthog_settings(&key)))
}

/// The same as a script.
#[utoipa::path(get, path = "/array/{write_key}/config.js", tag = "capture",
    params(("write_key" = String, Path)),
    responses((status = 200, description = "configuration for posthog-js"), (status = 404)))]
async fn posthog_script(State(app): State<Shared>, Path(key): Path<String>) -> ApiResult<Response> {
    known(&app, &key)?;
    // Both are JSON without `<`, so they are safe as script text.
    let name = Value::from(key.as_str());
    let config = posthog_settings(&key);
    let script = format!(
        "(function(){{var c=window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{{}};\
         c[{name}]={{config:{config},siteApps:[]}}}})();"
    );
    Ok(([(header::CONTENT_TYPE, "text/javascript")], script).into_response())
}

fn no_flags() -> Json<Value> {
    Json(json!({
        "flags": {}, "featureFlags": {}, "featureFlagPayloads": {},
        "errorsWhileComputingFlags": false, "sessionRecording": false,
        "supportedCompression": ["gzip", "gzip-js"], "autocapture_opt_out": true,
    }))
}

/// Tells PostHog's clients that there are no feature flags.
#[utoipa::path(post, path = "/flags/", tag = "capture",
    responses((status = 200, description = "no flags")))]
async fn posthog_flags() -> Json<Value> {
    no_flags()
}

/// The same for older clients.
#[utoipa::path(post, path = "/decide/", tag = "capture",
    responses((status = 200, description = "no flags")))]
async fn posthog_decide() -> Json<Value> {
    no_flags()
}
