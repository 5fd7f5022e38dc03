//! Finished recordings in, and the kept side of calls out.

use std::io::Write;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use overture_engine::{
    model::{CallEnd, InteractionId},
    understand::voice::{Party, RecordingReader},
};
use overture_store::CallPartKind;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    listen::Listening,
    live::Place,
    socket::{PARTIES, known},
    view::{self, AUDIO_BYTES_PER_SECOND},
};
use crate::{
    app::{App, Shared},
    auth::{AtDesk, Auth, Calls, Supervises},
    error::{ApiError, ApiResult, ErrorBody, Params},
    fields,
};

/// The largest recording, bytes: eight hours of two channels in 16 bits at 8 kHz.
const RECORDING_BYTES_MAX: u64 = 1 << 30;
/// Bytes of one part of kept audio.
const PART_BYTES: u64 = 64 << 10;
/// Bytes of a WAV file's header for mu-law.
const HEADER_BYTES: u64 = 58;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(upload))
        .routes(routes!(play, forget))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Described {
    /// How the file's name ends, such as `mp3`; helps where the content leaves doubt.
    extension: Option<String>,
    /// Of two channels, whose is the first: `customer` or `agent`; `customer` where it is not said.
    first: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Taken {
    call: String,
    /// How many parties are heard: 1 or 2.
    channels: usize,
}

/// Takes a call's recording (WAV with PCM, mu-law or A-law, FLAC, MP3, OGG, AAC): the bytes are the body. It is read as if it were
/// spoken now, and the call ends with it; what was heard so far shows how far it is.
#[utoipa::path(post, path = "/v1/calls/{call}/recording", tag = "calls",
    params(("call" = String, Path), Described),
    request_body(content = String, content_type = "application/octet-stream", description = "the recording"),
    security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 202, body = Taken), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody)))]
async fn upload(
    State(app): State<Shared>,
    _auth: Auth<Calls>,
    Path(call): Path<String>,
    Params(described): Params<Described>,
    body: Body,
) -> ApiResult<(StatusCode, Json<Taken>)> {
    let begun = known(&app, &call).await?;
    if let Some(why) = view::not_analysed(&app, begun.not_analysed) {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "not_analysed",
            format!("the call is not listened to: {why}"),
        ));
    }
    let mut parties = PARTIES.to_vec();
    match described.first.as_deref() {
        None | Some("customer") => {}
        Some("agent") => parties.reverse(),
        Some(_) => return Err(ApiError::bad_input("first", "expected customer or agent")),
    }
    let place = app.calls.enter(begun.call, true).ok_or_else(|| {
        ApiError::conflict(
            "carried",
            "the call's audio comes already, or too many calls are heard now",
        )
    })?;
    let file = receive(body).await?;
    let reader = open(&app, file, described.extension).await?;
    let channels = reader.channels();
    if channels == 1 {
        parties = vec![Party::Customer];
    }
    tokio::spawn(read(app, place, begun, reader, parties));
    let call = begun.call.to_string();
    Ok((StatusCode::ACCEPTED, Json(Taken { call, channels })))
}

/// Writes the body into a file that nobody else sees and that is gone with us.
async fn receive(body: Body) -> ApiResult<std::fs::File> {
    let failed = |error: std::io::Error| ApiError::internal(&error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut received = 0;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| {
            let message = "the recording could not be received whole";
            ApiError::new(StatusCode::BAD_REQUEST, "bad_body", message)
        })?;
        received += piece.len() as u64;
        if received > RECORDING_BYTES_MAX {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                "expected at most 1 GiB",
            ));
        }
        file = write(file, piece).await.map_err(failed)?;
    }
    Ok(file)
}

async fn write(mut file: std::fs::File, piece: Bytes) -> std::io::Result<std::fs::File> {
    let written = tokio::task::spawn_blocking(move || file.write_all(&piece).map(|()| file));
    written.await.map_err(std::io::Error::other)?
}

