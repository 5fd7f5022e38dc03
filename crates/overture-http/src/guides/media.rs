//! The files of guides: uploaded by administrators, served in any stretch.

use axum::{
    Json,
    body::Body as AxumBody,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use overture_engine::model::{GuideId, MediaId};
use overture_store::{GUIDE_MEDIA_MAX, GuideMedia};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::files;
use crate::{
    admin::new_id,
    app::Shared,
    auth::{Administers, Auth},
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
};

/// The largest video.
const VIDEO_BYTES_MAX: usize = 10 * 1024 * 1024;
const POSTER_BYTES_MAX: usize = 512 * 1024;
const CAPTIONS_BYTES_MAX: usize = 100 * 1024;
/// The longest stretch that one answer holds.
const STRETCH_BYTES_MAX: u64 = 2 * 1024 * 1024;

pub(super) fn upload_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .layer(DefaultBodyLimit::max(VIDEO_BYTES_MAX + 1))
}

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(serve))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Purpose {
    /// `video`, `poster` or `captions`.
    kind: String,
}

#[derive(Serialize, ToSchema)]
struct Uploaded {
    media: String,
    content_type: String,
    bytes: u64,
    /// Of a video.
    duration_s: f64,
}

/// Tells what a file is by its bytes, or what was expected.
type Look = fn(&[u8]) -> Result<files::Known, &'static str>;

/// Adds a file to a guide: the body is the file itself.
#[utoipa::path(post, path = "/v1/admin/guides/{guide}/media", tag = "administration",
    params(("guide" = String, Path), Purpose), security(("session_cookie" = [])),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 200, body = Uploaded), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody)))]
async fn upload(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(guide): Path<String>,
    Params(purpose): Params<Purpose>,
    data: Bytes,
) -> ApiResult<Json<Uploaded>> {
    let guide: GuideId = fields::id("guide", &guide)?;
    let (max, look): (usize, Look) = match purpose.kind.as_str() {
        "video" => (VIDEO_BYTES_MAX, files::video),
        "poster" => (POSTER_BYTES_MAX, files::poster),
        "captions" => (CAPTIONS_BYTES_MAX, files::captions),
        _ => {
            let expected = "expected video, poster or captions";
            return Err(ApiError::bad_input("kind", expected));
        }
    };
    if data.len() > max {
        return Err(ApiError {
            field: Some("file".to_owned()),
            ..ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "file_too_large",
                format!("expected at most {max} bytes"),
            )
        });
    }
    let known = look(&data).map_err(|expected| ApiError::bad_input("file", expected))?;
    let now = app.now();
    let media = GuideMedia {
        media: new_id!(MediaId, now),
        guide,
        content_type: known.content_type.to_owned(),
        bytes: data.len() as u64,
        duration_ms: known.duration_ms,
        created_at: now,
    };
    let answer = Uploaded {
        media: media.media.to_string(),
        content_type: media.content_type.clone(),
        bytes: media.bytes,
        duration_s: f64::from(media.duration_ms) / 1e3,
    };
    app.store(move |store| {
        if store.guide(guide)?.is_none() {
            return Err(overture_store::StoreError::Missing { what: "guide" });
        }
        let kept = store.guide_media_of(guide)?;
        if kept.len() >= GUIDE_MEDIA_MAX {
            remove_unused(store, guide, &kept)?;
        }
        store.put_guide_media(&media, &data)
    })
    .await?;
    Ok(Json(answer))
}

/// Files that neither the draft nor any revision names go, to make room.
fn remove_unused(
    store: &dyn overture_store::Store,
    guide: GuideId,
    kept: &[GuideMedia],
) -> Result<(), overture_store::StoreError> {
    let mut named = store.guide(guide)?.map_or(String::new(), |one| one.draft);
    for revision in store.guide_revisions(guide, u32::MAX >> 1)? {
        named.push_str(&revision.content);
    }
    let unused = kept
        .iter()
        .filter(|media| !named.contains(&media.media.to_string()));
    let mut removed = 0;
    for media in unused {
        store.remove_guide_media(media.media)?;
        removed += 1;
    }
    if removed == 0 {
        return Err(overture_store::StoreError::Conflict {
            what: "a full list of this guide's files",
        });
    }
    Ok(())
}

/// What a `Range` header asks of a file of `length` bytes: the first and one past the last.
/// `None` for a header that is to be left unheeded, `Some(Err)` where nothing fits.
fn stretch(header: &str, length: u64) -> Option<Result<(u64, u64), ()>> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    if from.trim().is_empty() {
        let last = number(to)?.min(length);
        return Some(if last == 0 {
            Err(())
        } else {
            Ok((length - last, length))
        });
    }
    let from = number(from)?;
    let to = match to.trim() {
        "" => length,
        end => number(end)?.saturating_add(1).min(length),
    };
    Some(if from < to { Ok((from, to)) } else { Err(()) })
}

/// Serves a guide's file, whole or in stretches. Its id is not to be guessed.
#[utoipa::path(get, path = "/v1/widget/media/{media}", tag = "widget",
    params(("media" = String, Path)),
    responses((status = 200, description = "the file", body = String, content_type = "application/octet-stream"),
        (status = 206, description = "a stretch of it", body = String, content_type = "application/octet-stream"),
        (status = 404, body = ErrorBody), (status = 416, body = ErrorBody)))]
async fn serve(
    State(app): State<Shared>,
    Path(media): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id: MediaId = fields::id("media", &media).map_err(|_| ApiError::not_found("file"))?;
    let known = app.store(move |store| store.guide_media(id)).await?;
    let known = known.ok_or_else(|| ApiError::not_found("file"))?;
    let length = known.bytes;
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| stretch(text, length));
    let mut answer = HeaderMap::new();
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let (status, from, to) = match asked {
        None => (StatusCode::OK, 0, length),
        Some(Ok((from, to))) => {
            let to = to.min(from + STRETCH_BYTES_MAX);
            (StatusCode::PARTIAL_CONTENT, from, to)
        }
        Some(Err(())) => {
            let mut refused = ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                format!("expected a range within {length} bytes"),
            )
            .into_response();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                refused.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return Ok(refused);
        }
    };
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{}/{length}", to - 1))
    {
        answer.insert(header::CONTENT_RANGE, value);
    }
    if let Ok(value) = HeaderValue::from_str(&known.content_type) {
        answer.insert(header::CONTENT_TYPE, value);
    }
    // A file never changes: another one has another id.
    answer.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    // Pages that isolate themselves (COEP) may show it too.
    answer.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    let bytes = app
        .store(move |store| store.guide_media_bytes(id, from, to))
        .await?;
    Ok((status, answer, AxumBody::from(bytes)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_mean_what_the_standard_says() {
        for (header, expected) in [
            ("bytes=0-0", Some(Ok((0, 1)))),
            ("bytes=0-", Some(Ok((0, 100)))),
            ("bytes=10-19", Some(Ok((10, 20)))),
            ("bytes=90-200", Some(Ok((90, 100)))),
            ("bytes=-10", Some(Ok((90, 100)))),
            ("bytes=-1000", Some(Ok((0, 100)))),
            ("bytes=-0", Some(Err(()))),
            ("bytes=100-", Some(Err(()))),
            ("bytes=20-10", Some(Err(()))),
            ("bytes=a-b", None),
            ("items=0-1", None),
            ("bytes=0-1,5-6", None),
        ] {
            assert_eq!(stretch(header, 100), expected, "{header}");
        }
    }
}
