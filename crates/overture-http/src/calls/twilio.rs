//! Twilio: a voice webhook that has a call's audio streamed here, and Media Streams.

use std::collections::BTreeMap;

use axum::{
    extract::{
        OriginalUri, State, WebSocketUpgrade,
        ws::{Message, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use overture_engine::{
    model::CallVia,
    understand::voice::{AudioEncoding, Party},
};
use serde::Deserialize;
use serde_json::Value;
use sha1::Sha1;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    begin::Begin,
    socket::{admit, carry, sized},
    wire::{AudioEvent, AudioWire, Stretch},
};
use crate::{
    app::Shared,
    client::PublicUrl,
    error::{ApiError, ApiResult, ErrorBody},
    identifiers,
    widget::socket::not_a_socket,
};

/// The header that Twilio signs with.
const SIGNATURE: &str = "x-twilio-signature";
/// What callers hear where the webhook's address gives no other words.
const NOTICE: &str = "To help you better, this call may be analysed by software.";

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(media))
        .routes(routes!(voice))
}

/// Takes Twilio's Media Streams. The caller is known by the stream's parameters `from`, `email`, `user_id` or `customer`; it is
/// listened to only with the parameter `disclosed` = `true`, or after `POST /v1/calls/{call}/disclosed`.
#[utoipa::path(get, path = "/twilio/media", tag = "calls",
    responses((status = 101, description = "the socket is open"), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn media(
    State(app): State<Shared>,
    PublicUrl(url): PublicUrl,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let address = format!("{}{path}", url.replacen("http", "ws", 1));
    let web = format!("{url}{path}");
    // Twilio signs the address that it was told to connect to; both ways of writing it are its own.
    let signed = [&address, &web].into_iter().any(|address| {
        let with_slash = format!("{address}/");
        is_signed(&app, &headers, address, "") || is_signed(&app, &headers, &with_slash, "")
    });
    set_up(&app)?;
    if !signed {
        return Err(not_signed());
    }
    let permit = admit(&app)?;
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    let wire = Box::<Media>::default();
    Ok(sized(upgrade)
        .on_upgrade(move |socket| carry(app, socket, wire, CallVia::Twilio, None, permit)))
}

/// Answers a call to a number of Twilio's: says that it may be analysed, has both sides streamed here, and connects the caller to
/// the number in the address's `dial`. `notice` gives other words; `notice=none` says nothing, and then nothing is listened to until
/// `POST /v1/calls/{call}/disclosed`.
#[utoipa::path(post, path = "/twilio/voice", tag = "calls",
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "Twilio's form"),
    responses((status = 200, description = "TwiML", content_type = "text/xml", body = String),
        (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn voice(
    State(app): State<Shared>,
    PublicUrl(url): PublicUrl,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<Response> {
    set_up(&app)?;
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let form = pairs(&String::from_utf8_lossy(&body));
    let joined: String = form
        .iter()
        .map(|(name, value)| format!("{name}{value}"))
        .collect();
    if !is_signed(&app, &headers, &format!("{url}{path}"), &joined) {
        return Err(not_signed());
    }
    let query = pairs(uri.query().unwrap_or_default());
    let dial = query
        .get("dial")
        .map(|number| {
            // A plus in an address is a space unless it is escaped.
            let number = number.trim();
            let number = match number.starts_with(|letter: char| letter.is_ascii_digit()) {
                true => format!("+{number}"),
                false => number.to_owned(),
            };
            identifiers::phone(&number).ok_or_else(|| {
                let expected = "expected a number with its country code, such as %2B442079460018";
                ApiError::bad_input("dial", expected)
            })
        })
        .transpose()?;
    let notice = query.get("notice").map_or(NOTICE, String::as_str);
    let answer = twiml(&url, &form, notice, dial.as_deref());
    Ok(([(header::CONTENT_TYPE, "text/xml")], answer).into_response())
}

/// The answer to a call. The caller hears the notice before anything is streamed.
fn twiml(url: &str, form: &BTreeMap<String, String>, notice: &str, dial: Option<&str>) -> String {
    let given = |name: &str| form.get(name).map_or("", String::as_str);
    let direction = match given("Direction").starts_with("outbound") {
        true => "outbound",
        false => "inbound",
    };
    // Of a call that we made the customer is at the other end.
    let customer = if direction == "outbound" {
        "To"
    } else {
        "From"
    };
    let is_told = notice != "none" && !notice.is_empty();
    let say = match is_told {
        true => format!("<Say>{}</Say>", escaped(notice)),
        false => String::new(),
    };
    let parameter = |name: &str, value: &str| {
        format!("<Parameter name=\"{name}\" value=\"{}\"/>", escaped(value))
    };
    let parameters = [
        parameter("from", given(customer)),
        parameter("direction", direction),
        parameter("disclosed", if is_told { "true" } else { "false" }),
    ]
    .concat();
    let media = escaped(&format!("{}/twilio/media", url.replacen("http", "ws", 1)));
    let dial = match dial {
        Some(number) => format!("<Dial>{number}</Dial>"),
        // Without anybody to talk to, the call stays for whatever else handles it.
        None => "<Pause length=\"3600\"/>".to_owned(),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{say}<Start>\
         <Stream url=\"{media}\" track=\"both_tracks\">{parameters}</Stream></Start>{dial}</Response>"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// The pairs of a form or query, by name.
fn pairs(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

fn set_up(app: &Shared) -> ApiResult<()> {
    match app.call_parts.twilio_token {
        Some(_) => Ok(()),
        None => Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "twilio_not_set_up",
            "twilio's secret is not set: see [twilio] in the configuration",
        )),
    }
}

fn not_signed() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "bad_signature",
        "x-twilio-signature does not fit; it is made for public_url",
    )
}

/// Whether Twilio's signature fits: base64 of HMAC-SHA1 of the address and the form's pairs, sorted.
fn is_signed(app: &Shared, headers: &HeaderMap, address: &str, joined: &str) -> bool {
    let token = app.call_parts.twilio_token.as_deref();
    let given = headers
        .get(SIGNATURE)
        .and_then(|value| STANDARD.decode(value.as_bytes()).ok());
    let (Some(token), Some(given)) = (token, given) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        return false;
    };
    mac.update(address.as_bytes());
    mac.update(joined.as_bytes());
    mac.verify_slice(&given).is_ok()
}

/// One stream of Twilio's.
#[derive(Debug, Default)]
struct Media {
    stream: String,
}

#[derive(Deserialize)]
struct Frame {
    event: String,
    #[serde(rename = "streamSid", default)]
    stream: String,
    #[serde(default)]
    start: Option<Start>,
    #[serde(default)]
    media: Option<Payload>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    #[serde(default)]
    call_sid: String,
    #[serde(default)]
    custom_parameters: BTreeMap<String, Value>,
    #[serde(default)]
    media_format: Option<MediaFormat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MediaFormat {
    encoding: String,
    sample_rate: u32,
}

#[derive(Deserialize)]
struct Payload {
    track: String,
    /// Numbers come as texts.
    #[serde(default)]
    timestamp: Value,
    payload: String,
}

impl AudioWire for Media {
    fn format(&self) -> (AudioEncoding, u32) {
        (AudioEncoding::MuLaw, 8_000)
    }

    fn read(&mut self, message: &Message) -> Result<AudioEvent, String> {
        let Message::Text(text) = message else {
            return Err("expected text messages of JSON".into());
        };
        let frame: Frame = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match frame.event.as_str() {
            "start" => {
                let start = frame.start.ok_or("start: expected an object")?;
                if let Some(format) = &start.media_format
                    && (format.encoding != "audio/x-mulaw" || format.sample_rate != 8_000)
                {
                    return Err("start.mediaFormat: expected audio/x-mulaw at 8000".into());
                }
                if start.call_sid.is_empty() {
                    return Err("start.callSid: expected the call's id".into());
                }
                self.stream = frame.stream;
                Ok(AudioEvent::Begin(Box::new(begin(&start))))
            }
            "media" => {
                let media = frame.media.ok_or("media: expected an object")?;
                if frame.stream != self.stream {
                    return Err("streamSid: expected the one that was started".into());
                }
                let party = match media.track.as_str() {
                    "inbound" => Party::Customer,
                    "outbound" => Party::Agent,
                    _ => return Err("media.track: expected inbound or outbound".into()),
                };
                let bytes = STANDARD
                    .decode(&media.payload)
                    .map_err(|_| "media.payload: expected base64")?;
                let at_ms = match &media.timestamp {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_u64(),
                };
                Ok(AudioEvent::Audio(vec![Stretch {
                    party,
                    at_ms,
                    bytes,
                }]))
            }
            "stop" => Ok(AudioEvent::Stop),
            // connected, dtmf, mark, and what may come later.
            _ => Ok(AudioEvent::Nothing),
        }
    }

    fn tells(&self) -> bool {
        false
    }
}

fn begin(start: &Start) -> Begin {
    let given = |name: &str| {
        let value = start.custom_parameters.get(name)?;
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (!text.trim().is_empty()).then_some(text)
    };
    let is_true = |name: &str| given(name).is_some_and(|text| text == "true");
    // A caller who hides their number is somebody unknown, not a mistake.
    let phone = given("from").or_else(|| given("phone"));
    Begin {
        external_id: start.call_sid.clone(),
        via: None,
        customer: given("customer"),
        phone: phone.and_then(|number| identifiers::phone(&number)),
        email: given("email"),
        user_id: given("user_id"),
        direction: given("direction"),
        disclosed: is_true("disclosed"),
        agent: given("agent"),
        synthetic: is_true("synthetic"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_comes_breaks_it(text in ".{0,400}", cut in 0usize..400, at in 0usize..400, byte: u8) {
            let mut wire = Media::default();
            let _ = read(&mut wire, &text);
            // A real message, cut off and damaged.
            let media = r#"{"event":"media","sequenceNumber":"4","streamSid":"","media":{"track":"inbound","chunk":"2","timestamp":"99999999999999999999","payload":"AAEC"}}"#;
            let mut bytes = media.as_bytes()[..cut.min(media.len())].to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            let _ = read(&mut wire, &String::from_utf8_lossy(&bytes));
            let _ = wire.read(&Message::Binary(bytes.into()));
            let _ = twiml("https://x", &pairs(&text), &text, None);
        }
    }

    fn read(wire: &mut Media, text: &str) -> Result<AudioEvent, String> {
        wire.read(&Message::Text(text.into()))
    }

    #[test]
    fn a_stream_begins_speaks_and_stops() {
        let mut wire = Media::default();
        let connected = r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#;
        assert_eq!(read(&mut wire, connected), Ok(AudioEvent::Nothing));
        let start = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC1",
            "callSid":"CA7","tracks":["inbound","outbound"],"customParameters":{"from":"+44 20 7946 0018","disclosed":"true"},
            "mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}"#;
        let Ok(AudioEvent::Begin(begin)) = read(&mut wire, start) else {
            panic!("expected a beginning");
        };
        assert_eq!(begin.external_id, "CA7");
        assert_eq!(begin.phone.as_deref(), Some("+442079460018"));
        assert!(begin.disclosed);
        let media = r#"{"event":"media","sequenceNumber":"4","streamSid":"MZ1","media":{"track":"outbound","chunk":"2","timestamp":"25","payload":"AAEC"}}"#;
        let expected = Stretch {
            party: Party::Agent,
            at_ms: Some(25),
            bytes: vec![0, 1, 2],
        };
        assert_eq!(
            read(&mut wire, media),
            Ok(AudioEvent::Audio(vec![expected]))
        );
        let stop = r#"{"event":"stop","streamSid":"MZ1","stop":{"callSid":"CA7"}}"#;
        assert_eq!(read(&mut wire, stop), Ok(AudioEvent::Stop));
    }

    #[test]
    fn what_cannot_be_understood_says_what_was_expected() {
        for (text, expected) in [
            ("", "EOF"),
            ("[]", "expected struct"),
            (r#"{"event":"start"}"#, "start: expected an object"),
            (r#"{"event":"start","start":{}}"#, "callSid"),
            (
                r#"{"event":"start","start":{"callSid":"CA1","mediaFormat":{"encoding":"audio/opus","sampleRate":48000}}}"#,
                "audio/x-mulaw",
            ),
            (
                r#"{"event":"media","media":{"track":"inbound","payload":"%%%"}}"#,
                "base64",
            ),
            (
                r#"{"event":"media","media":{"track":"both","payload":""}}"#,
                "track",
            ),
            (
                r#"{"event":"media","streamSid":"MZ9","media":{"track":"inbound","payload":""}}"#,
                "streamSid",
            ),
        ] {
            let error = read(&mut Media::default(), text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn callers_hear_the_notice_before_anything_is_streamed() {
        let form = pairs("From=%2B442079460018&To=%2B12025550123&Direction=inbound");
        let answer = twiml(
            "https://help.example",
            &form,
            "Quality & care",
            Some("+4930123456"),
        );
        let (say, stream) = (
            answer.find("<Say>").unwrap(),
            answer.find("<Stream").unwrap(),
        );
        assert!(say < stream, "{answer}");
        for part in [
            "Quality &amp; care",
            "wss://help.example/twilio/media",
            r#"name="from" value="+442079460018""#,
            r#"name="disclosed" value="true""#,
            "<Dial>+4930123456</Dial>",
        ] {
            assert!(answer.contains(part), "{part}: {answer}");
        }
        let silent = twiml("http://localhost:1", &form, "none", None);
        assert!(
            silent.contains(r#"name="disclosed" value="false""#),
            "{silent}"
        );
        assert!(!silent.contains("<Say>"), "{silent}");
    }
}
