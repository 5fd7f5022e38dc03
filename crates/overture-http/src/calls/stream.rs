//! The plain socket: binary messages of samples, text for everything else.

use axum::{
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, rejection::WebSocketUpgradeRejection},
    },
    http::HeaderMap,
    response::Response,
};
use overture_engine::{
    model::CallVia,
    understand::voice::{AudioEncoding, Party},
};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    socket::{PARTIES, admit, carry, known, sized},
    wire::{AudioEvent, AudioWire, Stretch},
};
use crate::{
    app::Shared,
    auth::{Auth, Caller, Calls},
    client::PublicUrl,
    desk::same_origin,
    error::{ApiError, ApiResult, ErrorBody, Params},
    widget::socket::not_a_socket,
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(audio))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Coded {
    /// `mulaw`, `alaw` or `pcm16` (little endian); `pcm16` where it is not said.
    encoding: Option<String>,
    /// Samples a second, 4000 to 384000; 8000 where it is not said.
    rate: Option<u32>,
    /// 1: the customer alone. 2: customer and agent, a sample of each in turn. 1 where it is not said.
    channels: Option<usize>,
    /// With two channels, whose comes first: `customer` or `agent`; `customer` where it is not said.
    first: Option<String>,
}

/// Takes the audio of a call as it goes on: binary messages of samples, then `{"type":"stop"}`. Answers `{"heard":{..}}` after every
/// second of the customer's speech, and `{"error":".."}`.
#[utoipa::path(get, path = "/v1/calls/{call}/audio", tag = "calls",
    params(("call" = String, Path), Coded), security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 101, description = "the socket is open"), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn audio(
    State(app): State<Shared>,
    auth: Auth<Calls>,
    PublicUrl(url): PublicUrl,
    headers: HeaderMap,
    Path(call): Path<String>,
    Params(coded): Params<Coded>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    if matches!(auth.caller, Caller::Staff(_)) {
        same_origin(&url, &headers)?;
    }
    let wire = Plain::new(&app, &coded)?;
    let begun = known(&app, &call).await?;
    let permit = admit(&app)?;
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    Ok(sized(upgrade).on_upgrade(move |socket| {
        carry(
            app,
            socket,
            Box::new(wire),
            CallVia::Stream,
            Some(begun),
            permit,
        )
    }))
}

#[derive(Debug)]
struct Plain {
    encoding: AudioEncoding,
    rate: u32,
    parties: Vec<Party>,
    /// Bytes of a frame that is not whole yet.
    left: Vec<u8>,
}

impl Plain {
    fn new(app: &Shared, coded: &Coded) -> ApiResult<Self> {
        let encoding = AudioEncoding::named(coded.encoding.as_deref().unwrap_or("pcm16"))
            .ok_or_else(|| ApiError::bad_input("encoding", "expected mulaw, alaw or pcm16"))?;
        let rate = coded.rate.unwrap_or(8_000);
        if let Some(analyzer) = &app.call_parts.analyzer {
            let tried = analyzer.decoder(encoding, rate);
            tried.map_err(|why| ApiError::bad_input("rate", why))?;
        }
        let mut parties = match coded.channels.unwrap_or(1) {
            1 => vec![Party::Customer],
            2 => PARTIES.to_vec(),
            _ => return Err(ApiError::bad_input("channels", "expected 1 or 2")),
        };
        match coded.first.as_deref() {
            None | Some("customer") => {}
            Some("agent") if parties.len() == 2 => parties.reverse(),
            Some(_) => {
                return Err(ApiError::bad_input(
                    "first",
                    "expected customer, or agent where there are two channels",
                ));
            }
        }
        Ok(Self {
            encoding,
            rate,
            parties,
            left: Vec::new(),
        })
    }
}

#[derive(Deserialize)]
struct Said {
    r#type: String,
}

impl AudioWire for Plain {
    fn format(&self) -> (AudioEncoding, u32) {
        (self.encoding, self.rate)
    }

    fn read(&mut self, message: &Message) -> Result<AudioEvent, String> {
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(text) => {
                return match serde_json::from_str::<Said>(text) {
                    Ok(said) if said.r#type == "stop" => Ok(AudioEvent::Stop),
                    _ => Err("expected binary messages of samples, or {\"type\":\"stop\"}".into()),
                };
            }
            _ => return Ok(AudioEvent::Nothing),
        };
        let sample = self.encoding.bytes();
        let frame = sample * self.parties.len();
        self.left.extend_from_slice(bytes);
        let whole = self.left.len() / frame * frame;
        let stretches = self
            .parties
            .iter()
            .enumerate()
            .map(|(place, party)| Stretch {
                party: *party,
                at_ms: None,
                bytes: self.left[..whole]
                    .chunks_exact(frame)
                    .flat_map(|frame| &frame[place * sample..(place + 1) * sample])
                    .copied()
                    .collect(),
            });
        let stretches = stretches.collect();
        self.left.drain(..whole);
        Ok(AudioEvent::Audio(stretches))
    }

    fn tells(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_byte_is_heard_once_by_its_party(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..20), both: bool,
        ) {
            let mut wire = Plain {
                encoding: AudioEncoding::Pcm16,
                rate: 8_000,
                parties: PARTIES[..1 + usize::from(both)].to_vec(),
                left: Vec::new(),
            };
            let sent: usize = messages.iter().map(Vec::len).sum();
            let mut heard = 0;
            for message in messages {
                if let Ok(AudioEvent::Audio(stretches)) = wire.read(&Message::Binary(message.into())) {
                    heard += stretches.iter().map(|one| one.bytes.len()).sum::<usize>();
                }
            }
            prop_assert_eq!(heard + wire.left.len(), sent);
            prop_assert!(wire.left.len() < 4);
        }
    }

    #[test]
    fn samples_of_two_parties_are_told_apart_wherever_the_messages_are_cut() {
        let mut wire = Plain {
            encoding: AudioEncoding::Pcm16,
            rate: 8_000,
            parties: PARTIES.to_vec(),
            left: Vec::new(),
        };
        let sent: Vec<u8> = (0..24).collect();
        let mut heard = [Vec::new(), Vec::new()];
        for piece in sent.chunks(5) {
            let message = Message::Binary(piece.to_vec().into());
            let AudioEvent::Audio(stretches) = wire.read(&message).unwrap() else {
                panic!("expected audio");
            };
            for one in stretches {
                heard[one.party as usize].extend(one.bytes);
            }
        }
        assert_eq!(heard[0], [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21]);
        assert_eq!(heard[1], [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23]);
    }

    #[test]
    fn text_is_a_stop_or_a_mistake() {
        let mut wire = Plain {
            encoding: AudioEncoding::MuLaw,
            rate: 8_000,
            parties: vec![Party::Customer],
            left: Vec::new(),
        };
        let stop = Message::Text(r#"{"type":"stop"}"#.into());
        assert_eq!(wire.read(&stop), Ok(AudioEvent::Stop));
        for text in ["", "stop", r#"{"type":"go"}"#, r#"{"type":1}"#] {
            assert!(wire.read(&Message::Text(text.into())).is_err(), "{text}");
        }
    }
}