async fn open(
    app: &Shared,
    file: std::fs::File,
    extension: Option<String>,
) -> ApiResult<Box<dyn RecordingReader>> {
    let Some(analyzer) = app.call_parts.analyzer.clone() else {
        return Err(ApiError::not_found("voice model"));
    };
    let opened = tokio::task::spawn_blocking(move || {
        analyzer.recording(Box::new(file), extension.as_deref())
    });
    let opened = opened.await.map_err(|error| ApiError::internal(&error))?;
    opened.map_err(|why| ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_recording", why))
}

/// Reads the recording to its end, as a call.
async fn read(
    app: Shared,
    place: Place,
    begun: super::begin::Begun,
    mut reader: Box<dyn RecordingReader>,
    parties: Vec<Party>,
) {
    let live = std::sync::Arc::clone(&place.live);
    let Some(mut listening) = Listening::start(&app, place, begun).await else {
        return;
    };
    // Decoded elsewhere, a few pieces ahead.
    let (pieces, mut waiting) = mpsc::channel::<Result<Vec<Vec<f32>>, String>>(4);
    let decoding = tokio::task::spawn_blocking(move || {
        loop {
            let piece = match reader.read() {
                Ok(Some(channels)) => Ok(channels.to_vec()),
                Ok(None) => return,
                Err(why) => Err(why),
            };
            let is_last = piece.is_err();
            if pieces.blocking_send(piece).is_err() || is_last {
                return;
            }
        }
    });
    let over = live.over();
    let mut why = CallEnd::HungUp;
    while let Some(piece) = waiting.recv().await {
        match piece {
            Ok(channels) => {
                for (party, samples) in parties.iter().zip(&channels) {
                    listening.hear(*party, samples, &mut |_| {});
                }
                listening.settle().await;
            }
            Err(reason) => {
                why = CallEnd::Lost;
                live.lock().trouble = Some(format!("The recording breaks off: {reason}."));
                break;
            }
        }
        if *over.borrow() {
            break;
        }
    }
    drop(waiting);
    // It ends with the channel.
    let _ = decoding.await;
    listening.end(why).await;
}

/// Plays the customer's side of a call, as mu-law WAV. A part of it is given where `range` asks for one.
#[utoipa::path(get, path = "/v1/calls/{call}/recording", tag = "calls",
    params(("call" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, description = "the recording", content_type = "audio/wav", body = String),
        (status = 206, description = "a part of it", content_type = "audio/wav", body = String),
        (status = 404, body = ErrorBody), (status = 416, body = ErrorBody)))]
async fn play(
    State(app): State<Shared>,
    _auth: Auth<AtDesk>,
    Path(call): Path<String>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let call: InteractionId = fields::id("call", &call)?;
    let (entry, _) = view::one(&app, call).await?;
    let audio = entry
        .audio_bytes
        .ok_or_else(|| ApiError::not_found("recording"))?;
    let whole = HEADER_BYTES + audio;
    let range = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok());
    let asked = range.map(|range| span(range, whole));
    let (from, to) = match asked {
        None => (0, whole),
        Some(Some(span)) => span,
        Some(None) => {
            let mut refused = ApiError::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "bad_range",
                "expected a range of bytes within the recording",
            );
            refused.more.insert("bytes".into(), whole.into());
            return Err(refused);
        }
    };
    let mut response = Response::new(Body::from_stream(pieces(app, call, audio, from, to)));
    if asked.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let text = format!("bytes {from}-{}/{whole}", to - 1);
        if let Ok(value) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
    }
    let fixed = response.headers_mut();
    fixed.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    fixed.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    fixed.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
    Ok(response)
}

