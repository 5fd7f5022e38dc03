//! Phone calls: they begin, are listened to where they may be, and are looked at.
//!
//! In reading order: `begin` tells the engine that there is a call; `wire` is what every way for audio to come has in common,
//! `twilio` and `stream` are two of them, `socket` carries either; `recording` reads finished calls and plays what was kept;
//! `listen` turns samples into what is seen and into facts; `live` is what is seen of a call while it goes on; `view` and `pages` show it.

mod begin;
mod listen;
mod live;
mod pages;
mod recording;
mod socket;
mod stream;
mod twilio;
mod view;
mod wire;

use std::sync::Arc;

use overture_engine::understand::{transcribe::Transcriber, voice::CallAnalyzer};
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;

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

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .merge(begin::router())
        .merge(pages::router())
        .merge(recording::router())
        .merge(stream::router())
        .merge(twilio::router())
}
