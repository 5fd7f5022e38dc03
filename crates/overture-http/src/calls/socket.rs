//! Carries the audio of one call from a socket to whoever listens.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::extract::{
    WebSocketUpgrade,
    ws::{Message, WebSocket, close_code},
};
use overture_engine::{
    contact::call::not_analysed,
    model::{CallEnd, CallFact, CallVia, Millis, Timestamp},
    understand::voice::{AudioDecoder, CallAnalyzer, Party, SAMPLES_PER_SECOND, Sounded},
};
use serde_json::json;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    begin::{self, Begun},
    listen::Listening,
    scribe,
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

/// How a call's line ends: why the call does, and the socket's close code.
type End = (CallEnd, u16);

/// A socket that carries a call, or is about to.
struct Line<'a> {
    app: &'a Shared,
    socket: &'a mut WebSocket,
    wire: Box<dyn AudioWire>,
    via: CallVia,
    /// Held until it is known which call it carries.
    permit: Option<OwnedSemaphorePermit>,
    opened: Timestamp,
    wrong: u32,
    carried: Option<Carried>,
}

/// A call that is carried.
struct Carried {
    begun: Begun,
    listening: Option<Listening>,
    over: watch::Receiver<bool>,
    decoders: [Option<Box<dyn AudioDecoder>>; 2],
    begun_at: Timestamp,
    heard_at: Timestamp,
    samples: Vec<f32>,
}

/// Carries a call until it is over. `known` is the call where the address names it; otherwise the first messages do.
pub(super) async fn carry(
    app: Shared,
    mut socket: WebSocket,
    wire: Box<dyn AudioWire>,
    via: CallVia,
    known: Option<Begun>,
    permit: OwnedSemaphorePermit,
) {
    metrics::gauge!("overture_call_sockets").increment(1.0);
    let mut line = Line {
        app: &app,
        socket: &mut socket,
        wire,
        via,
        permit: Some(permit),
        opened: app.now(),
        wrong: 0,
        carried: None,
    };
    let begun = match known {
        Some(begun) => line.begin(begun).await,
        None => ControlFlow::Continue(()),
    };
    let (why, code) = match begun {
        ControlFlow::Continue(()) => line.follow().await,
        ControlFlow::Break(end) => end,
    };
    if let Some(carried) = line.carried.take() {
        carried.end(&app, why).await;
    }
    close(&mut socket, code).await;
    metrics::gauge!("overture_call_sockets").decrement(1.0);
}

impl Line<'_> {
    /// Carries until there is an end.
    async fn follow(&mut self) -> End {
        let mut stopping = self.app.stopping.clone();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let over = self.carried.as_mut().map(|one| &mut one.over);
            let flow = tokio::select! {
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.take(message).await,
                    Some(Err(_)) | None => ControlFlow::Break((CallEnd::Lost, close_code::NORMAL)),
                },
                _ = tick.tick() => self.tick().await,
                () = ended(over) => ControlFlow::Break((CallEnd::HungUp, close_code::NORMAL)),
                () = stopped(&mut stopping) => ControlFlow::Break((CallEnd::Lost, close_code::RESTART)),
            };
            if let ControlFlow::Break(end) = flow {
                return end;
            }
        }
    }

    /// Takes one message.
    async fn take(&mut self, message: Message) -> ControlFlow<End> {
        match message {
            Message::Text(_) | Message::Binary(_) => {}
            Message::Close(_) => return ControlFlow::Break((CallEnd::Lost, close_code::NORMAL)),
            Message::Ping(_) | Message::Pong(_) => return ControlFlow::Continue(()),
        }
        match self.wire.read(&message) {
            Ok(AudioEvent::Nothing) => {}
            Ok(AudioEvent::Stop) => {
                return ControlFlow::Break((CallEnd::HungUp, close_code::NORMAL));
            }
            Ok(AudioEvent::Begin(begin)) if self.carried.is_none() => {
                match begin::tell(self.app, self.via, &begin).await {
                    Ok(begun) => self.begin(begun).await?,
                    Err(error) => return self.refuse(&error.message).await,
                }
            }
            Ok(AudioEvent::Audio(stretches)) if self.carried.is_some() => {
                self.hear(&stretches).await?;
            }
            // Begun twice, or audio of no call.
            Ok(AudioEvent::Begin(_) | AudioEvent::Audio(_)) => self.wrong += 1,
            Err(error) => {
                self.wrong += 1;
                metrics::counter!("overture_call_frames_wrong_total").increment(1);
                if self.wire.tells() {
                    let _ = send(self.socket, json!({"error": error}).to_string()).await;
                }
            }
        }
        if self.wrong > WRONG_MAX {
            return ControlFlow::Break((CallEnd::Lost, close_code::POLICY));
        }
        ControlFlow::Continue(())
    }

    /// The call is known from now on.
    async fn begin(&mut self, begun: Begun) -> ControlFlow<End> {
        match Carried::start(self.app, begun).await {
            Some(carried) => {
                self.carried = Some(carried);
                self.permit = None;
                ControlFlow::Continue(())
            }
            None => {
                let why = "the call is carried already, or too many are";
                self.refuse(why).await
            }
        }
    }

    async fn refuse(&mut self, why: &str) -> ControlFlow<End> {
        let _ = send(self.socket, json!({"error": why}).to_string()).await;
        ControlFlow::Break((CallEnd::Lost, close_code::POLICY))
    }

    async fn hear(&mut self, stretches: &[Stretch]) -> ControlFlow<End> {
        let Some(carried) = &mut self.carried else {
            return ControlFlow::Continue(());
        };
        if let Some(listening) = &mut carried.listening {
            listening.ask_permission().await;
        }
        let mut told = Vec::new();
        if let Err(error) = carried.hear(self.app, &*self.wire, stretches, &mut told) {
            return self.refuse(&error).await;
        }
        if self.wire.tells() {
            for sounded in &told {
                if send(self.socket, tell(sounded)).await.is_break() {
                    return ControlFlow::Break((CallEnd::Lost, close_code::POLICY));
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Does what time alone brings.
    async fn tick(&mut self) -> ControlFlow<End> {
        let now = self.app.now();
        let is_late = match &mut self.carried {
            None => now.since(self.opened) > BEGIN_WITHIN,
            Some(one) => {
                if let Some(listening) = &mut one.listening {
                    listening.tick().await;
                }
                now.since(one.heard_at) > SILENT_MAX || now.since(one.begun_at) > CALL_MAX
            }
        };
        if is_late {
            return ControlFlow::Break((CallEnd::Lost, close_code::POLICY));
        }
        ControlFlow::Continue(())
    }
}

/// Resolves when somebody ends the call from elsewhere.
async fn ended(over: Option<&mut watch::Receiver<bool>>) {
    let is_over = match over {
        Some(over) => over.wait_for(|over| *over).await.is_ok(),
        None => false,
    };
    if !is_over {
        std::future::pending().await
    }
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
        let over = place.live.over();
        Some(Self {
            begun,
            listening: Listening::start(app, place, begun).await,
            over,
            decoders: [None, None],
            begun_at: app.now(),
            heard_at: app.now(),
            samples: Vec::new(),
        })
    }

    /// The call is over; where nothing listens to it, it is only said so.
    async fn end(self, app: &Shared, why: CallEnd) {
        match self.listening {
            Some(listening) => listening.end(why).await,
            None => {
                let fact = CallFact::ended_unheard(self.begun.call, why);
                scribe::persist(app, self.begun.customer, fact).await;
            }
        }
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