/// Bytes `from` up to and without `to` of the file, a part at a time.
fn pieces(
    app: Shared,
    call: InteractionId,
    audio: u64,
    from: u64,
    to: u64,
) -> impl futures_util::Stream<Item = std::io::Result<Bytes>> {
    stream::unfold((app, from), move |(app, at)| async move {
        if at >= to {
            return None;
        }
        let piece = if at < HEADER_BYTES {
            let end = to.min(HEADER_BYTES);
            Ok(wav_header(audio)[at as usize..end as usize].to_vec())
        } else {
            part(&app, call, at - HEADER_BYTES, to - HEADER_BYTES).await
        };
        match piece {
            Ok(piece) => {
                let next = at + piece.len() as u64;
                Some((Ok(Bytes::from(piece)), (app, next)))
            }
            Err(error) => Some((Err(error), (app, to))),
        }
    })
}

/// What one part holds of the audio's bytes from `from` up to and without `to`.
async fn part(app: &App, call: InteractionId, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let place = (from / PART_BYTES) as u32;
    let found = app
        .store(move |store| store.call_parts(call, CallPartKind::Audio, place..place + 1))
        .await;
    let gone = || std::io::Error::other("a part of the recording is gone");
    let part = found.ok().flatten().ok_or_else(gone)?;
    let begins = u64::from(place) * PART_BYTES;
    let end = ((to - begins) as usize).min(part.len());
    let start = (from - begins) as usize;
    part.get(start..end)
        .filter(|piece| !piece.is_empty())
        .map(<[u8]>::to_vec)
        .ok_or_else(gone)
}

/// The header of a mu-law WAV file (RIFF, `fmt ` with an empty extension, `fact`, `data`).
fn wav_header(audio: u64) -> Vec<u8> {
    let audio = u32::try_from(audio).unwrap_or(u32::MAX - 64);
    let rate = AUDIO_BYTES_PER_SECOND as u32;
    let mut header = b"RIFF".to_vec();
    header.extend((audio + HEADER_BYTES as u32 - 8).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(18u32.to_le_bytes());
    header.extend(7u16.to_le_bytes());
    header.extend(1u16.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend(rate.to_le_bytes());
    header.extend(1u16.to_le_bytes());
    header.extend(8u16.to_le_bytes());
    header.extend(0u16.to_le_bytes());
    header.extend(b"fact");
    header.extend(4u32.to_le_bytes());
    header.extend(audio.to_le_bytes());
    header.extend(b"data");
    header.extend(audio.to_le_bytes());
    header
}

/// The bytes that a `range` header asks for, the first and the one after the last; `None` when they are not there.
fn span(range: &str, whole: u64) -> Option<(u64, u64)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from.trim(), to.trim()) {
        ("", last) => (whole.saturating_sub(last.parse().ok()?), whole),
        (first, "") => (first.parse().ok()?, whole),
        (first, last) => (
            first.parse().ok()?,
            last.parse::<u64>().ok()?.saturating_add(1).min(whole),
        ),
    };
    (from < to).then_some((from, to))
}

/// Forgets the kept audio of a call.
#[utoipa::path(delete, path = "/v1/calls/{call}/recording", tag = "calls",
    params(("call" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn forget(
    State(app): State<Shared>,
    _auth: Auth<Supervises>,
    Path(call): Path<String>,
) -> ApiResult<StatusCode> {
    let call: InteractionId = fields::id("call", &call)?;
    let forgotten = app
        .store(move |store| store.forget_call_audio(call))
        .await?;
    if !forgotten {
        return Err(ApiError::not_found("recording"));
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_players_ask_for_them() {
        for (range, expected) in [
            ("bytes=0-", Some((0, 100))),
            ("bytes=0-9", Some((0, 10))),
            ("bytes=90-500", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=100-", None),
            ("bytes=20-10", None),
            ("bytes=x-", None),
            ("lines=0-1", None),
            ("", None),
        ] {
            assert_eq!(span(range, 100), expected, "{range}");
        }
    }

    #[test]
    fn the_header_is_as_long_as_it_says() {
        assert_eq!(wav_header(8_000).len() as u64, HEADER_BYTES);
    }
}
