//! All routes, and the layers around them.

use std::{any::Any, time::Duration};

use axum::{
    Extension, Router,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use overture_store::StoreError;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};
use utoipa_axum::router::OpenApiRouter;

use crate::{
    admin,
    app::{App, Shared},
    assets, calls, capture,
    config::Parts,
    cors, desk,
    error::ApiError,
    health, help, openapi, widget,
};

/// How long one request may take; sockets are not requests any more once they are open.
const REQUEST_WITHIN: Duration = Duration::from_secs(30);
/// The same where a file is sent: 5 MB over 150 kbit/s.
const UPLOAD_WITHIN: Duration = Duration::from_secs(300);

/// Builds the service. Blocks while it reads sources, staff and tokens, and starts tasks:
/// call it within a tokio runtime, before serving. Serve it with connection info
/// (`into_make_service_with_connect_info::<SocketAddr>()`), or every client counts as one.
///
/// # Errors
/// What the store says when it cannot be read.
pub fn router(parts: Parts) -> Result<Router, StoreError> {
    let app = App::start(parts)?;
    let (open, open_document) = OpenApiRouter::new()
        .merge(capture::router())
        .merge(widget::router())
        .merge(help::router())
        .split_for_parts();
    let open = for_any_page(open);
    let staff = OpenApiRouter::new()
        .merge(desk::router())
        .merge(admin::router())
        .merge(calls::router())
        .layer(SetResponseHeaderLayer::overriding(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ));
    let (router, mut document) = OpenApiRouter::with_openapi(openapi::document())
        .merge(staff)
        .merge(health::router())
        .merge(openapi::router())
        .split_for_parts();
    document.merge(open_document);
    let mut router = router
        .merge(open)
        .merge(help::pages())
        .merge(assets::router(app.config.demo));
    let prefix = &app.config.first_party_prefix;
    if !prefix.is_empty() {
        router = router.nest(prefix, first_party());
    }
    Ok(router
        .fallback(|| async { ApiError::not_found("route") })
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(openapi::Finished::new(&document)))
        .layer(middleware::from_fn(guarded))
        .layer(middleware::from_fn(in_time))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app))
}

/// Routes that pages of other origins may read.
fn for_any_page(routes: Router<Shared>) -> Router<Shared> {
    routes
        // Set before the layer: preflights come this way.
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(cors::any_origin))
}

/// Everything that the widget needs, to stand under one path of a site's own.
fn first_party() -> Router<Shared> {
    let (open, _) = OpenApiRouter::new()
        .merge(capture::batch_router())
        .merge(widget::router())
        .merge(help::router())
        .split_for_parts();
    for_any_page(open)
        .merge(help::pages())
        .merge(assets::widget_router())
}

/// Ends requests that take too long; a file may come over a slow line.
async fn in_time(request: Request, next: Next) -> Response {
    let path = request.uri().path().trim_end_matches('/');
    let is_file = ["/attachments", "/recording"]
        .iter()
        .any(|end| path.ends_with(end));
    let uploads = request.method() == Method::POST && is_file;
    let within = if uploads {
        UPLOAD_WITHIN
    } else {
        REQUEST_WITHIN
    };
    match tokio::time::timeout(within, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn wrong_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this route does not take this method",
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over by value"
)]
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let text = cause
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    metrics::counter!("overture_http_panics_total").increment(1);
    ApiError::internal(&format!("a handler panicked: {text}")).into_response()
}

/// Says of every answer how browsers may use it; a route's own word goes first.
async fn guarded(request: Request, next: Next) -> Response {
    const DEFAULTS: [(HeaderName, HeaderValue); 4] = [
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        ),
    ];
    const DOCS_POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
         base-uri 'none'; frame-ancestors 'none'",
    );
    let docs = request.uri().path() == "/docs";
    let mut response = next.run(request).await;
    metrics::counter!("overture_http_requests_total", "status" => class(response.status()))
        .increment(1);
    let headers = response.headers_mut();
    if docs {
        headers.insert(header::CONTENT_SECURITY_POLICY, DOCS_POLICY);
    }
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(value);
    }
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        429 => "429",
        503 => "503",
        400..500 => "4xx",
        _ => "5xx",
    }
}
