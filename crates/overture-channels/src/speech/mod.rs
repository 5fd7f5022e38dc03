//! Services of others that turn speech into words, behind the engine's own trait.
//!
//! What is said in a call then leaves the server, as it was said. Nobody who listens or speaks waits for a service: audio and
//! answers pass through bounded queues, and what does not fit, or was not understood, is told in plain words.

mod audio;
mod openai;
mod scripted;
mod settings;
mod streaming;

use std::{sync::Arc, time::Duration};

pub use self::{
    audio::wav,
    openai::{Limits, OpenAi, Unheard},
    scripted::{Line, Scripted},
    settings::{Settings, UnusableSettings},
    streaming::Streaming,
};

/// The time since some fixed moment; never goes back.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;
