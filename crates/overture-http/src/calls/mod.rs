//! Phone calls: they begin, are listened to where they may be, and are looked at.
//!
//! In reading order: `begin` tells the engine that there is a call; `wire` is what every way for audio to come has in common,
//! `twilio` and `stream` are two of them, `socket` carries either; `recording` reads finished calls and plays what was kept;
//! `listen` turns samples into what is seen and, utterance by utterance (`cut`), into facts, which `scribe` writes;
//! `live` is what is seen of a call while it goes on; `view` and `pages` show it.

mod begin;
mod cut;
mod listen;
mod live;
mod pages;
mod recording;
mod scribe;
mod socket;
mod stream;
mod twilio;
mod view;
mod wire;

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use overture_engine::{
    model::Millis,
    understand::{transcribe::Transcriber, voice::CallAnalyzer},
};
use tokio::time::interval;
use utoipa_axum::router::OpenApiRouter;

use crate::app::{App, Shared};

pub(crate) use live::{LiveCall, LiveCalls, Seen};
pub(crate) use view::{changes, live_calls};

/// What calls are listened to with.
#[derive(Clone, Default)]
pub struct CallParts {
    /// What hears voices; without it calls are only listed.
    pub analyzer: Option<Arc<dyn CallAnalyzer>>,
    /// What turns speech into words; without it a call is known by its voice alone.
    pub transcriber: Option<Arc<dyn Transcriber>>,
    /// The secret that Twilio signs with; without it Twilio is refused.
    pub twilio_token: Option<String>,
}

/// How often old audio is looked for.
const FORGET_EVERY: Duration = Duration::from_secs(600);

/// Forgets what was kept of calls for longer than the policy says, until the server is gone.
pub(crate) async fn forget_old_audio(app: Weak<App>) {
    let mut tick = interval(FORGET_EVERY);
    loop {
        tick.tick().await;
        let Some(app) = app.upgrade() else { return };
        let Ok(policy) = app.policy().await else {
            continue;
        };
        let kept = Millis::from_secs(u64::from(policy.voice.recording_days) * 86_400);
        let before = app.now() - kept;
        let forgotten = app
            .store(move |store| store.forget_old_call_audio(before))
            .await;
        if let Ok(parts @ 1..) = forgotten {
            tracing::info!(
                parts,
                "recordings that were kept long enough were forgotten"
            );
        }
    }
}

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(begin::router())
        .merge(pages::router())
        .merge(recording::router())
        .merge(stream::router())
        .merge(twilio::router())
}
