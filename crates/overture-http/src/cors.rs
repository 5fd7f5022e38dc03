//! Cross-origin requests: capture takes every origin, the widget those of its source, and
//! nothing else takes any. Credentials are never allowed.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{config::Config, installation};

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, OPTIONS");
/// The star stands for all but `authorization`: clients add headers of their own when they try
/// again. Those that every request needs are named for browsers that do not know the star.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, content-encoding, anonymousid, sentat, *",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("retry-after");
const AGE: HeaderValue = HeaderValue::from_static("86400");

/// Answers preflights and lets any page read the answers. Whether a page may *use* a
/// source's widget is checked where the session is made: see [`origin_allowed`].
pub(crate) async fn any_origin(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, AGE);
    }
    response
}

/// Whether a page of this origin may use a source. Requests without an origin come from
/// programs, which can claim any; an empty list allows every page, and our own pages
/// (the hosted help page) are always allowed.
pub(crate) fn origin_allowed(config: &Config, allowed: &[String], headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    allowed.is_empty()
        || is_own(config, origin, headers)
        || allowed.iter().any(|one| {
            one.trim_end_matches('/')
                .as_bytes()
                .eq_ignore_ascii_case(origin.as_bytes())
        })
}

/// Whether an origin is that of the public address, or, where none is set, of the host that
/// the request asked for.
fn is_own(config: &Config, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    match &config.public_url {
        Some(url) => installation::origin_of(url).eq_ignore_ascii_case(origin),
        None => headers.get(header::HOST).is_some_and(|host| {
            let site = origin.split_once("://").map_or(origin, |(_, host)| host);
            host.as_bytes().eq_ignore_ascii_case(site.as_bytes())
        }),
    }
}
