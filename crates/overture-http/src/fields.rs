//! Fields that many routes share, checked once.

use std::str::FromStr;

use axum::http::StatusCode;
use overture_engine::model::{ChannelKind, InvalidId};

use crate::error::{ApiError, ApiResult};

/// The longest message, letters.
pub(crate) const MESSAGE_LETTERS_MAX: usize = 4_000;

/// An id of the kind that is wanted.
pub(crate) fn id<I: FromStr<Err = InvalidId>>(field: &'static str, text: &str) -> ApiResult<I> {
    text.parse()
        .map_err(|cause: InvalidId| ApiError::bad_input(field, cause.to_string()))
}

/// `chat` or `callback`.
pub(crate) fn channel(field: &'static str, text: &str) -> ApiResult<ChannelKind> {
    ChannelKind::ALL
        .into_iter()
        .find(|channel| channel.name() == text)
        .ok_or_else(|| ApiError::bad_input(field, "expected chat or callback"))
}

/// The text of a message, `1..=4000` letters. Zero bytes are dropped: not every database
/// can keep them.
pub(crate) fn message(field: &'static str, text: &str) -> ApiResult<String> {
    if text.trim().is_empty() {
        return Err(ApiError::bad_input(
            field,
            "expected 1 to 4000 letters, got none",
        ));
    }
    if text.chars().nth(MESSAGE_LETTERS_MAX).is_some() {
        return Err(ApiError {
            field: Some(field.to_owned()),
            ..ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "message_too_long",
                "expected 1 to 4000 letters",
            )
        });
    }
    Ok(text.replace('\0', ""))
}

/// A name or the like, trimmed, `1..=max` bytes.
pub(crate) fn text(field: &'static str, text: &str, max: usize) -> ApiResult<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > max || text.contains('\0') {
        return Err(ApiError::bad_input(
            field,
            format!("expected a text of 1 to {max} bytes"),
        ));
    }
    Ok(text.to_owned())
}
