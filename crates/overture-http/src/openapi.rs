//! The description of every route, and the page that shows it.

use axum::{
    Extension,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::Shared;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Overture",
        description = "Proactive customer support: events in, offers and conversations out.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "capture", description = "events in, from Segment's, RudderStack's and PostHog's clients"),
        (name = "widget", description = "what the widget on a page asks"),
        (name = "staff", description = "signing in"),
        (name = "desk", description = "the agents' desk"),
        (name = "customers", description = "who they are and what happened"),
        (name = "conversations", description = "chats and callbacks"),
        (name = "calls", description = "phone calls, live and recorded"),
        (name = "decisions", description = "what was decided, and why"),
        (name = "administration", description = "sources, staff, policy"),
        (name = "grants", description = "pre-authorizations to contact an agent"),
        (name = "operation", description = "health, metrics, this description")
    ),
    modifiers(&Schemes)
)]
struct Document;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_with(Default::default);
        let http = |scheme, about: &str| {
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(scheme)
                    .description(Some(about))
                    .build(),
            )
        };
        components.add_security_scheme(
            "write_key",
            http(
                HttpAuthScheme::Basic,
                "a source's write key as user name; or in the body",
            ),
        );
        components.add_security_scheme(
            "widget_session",
            http(
                HttpAuthScheme::Bearer,
                "the session_token of a widget session",
            ),
        );
        components.add_security_scheme(
            "api_token",
            http(HttpAuthScheme::Bearer, "an API token, ovt_..."),
        );
        components.add_security_scheme(
            "session_cookie",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                crate::auth::COOKIE,
                "set by signing in; every change also needs the header x-csrf-token",
            ))),
        );
    }
}

/// The document before its routes.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(openapi))
        .routes(routes!(docs))
}

/// The finished document as JSON, an extension of the route that shows it.
#[derive(Clone)]
pub(crate) struct Finished(Bytes);

impl Finished {
    pub(crate) fn new(document: &utoipa::openapi::OpenApi) -> Self {
        let mut json = serde_json::to_value(document).expect("the description has only text keys");
        describe_responses(&mut json);
        name_operations(&mut json);
        Self(json.to_string().into())
    }
}

/// Every response must say something: where a route does not, its status does.
fn describe_responses(document: &mut Value) {
    let operations = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(|paths| paths.values_mut())
        .filter_map(Value::as_object_mut)
        .flat_map(|item| item.values_mut());
    for operation in operations {
        let Some(responses) = operation["responses"].as_object_mut() else {
            continue;
        };
        for (status, response) in responses {
            let said = response["description"].as_str().unwrap_or_default();
            if said.is_empty() {
                let reason = status
                    .parse::<StatusCode>()
                    .ok()
                    .and_then(|status| status.canonical_reason())
                    .unwrap_or("an answer");
                response["description"] = reason.to_lowercase().into();
            }
        }
    }
}

/// Every operation needs a name of its own: its method and path, for example
/// `post_v1_grants_redeem`.
fn name_operations(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
            let words = words.filter(|word| !word.is_empty());
            let name = std::iter::once(method.as_str())
                .chain(words)
                .collect::<Vec<_>>()
                .join("_");
            operation["operationId"] = name.into();
        }
    }
}

/// Describes every route, OpenAPI 3.1.
#[utoipa::path(get, path = "/openapi.json", tag = "operation",
    responses((status = 200, description = "this description", body = Object)))]
async fn openapi(Extension(Finished(json)): Extension<Finished>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Overture API</title></head><body>
<script id="api-reference" data-url="/openapi.json" data-configuration='{"withDefaultFonts":false,"telemetry":false,"hideClientButton":true}'></script>
<script src="/docs/scalar.js"></script>
</body></html>"#;

const NOT_BUILT: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Overture API</title></head><body>
<p>The page that shows the API was not built into this binary. Build it with <code>cargo xtask ui</code> and compile again.
The description itself is at <a href="/openapi.json">/openapi.json</a>.</p></body></html>"#;

/// Shows the description to people, from local files alone.
#[utoipa::path(get, path = "/docs", tag = "operation",
    responses((status = 200, description = "a page", body = String, content_type = "text/html")))]
async fn docs() -> Response {
    let page = if crate::assets::has_api_reference() {
        PAGE
    } else {
        NOT_BUILT
    };
    ([(header::CACHE_CONTROL, "no-cache")], Html(page)).into_response()
}
