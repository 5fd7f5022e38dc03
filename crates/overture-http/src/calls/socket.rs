//! Carries the audio of one call from a socket to whoever listens.

use std::{sync::Arc, time::Duration};

use axum::extract::{
    WebSocketUpgrade,
    ws::{Message, WebSocket, close_code},
};
use overture_engine::{
    contact::call::not_analysed,
    model::{CallEnd, CallVia, Millis, Timestamp},
    understand::voice::{AudioDecoder, CallAnalyzer, Party, SAMPLES_PER_SECOND, Sounded},
};
use serde_json::json;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{MissedTickBehavior, interval},
};

use super::{
    begin::{self, Begun},
    listen::Listening,
    live::LiveCall,
    wire::{AudioEvent, AudioWire, Stretch},
};
use crate::{
    app::Shared,
    error::{ApiError, ApiResult},
    widget::socket::{close, send, stopped},
};

/// The largest message, bytes: two seconds of what comes fastest, 48 kHz in 16 bits.
const MESSAGE_BYTES_MAX: usize = 192 << 10;
/// How long a socket may be open before it says which call it carries.
const BEGIN_WITHIN: Millis = Millis::from_secs(10);
/// How long no audio may come.
const SILENT_MAX: Millis = Millis::from_secs(60);
/// The longest call.
const CALL_MAX: Millis = Millis::from_secs(4 * 3_600);
/// Messages that cannot be understood before the socket is closed.
const WRONG_MAX: u32 = 50;
/// How often what time alone brings is looked at.
const TICK: Duration = Duration::from_millis(200);
/// Audio that was lost is taken as silence, up to so much at a time.
const LOST_MS_MAX: u64 = 30_000;
/// How much sooner than expected a frame may be without being one that came before, ms.
const EARLY_MS: u64 = 40;
/// Seconds of audio ahead of the clock that are taken at once; more is refused, lest memory fills.
const AHEAD_MAX: Millis = Millis::from_secs(30);

/// A socket of the size that audio needs.
pub(super) fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
}

/// Room for one more socket whose call is not known yet.
pub(super) fn admit(app: &Shared) -> ApiResult<OwnedSemaphorePermit> {
    let room = Arc::clone(&app.calls.waiting);
    room.try_acquire_owned().map_err(|_| ApiError {
        retry_after_s: Some(5),
        ..ApiError::new(
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            "too_many_sockets",
            "too many sockets wait to say which call they carry",
        )
    })
}

/// A call that is carried.
struct Carried {
    listening: Option<Listening>,
    live: Arc<LiveCall>,
    decoders: [Option<Box<dyn AudioDecoder>>; 2],
    begun_at: Timestamp,
    heard_at: Timestamp,
    samples: Vec<f32>,
}

/// Carries a call until it is over. `known` is the call where the address names it; otherwise the first messages do.
pub(super) async fn carry(
    app: Shared,
    mut socket: WebSocket,
    mut wire: Box<dyn AudioWire>,
    via: CallVia,
    known: Option<Begun>,
    permit: OwnedSemaphorePermit,
) {
    metrics::gauge!("overture_call_sockets").increment(1.0);
    let code = follow(&app, &mut socket, &mut *wire, via, known, permit).await;
    close(&mut socket, code).await;
    metrics::gauge!("overture_call_sockets").decrement(1.0);
}

async fn follow(
    app: &Shared,
    socket: &mut WebSocket,
    wire: &mut dyn AudioWire,
    via: CallVia,
    known: Option<Begun>,
    permit: OwnedSemaphorePermit,
) -> u16 {
    let mut permit = Some(permit);
    let opened = app.now();
    let mut wrong = 0;
    let mut carried = None;
    if let Some(begun) = known {
        match Carried::start(app, begun).await {
            Some(one) => carried = Some(one),
            None => return refuse(socket, "the call is carried already, or too many are").await,
        }
        permit = None;
    }
    let mut over = carried.as_ref().map(|one: &Carried| one.live.over());
    let mut stopping = app.stopping.clone();
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (why, code) = loop {
        tokio::select! {
            message = socket.recv() => {
                let message = match message {
                    Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => message,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break (CallEnd::Lost, close_code::NORMAL),
                    Some(Ok(_)) => continue,
                };
                match wire.read(&message) {
                    Ok(AudioEvent::Nothing) => {}
                    Ok(AudioEvent::Stop) => break (CallEnd::HungUp, close_code::NORMAL),
                    Ok(AudioEvent::Begin(begin)) if carried.is_none() => {
                        let begun = match begin::tell(app, via, &begin).await {
                            Ok(begun) => begun,
                            Err(error) => return refuse(socket, &error.message).await,
                        };
                        let Some(one) = Carried::start(app, begun).await else {
                            return refuse(socket, "the call is carried already, or too many are").await;
                        };
                        over = Some(one.live.over());
                        carried = Some(one);
                        permit = None;
                    }
                    Ok(AudioEvent::Begin(_)) => wrong += 1,
                    Ok(AudioEvent::Audio(stretches)) => {
                        let Some(one) = &mut carried else {
                            wrong += 1;
                            continue;
                        };
                        if let Some(listening) = &mut one.listening {
                            listening.ask_permission().await;
                        }
                        let mut told = Vec::new();
                        if let Err(error) = one.hear(app, wire, &stretches, &mut told) {
                            let _ = send(socket, json!({"error": error}).to_string()).await;
                            break (CallEnd::Lost, close_code::POLICY);
                        }
                        if wire.tells() {
                            for sounded in told {
                                if send(socket, tell(&sounded)).await.is_break() {
                                    break;
                                }
                            }
                        }
                    }
                    Err(error) => {
                        wrong += 1;
                        metrics::counter!("overture_call_frames_wrong_total").increment(1);
                        if wire.tells() {
                            let _ = send(socket, json!({"error": error}).to_string()).await;
                        }
                    }
                }
                if wrong > WRONG_MAX {
                    break (CallEnd::Lost, close_code::POLICY);
                }
            }
            _ = tick.tick() => match &mut carried {
                None if app.now().since(opened) > BEGIN_WITHIN => break (CallEnd::Lost, close_code::POLICY),
                None => {}
                Some(one) => {
                    if let Some(listening) = &mut one.listening {
                        listening.tick().await;
                    }
                    if app.now().since(one.heard_at) > SILENT_MAX || app.now().since(one.begun_at) > CALL_MAX {
                        break (CallEnd::Lost, close_code::POLICY);
                    }
                }
            },
            () = ended(&mut over) => break (CallEnd::HungUp, close_code::NORMAL),
            () = stopped(&mut stopping) => break (CallEnd::Lost, close_code::RESTART),
        }
    };
    drop(permit);
    if let Some(one) = carried
        && let Some(listening) = one.listening
    {
        listening.end(why).await;
    }
    code
}

