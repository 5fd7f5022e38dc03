//! The one shape in which every error leaves the server, and the body reader that names
//! the field which is wrong.

use std::borrow::Cow;

use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use utoipa::ToSchema;

use crate::core::Unavailable;

/// The largest body that a JSON route other than capture reads, bytes.
pub(crate) const JSON_BODY_BYTES_MAX: usize = 256 * 1024;

/// An error as it leaves the server.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) field: Option<String>,
    pub(crate) retry_after_s: Option<u32>,
    /// Further members of the body.
    pub(crate) more: serde_json::Map<String, serde_json::Value>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    /// For programs.
    code: &'a str,
    /// For people: what was expected.
    message: &'a str,
    /// The field that is wrong, where it is one field.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(flatten)]
    #[schema(ignore)]
    more: &'a serde_json::Map<String, serde_json::Value>,
}

/// What a handler answers.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            field: None,
            retry_after_s: None,
            more: serde_json::Map::new(),
        }
    }

    pub(crate) fn bad_input(
        field: impl Into<String>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: Some(field.into()),
            ..Self::new(StatusCode::BAD_REQUEST, "bad_input", message)
        }
    }

    pub(crate) fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "sign in, or send an api token as authorization: bearer",
        )
    }

    pub(crate) fn not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "this account may not do that",
        )
    }

    pub(crate) fn not_found(what: &'static str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is no such {what}"),
        )
    }

    pub(crate) fn conflict(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// A change that was made from an older revision: which is current, whose that is, and in
    /// what it differs from the one that the change was made from.
    pub(crate) fn stale_revision(
        message: &'static str,
        current: u32,
        by: Option<&str>,
        differs: Vec<serde_json::Value>,
    ) -> Self {
        let mut error = Self::conflict("stale_revision", message);
        error.more.insert("current".into(), current.into());
        error.more.insert("by".into(), by.into());
        error.more.insert("differs".into(), differs.into());
        error
    }

    /// The generic denial of a grant: no reason is given outside.
    pub(crate) fn not_available() -> Self {
        let mut error = Self::new(
            StatusCode::FORBIDDEN,
            "not_available",
            "contact by this way is not available now; the help pages are",
        );
        error.more.insert("self_service".into(), true.into());
        error
    }

    pub(crate) fn too_many(retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s.max(1)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "too many requests; wait as long as retry-after says",
            )
        }
    }

    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %cause, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server failed; its log says why",
        )
    }
}

impl From<Unavailable> for ApiError {
    fn from(cause: Unavailable) -> Self {
        Self {
            retry_after_s: Some(cause.retry_after_s.max(1)),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                format!("not available now: {}", cause.reason),
            )
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            code: self.code,
            message: &self.message,
            field: self.field.as_deref(),
            more: &self.more,
        };
        let text = serde_json::to_vec(&body).expect("an error body has only text keys");
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "application/json")],
            text,
        )
            .into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A JSON body, whatever its Content-Type says; an error names the field.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|cause| {
            if cause.status() == StatusCode::PAYLOAD_TOO_LARGE {
                ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "body_too_large",
                    "the body is larger than this route takes",
                )
            } else {
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "bad_body",
                    "the body could not be read",
                )
            }
        })?;
        // A route whose body is `{}` may be called without one.
        let bytes = if bytes.is_empty() { &b"{}"[..] } else { &bytes };
        parse(bytes).map(Body)
    }
}

/// The query string, with an error that names what is wrong in it.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Self(params))
            .map_err(|cause| {
                let text = cause.body_text();
                let text = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                let field = missing_field(text)
                    .or_else(|| text.split_once(": ").map(|(field, _)| field.to_owned()))
                    .unwrap_or_else(|| "query".to_owned());
                ApiError::bad_input(field, text.to_owned())
            })
    }
}

/// Parses `bytes`, naming the field that is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> ApiResult<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        if cause.is_data() {
            let field = missing_field(&cause.to_string()).unwrap_or(path);
            ApiError::bad_input(field, plain(&cause))
        } else {
            ApiError::new(StatusCode::BAD_REQUEST, "bad_json", plain(&cause))
        }
    })?;
    reader
        .end()
        .map_err(|cause| ApiError::new(StatusCode::BAD_REQUEST, "bad_json", plain(&cause)))?;
    Ok(value)
}

/// The field in serde's "missing field `x`".
fn missing_field(message: &str) -> Option<String> {
    message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
        .map(str::to_owned)
}

/// serde's message. It may quote a scalar of the body's, so it is cut short.
fn plain(cause: &serde_json::Error) -> String {
    let text = cause.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Outer {
        limit: u32,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Inner {
        name: String,
    }

    #[test]
    fn an_error_names_the_field_and_says_what_was_expected() {
        for (body, code, field, says) in [
            ("{}", "bad_input", Some("limit"), "missing field"),
            (
                r#"{"limit":"x"}"#,
                "bad_input",
                Some("limit"),
                "expected u32",
            ),
            (
                r#"{"limit":1,"inner":{"name":4}}"#,
                "bad_input",
                Some("inner.name"),
                "expected a string",
            ),
            ("{", "bad_json", None, "EOF"),
            (r#"{"limit":1} x"#, "bad_json", None, "trailing"),
        ] {
            let error = parse::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(error.status, StatusCode::BAD_REQUEST, "{body}");
            assert_eq!(error.code, code, "{body}");
            assert_eq!(error.field.as_deref(), field, "{body}");
            assert!(error.message.contains(says), "{body}: {}", error.message);
        }
    }
}
