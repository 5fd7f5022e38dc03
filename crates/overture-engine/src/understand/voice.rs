//! What listens to calls: the traits that models implement, and what they say.

use std::io::{Read, Seek};

use crate::model::{CallDynamics, VoiceScore};

/// Samples a second of everything that is listened to.
pub const SAMPLES_PER_SECOND: usize = 8_000;

/// A party of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Who calls, or is called.
    Customer,
    /// Who helps.
    Agent,
}

impl Party {
    /// `customer` or `agent`.
    pub const fn name(self) -> &'static str {
        match self {
            Party::Customer => "customer",
            Party::Agent => "agent",
        }
    }
}

/// One stretch in which a party has the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// When it begins, ms from the call's start.
    pub start_ms: u32,
    /// When it ends.
    pub end_ms: u32,
}

/// How audio is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioEncoding {
    /// G.711 mu-law, a byte a sample.
    MuLaw,
    /// G.711 A-law, a byte a sample.
    ALaw,
    /// Linear, 16 bits, little endian.
    Pcm16,
}

impl AudioEncoding {
    /// The one of this name: `mulaw`, `alaw` or `pcm16`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mulaw" => Some(Self::MuLaw),
            "alaw" => Some(Self::ALaw),
            "pcm16" => Some(Self::Pcm16),
            _ => None,
        }
    }

    /// Bytes of one sample.
    pub const fn bytes(self) -> usize {
        match self {
            Self::MuLaw | Self::ALaw => 1,
            Self::Pcm16 => 2,
        }
    }
}

/// How the customer sounded in another second of speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sounded {
    /// How.
    pub score: VoiceScore,
    /// Where in the stream that second ended, ms.
    pub at_ms: u32,
    /// How much speech was heard so far in all, ms.
    pub spoken_ms: u32,
}

/// Listens to calls, many at once.
pub trait CallAnalyzer: Send + Sync {
    /// Its name, for example `voice-1`.
    fn name(&self) -> &str;

    /// Begins to listen to one call.
    fn listen(&self) -> Box<dyn CallListener>;

    /// Turns bytes of one channel into samples, [`SAMPLES_PER_SECOND`].
    ///
    /// # Errors
    /// The rate cannot be read; says which can.
    fn decoder(&self, encoding: AudioEncoding, rate: u32) -> Result<Box<dyn AudioDecoder>, String>;

    /// Samples as mu-law, a byte each: how audio is kept.
    fn mu_law(&self, samples: &[f32]) -> Vec<u8>;

    /// Opens a recording.
    ///
    /// # Errors
    /// It cannot be read; says why, for people.
    fn recording(
        &self,
        file: Box<dyn ReadSeek>,
        extension: Option<&str>,
    ) -> Result<Box<dyn RecordingReader>, String>;
}

/// A file that can be read from any place.
pub trait ReadSeek: Read + Seek + Send + Sync {}

impl<T: Read + Seek + Send + Sync> ReadSeek for T {}

/// Listens to both parties of one call. Of the agent only when they speak is told.
pub trait CallListener: Send {
    /// Adds samples of one party; tells how the customer sounds after every second of their speech.
    fn hear(&mut self, party: Party, samples: &[f32], sounded: &mut dyn FnMut(Sounded));

    /// Ends the call: tells what was spoken since the last reading.
    fn end(&mut self, sounded: &mut dyn FnMut(Sounded));

    /// The turns of a party from the `from`th on; the last one may still grow.
    fn turns(&self, party: Party, from: usize) -> Vec<Turn>;

    /// How both talk so far.
    fn dynamics(&self) -> CallDynamics;
}

/// Turns bytes into samples.
pub trait AudioDecoder: Send {
    /// Appends the samples of these bytes, `-1.0..=1.0`. A sample that is cut off waits for its other half.
    fn decode(&mut self, bytes: &[u8], out: &mut Vec<f32>);
}

/// A recording that is being read.
pub trait RecordingReader: Send {
    /// How many channels it has: 1 or 2.
    fn channels(&self) -> usize;

    /// The next samples of each channel, equally many of each; `None` at the end.
    ///
    /// # Errors
    /// It cannot be read any further; says why.
    fn read(&mut self) -> Result<Option<&[Vec<f32>]>, String>;
}
