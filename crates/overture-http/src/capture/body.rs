//! From bytes to events: decompression with a limit, the envelope, one event after another.

use std::{borrow::Cow, io::Read};

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use overture_engine::model::{SourceId, Timestamp};
use overture_store::SourceCapture;
use serde_json::value::RawValue;

use super::{
    BATCH_BYTES_MAX, Captured, EVENT_BYTES_MAX,
    map::Mapper,
    posthog,
    reject::{Rejected, excerpt},
    time,
    wire::{Envelope, Text},
};
use crate::{
    error::{ApiError, ApiResult},
    keys::Keys,
};

/// Whose API a body follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A batch, or a single event that names its own type.
    Segment,
    /// A single event of the type that the route names.
    SegmentSingle(&'static str),
    /// PostHog's batches, arrays and single events.
    Posthog,
}

/// A body as read once: the events are still raw.
pub(crate) struct Parsed<'a> {
    pub(crate) key: Option<Cow<'a, str>>,
    sent_at: Option<Timestamp>,
    events: Vec<&'a str>,
    /// Whether the body is one event rather than a batch.
    single: bool,
}

pub(crate) fn too_large(what: &str, bytes_max: usize) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "too_large",
        format!("{what} may have at most {bytes_max} bytes of json"),
    )
}

/// The body as text, decompressed. gzip is told by `Content-Encoding`, by PostHog's
/// `compression` parameter (`gzipped`), or by its own first two bytes, with which no JSON
/// begins.
pub(crate) fn text<'b>(
    headers: &HeaderMap,
    query: &str,
    bytes: &'b [u8],
) -> ApiResult<Cow<'b, str>> {
    let encoded = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"gzip"));
    let bytes: Cow<'b, [u8]> = if encoded || bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::with_capacity((bytes.len() * 6).min(BATCH_BYTES_MAX + 1));
        MultiGzDecoder::new(bytes)
            .take(BATCH_BYTES_MAX as u64 + 1)
            .read_to_end(&mut plain)
            .map_err(|_| {
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "bad_gzip",
                    "the body is said to be gzip and could not be unpacked",
                )
            })?;
        Cow::Owned(plain)
    } else if query.contains("compression=base64") {
        Cow::Owned(form_base64(bytes)?)
    } else {
        Cow::Borrowed(bytes)
    };
    if bytes.len() > BATCH_BYTES_MAX {
        return Err(too_large("a batch", BATCH_BYTES_MAX));
    }
    let not_text = || ApiError::new(StatusCode::BAD_REQUEST, "bad_json", "the body is not utf-8");
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes)
            .map(Cow::Borrowed)
            .map_err(|_| not_text()),
        Cow::Owned(bytes) => String::from_utf8(bytes)
            .map(Cow::Owned)
            .map_err(|_| not_text()),
    }
}

/// PostHog's `data=<base64>` form.
fn form_base64(bytes: &[u8]) -> ApiResult<Vec<u8>> {
    let bad = || {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_base64",
            "expected data=<base64 of json>",
        )
    };
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    let data = text.strip_prefix("data=").ok_or_else(bad)?;
    let data = data
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    STANDARD.decode(data.trim()).map_err(|_| bad())
}

/// The user name of Basic auth.
pub(crate) fn basic_key(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, coded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(coded.trim()).ok()?).ok()?;
    let user = decoded
        .split_once(':')
        .map_or(decoded.as_str(), |(user, _)| user);
    (!user.is_empty()).then(|| user.to_owned())
}

impl<'a> Parsed<'a> {
    /// `None` when the text is no JSON object (for PostHog: object or array).
    pub(crate) fn read(json: &'a str, dialect: Dialect) -> Option<Self> {
        if dialect == Dialect::Posthog && json.trim_start().starts_with('[') {
            let events: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let events: Vec<&str> = events.into_iter().map(RawValue::get).collect();
            return Some(Self {
                key: None,
                sent_at: None,
                events,
                single: false,
            });
        }
        let envelope: Envelope<'a> = serde_json::from_str(json).ok()?;
        let sent_at = envelope
            .sent_at
            .and_then(|raw| serde_json::from_str::<Text<'_>>(raw.get()).ok())
            .and_then(|text| time::parse(text.as_str()));
        let key = envelope
            .key
            .map(|Text(key)| key)
            .filter(|key| !key.is_empty());
        let single = envelope.batch.is_none() || matches!(dialect, Dialect::SegmentSingle(_));
        let events = match envelope.batch {
            Some(batch) if !single => batch.into_iter().map(RawValue::get).collect(),
            _ => vec![json],
        };
        Some(Self {
            key,
            sent_at,
            events,
            single,
        })
    }

    /// The key in the first event, where PostHog's browser client puts it.
    pub(crate) fn key_in_first(&self) -> Option<String> {
        self.events.first().and_then(|raw| posthog::key_in(raw))
    }

    pub(crate) fn single(&self) -> bool {
        self.single
    }
}

/// Maps every event; the ones that cannot be mapped are told apart.
pub(crate) fn map_all(
    parsed: &Parsed<'_>,
    keys: &Keys,
    source: SourceId,
    seed: u64,
    received: Timestamp,
    dialect: Dialect,
    rules: &SourceCapture,
) -> Captured {
    let mapper = Mapper {
        rules,
        keys,
        source,
        seed,
        received,
        sent: parsed.sent_at,
    };
    let mut captured = Captured {
        ingress: Vec::with_capacity(parsed.events.len()),
        rejected: Vec::new(),
    };
    for raw in &parsed.events {
        let raw = raw.trim_start();
        if !raw.starts_with('{') {
            captured.rejected.push(Rejected {
                reason: "not_an_object",
                field: None,
                excerpt: excerpt(raw),
            });
            continue;
        }
        if raw.len() > EVENT_BYTES_MAX {
            captured.rejected.push(Rejected {
                reason: "event_too_large",
                field: None,
                excerpt: excerpt(raw),
            });
            continue;
        }
        let mapped = match dialect {
            Dialect::Segment => mapper.segment(raw, None),
            Dialect::SegmentSingle(kind) => mapper.segment(raw, Some(kind)),
            Dialect::Posthog => mapper.posthog(raw).map(|ingress| vec![ingress]),
        };
        match mapped {
            Ok(ingress) => captured.ingress.extend(ingress),
            Err(rejected) => captured.rejected.push(rejected),
        }
    }
    captured
}
