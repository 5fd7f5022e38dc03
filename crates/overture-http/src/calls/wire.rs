//! What every way for live audio to come has in common.

use axum::extract::ws::Message;
use overture_engine::understand::voice::{AudioEncoding, Party};

use super::begin::Begin;

/// Turns what comes over a socket into audio. AudioHook, SIPREC and others are further implementations.
pub(super) trait AudioWire: Send {
    /// How the audio of every party is coded, once that is known.
    fn format(&self) -> (AudioEncoding, u32);

    /// What one message says.
    ///
    /// # Errors
    /// It cannot be understood: says what was expected. The next one may be.
    fn read(&mut self, message: &Message) -> Result<AudioEvent, String>;

    /// What is told of a reading to whoever sends, where they want to know.
    fn tells(&self) -> bool;
}

/// What one message says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum AudioEvent {
    /// Nothing that matters here.
    Nothing,
    /// A call begins.
    Begin(Box<Begin>),
    /// Audio, a stretch of each party that is named.
    Audio(Vec<Stretch>),
    /// The call is over.
    Stop,
}

/// A stretch of audio of one party.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stretch {
    /// Whose.
    pub(super) party: Party,
    /// Where in the call it begins, ms, where that is told.
    pub(super) at_ms: Option<u64>,
    /// As it is coded.
    pub(super) bytes: Vec<u8>,
}
