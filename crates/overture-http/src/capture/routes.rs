//! The capture routes.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Path, RawQuery, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use overture_store::RejectedEvent;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    BATCH_BYTES_MAX, EVENT_BYTES_MAX, Rejected, Told,
    body::{self, Dialect, Parsed},
};
use crate::{
    app::Shared,
    error::{ApiError, ApiResult, ErrorBody},
};

/// What is read of a body at all, bytes: a little more than a batch, so that its size can
/// be told.
const BODY_BYTES_MAX: usize = BATCH_BYTES_MAX + 64 * 1024;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(batch))
        .routes(routes!(beacon))
        .routes(routes!(single))
        .routes(routes!(posthog_batch))
        .routes(routes!(posthog_e))
        .routes(routes!(posthog_capture))
        .routes(routes!(posthog_i))
        .merge(super::settings::router())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The one route of capture that the widget uses.
pub(crate) fn batch_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(batch))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// The body as it came. One that is longer than anything that could be taken is refused
/// like a batch that is too large.
struct Raw(Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(cause) if cause.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(body::too_large("a batch", BATCH_BYTES_MAX))
            }
            Err(_) => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "bad_body",
                "the body could not be read",
            )),
        }
    }
}

const ACCEPTED: &str = r#"{"success":true}"#;

fn accepted() -> Response {
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/json")],
        ACCEPTED,
    )
        .into_response()
}

fn unknown_key() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "unknown_write_key",
        "expected a source's write key as basic user name or as writekey in the body",
    )
}

/// Takes one request's events. Resolves once they are durable.
async fn take(
    app: &Shared,
    headers: &HeaderMap,
    query: &str,
    bytes: &[u8],
    dialect: Dialect,
) -> ApiResult<Response> {
    let received = app.now();
    let json = body::text(headers, query, bytes)?;
    let parsed = Parsed::read(&json, dialect).ok_or_else(|| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_json",
            "expected a json object with the events",
        )
    })?;
    let sources = app.sources.load();
    let known = |key: &str| sources.by_key.get(key);
    let source = body::basic_key(headers)
        .and_then(|key| known(&key))
        .or_else(|| parsed.key.as_deref().and_then(known))
        .or_else(|| key_in_query(query).and_then(known))
        .or_else(|| {
            (dialect == Dialect::Posthog)
                .then(|| parsed.key_in_first())
                .flatten()
                .and_then(|key| known(&key))
        })
        .ok_or_else(unknown_key)?;
    app.limits.capture.check(&source.source)?;

    let mut captured = body::map_all(
        &parsed,
        &app.keys,
        source.source,
        source.seed,
        received,
        dialect,
        &source.capture,
    );
    let refused = refusal(&parsed, &captured.rejected);
    for rejected in captured.rejected {
        app.reject(RejectedEvent {
            at: received,
            source: Some(source.source),
            reason: rejected.reason.to_owned(),
            field: rejected.field,
            excerpt: rejected.excerpt,
        });
    }
    if let Some(error) = refused {
        return Err(error);
    }
    drop(sources);
    app.consents.keep_news(&mut captured.ingress);
    if !captured.ingress.is_empty() {
        let words = Told::words(&captured.ingress);
        app.core.submit(captured.ingress).await?;
        app.consents.remember(words);
    }
    Ok(accepted())
}

/// `writeKey` in the address, where a beacon carries it.
fn key_in_query(query: &str) -> Option<&str> {
    query
        .split('&')
        .find_map(|part| part.strip_prefix("writeKey="))
}

/// A request of one event that cannot be taken is told so; a batch never is.
fn refusal(parsed: &Parsed<'_>, rejected: &[Rejected]) -> Option<ApiError> {
    let first = rejected.first().filter(|_| parsed.single())?;
    if first.reason == "event_too_large" {
        return Some(body::too_large("an event", EVENT_BYTES_MAX));
    }
    let mut error = match &first.field {
        Some(field) => ApiError::bad_input(
            field.clone(),
            format!(
                "the event was not taken: {}",
                first.reason.replace('_', " ")
            ),
        ),
        None => ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_input",
            "expected an event: a json object",
        ),
    };
    error.code = first.reason;
    Some(error)
}