/// Resolves when somebody ends the call from elsewhere.
async fn ended(over: &mut Option<tokio::sync::watch::Receiver<bool>>) {
    let is_over = match over {
        Some(over) => over.wait_for(|over| *over).await.is_ok(),
        None => false,
    };
    if !is_over {
        std::future::pending().await
    }
}

async fn refuse(socket: &mut WebSocket, why: &str) -> u16 {
    let _ = send(socket, json!({"error": why}).to_string()).await;
    close_code::POLICY
}

/// A reading, for whoever sends the audio.
fn tell(sounded: &Sounded) -> String {
    let score = &sounded.score;
    json!({"heard": {
        "at_ms": sounded.at_ms, "spoken_ms": sounded.spoken_ms, "anger": score.anger, "sadness": score.sadness,
        "joy": score.joy, "neutral": score.neutral, "arousal": score.arousal, "quality": score.quality,
    }})
    .to_string()
}

impl Carried {
    async fn start(app: &Shared, begun: Begun) -> Option<Self> {
        let place = app.calls.enter(begun.call, begun.not_analysed.is_none())?;
        let live = Arc::clone(&place.live);
        Some(Self {
            listening: Listening::start(app, place, begun).await,
            live,
            decoders: [None, None],
            begun_at: app.now(),
            heard_at: app.now(),
            samples: Vec::new(),
        })
    }

    fn hear(
        &mut self,
        app: &Shared,
        wire: &dyn AudioWire,
        stretches: &[Stretch],
        told: &mut Vec<Sounded>,
    ) -> Result<(), String> {
        self.heard_at = app.now();
        let (Some(listening), Some(analyzer)) = (&mut self.listening, &app.call_parts.analyzer)
        else {
            return Ok(());
        };
        for stretch in stretches {
            let party = stretch.party;
            let now_ms = listening.at_ms(party);
            if let Some(at_ms) = stretch.at_ms {
                // What was there before came twice, or late: the place it had is silence by now.
                if at_ms + EARLY_MS < now_ms {
                    continue;
                }
                let lost = at_ms.saturating_sub(now_ms + EARLY_MS).min(LOST_MS_MAX);
                if lost > 0 {
                    let silence = vec![0.0; lost as usize * SAMPLES_PER_SECOND / 1_000];
                    listening.hear(party, &silence, &mut |one| told.push(*one));
                }
            }
            let spoken_in = self.heard_at.since(self.begun_at).0;
            if now_ms.saturating_sub(spoken_in) > AHEAD_MAX.0 {
                return Err("audio comes faster than it is spoken".to_owned());
            }
            let decoder = decoder(&mut self.decoders[party as usize], &**analyzer, wire)?;
            self.samples.clear();
            decoder.decode(&stretch.bytes, &mut self.samples);
            listening.hear(party, &self.samples, &mut |one| told.push(*one));
        }
        Ok(())
    }
}

fn decoder<'a>(
    slot: &'a mut Option<Box<dyn AudioDecoder>>,
    analyzer: &dyn CallAnalyzer,
    wire: &dyn AudioWire,
) -> Result<&'a mut Box<dyn AudioDecoder>, String> {
    if slot.is_none() {
        let (encoding, rate) = wire.format();
        *slot = Some(analyzer.decoder(encoding, rate)?);
    }
    slot.as_mut().ok_or_else(|| "no decoder".to_owned())
}

/// The parties in the order of a stream's channels.
pub(super) const PARTIES: [Party; 2] = [Party::Customer, Party::Agent];

/// The call that the address names.
pub(super) async fn known(app: &Shared, call: &str) -> ApiResult<Begun> {
    let (customer, call) = begin::find(app, call).await?;
    let view = app.core.peek(customer).await;
    let open = view.as_ref().and_then(|view| {
        let calls = &view.state.calls;
        calls.iter().find(|open| open.call == call)
    });
    let (Some(view), Some(open)) = (&view, open) else {
        return Err(ApiError::conflict("call_over", "the call is over"));
    };
    Ok(Begun {
        customer,
        call,
        not_analysed: not_analysed(&view.state, &open.began, &*app.policy().await?),
    })
}