/// Takes a batch of Segment or RudderStack events (`batch`, `b`, `import`), or one event
/// (`t track i identify p page s screen g group a alias`).
#[utoipa::path(
    post, path = "/v1/{kind}", tag = "capture", security(("write_key" = [])),
    params(("kind" = String, Path, description = "batch, b, import, or an event type or its first letter")),
    request_body(content = String, content_type = "application/json",
        description = "{writeKey?, sentAt?, batch:[event..]} or one event"),
    responses((status = 200, description = "durable"), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody))
)]
async fn single(
    State(app): State<Shared>,
    Path(kind): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Raw(bytes): Raw,
) -> ApiResult<Response> {
    let dialect = match kind.as_str() {
        "b" | "import" => Dialect::Segment,
        "t" | "track" => Dialect::SegmentSingle("track"),
        "i" | "identify" => Dialect::SegmentSingle("identify"),
        "p" | "page" => Dialect::SegmentSingle("page"),
        "s" | "screen" => Dialect::SegmentSingle("screen"),
        "g" | "group" => Dialect::SegmentSingle("group"),
        "a" | "alias" => Dialect::SegmentSingle("alias"),
        _ => return Err(ApiError::not_found("route")),
    };
    take(
        &app,
        &headers,
        query.as_deref().unwrap_or(""),
        &bytes,
        dialect,
    )
    .await
}

/// Takes a batch of Segment or RudderStack events.
#[utoipa::path(
    post, path = "/v1/batch", tag = "capture", security(("write_key" = [])),
    request_body(content = String, content_type = "application/json",
        description = "{writeKey?, sentAt?, batch:[event..]}"),
    responses((status = 200, description = "durable"), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody))
)]
async fn batch(
    State(app): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Raw(bytes): Raw,
) -> ApiResult<Response> {
    let query = query.as_deref().unwrap_or("");
    take(&app, &headers, query, &bytes, Dialect::Segment).await
}

/// Takes what RudderStack's browser client sends when a page goes: a beacon has no headers,
/// so the write key is in the address.
#[utoipa::path(
    post, path = "/beacon/v1/batch", tag = "capture",
    params(("writeKey" = String, Query)),
    request_body(content = String, content_type = "application/json",
        description = "{sentAt?, batch:[event..]}"),
    responses((status = 200, description = "durable"), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody))
)]
async fn beacon(
    State(app): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    Raw(bytes): Raw,
) -> ApiResult<Response> {
    let query = query.as_deref().unwrap_or("");
    take(&app, &headers, query, &bytes, Dialect::Segment).await
}

macro_rules! posthog_routes {
    ($($(#[$doc:meta])* $name:ident = $path:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            post, path = $path, tag = "capture", security(("write_key" = [])),
            request_body(content = String, content_type = "application/json",
                description = "{api_key, batch:[event..], sent_at?}, an array of events, or one event"),
            responses((status = 200, description = "durable"), (status = 400, body = ErrorBody),
                (status = 401, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody))
        )]
        async fn $name(
            State(app): State<Shared>,
            headers: HeaderMap,
            RawQuery(query): RawQuery,
            Raw(bytes): Raw,
        ) -> ApiResult<Response> {
            let query = query.as_deref().unwrap_or("");
            take(&app, &headers, query, &bytes, Dialect::Posthog).await
        }
    )*};
}

posthog_routes! {
    /// Takes a batch of PostHog events.
    posthog_batch = "/batch/";
    /// Takes PostHog events from its browser client.
    posthog_e = "/e/";
    /// Takes a PostHog event.
    posthog_capture = "/capture/";
    /// Takes PostHog events at its newer address.
    posthog_i = "/i/v0/e/";
}
